"""Claims, decisions and agreement as commands print them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from prisyn._command import Format
from prisyn._edges import ARROWS
from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from kg import GRN, Decision, Evidence
    from kg.agreement import Agreement, Measure
    from kg.judged_readers import JudgedReader
    from kg.review import ReviewItem

Row = dict[str, Any]

_SHORTEST = 4
_QUOTE = 70


def readings_of(grn: GRN, key: str) -> list[Evidence]:
    """The readings of the one claim whose key begins so, by id. Raises InputError where none or several do."""
    found: dict[str, list[Evidence]] = {}
    if len(key) >= _SHORTEST:
        for item in grn.evidence:
            if item.claim.startswith(key.lower()):
                found.setdefault(item.claim, []).append(item)
    if len(found) == 1:
        return next(iter(found.values()))
    said = f"{len(found)} claims beginning with {key!r}" if len(key) >= _SHORTEST else f"{key!r}"
    expected = f"{_SHORTEST} characters or more of one claim's key"
    raise InputError([Problem("claim", said, expected, "`prisyn kg curate queue` lists claims with their keys")])


def words(item: Evidence) -> str:
    """A statement in short: `GATA1 -> HBB`."""
    marks = f" [{', '.join(item.marks)}]" if item.marks else ""
    return f"{item.regulator.symbol} {ARROWS[item.effect]} {item.target.symbol}{marks}"


def waiting_row(item: ReviewItem, form: Format) -> Row:
    """A claim of the queue; the table shortens its quote and leaves out what the row of JSON has beyond it."""
    statement = item.statement
    row = {
        "claim": statement.claim,
        **_said(statement),
        "belief": round(item.beliefs.regulation, 6),
        "score": round(item.score, 6),
        "change": round(item.change, 6),
        "reach": round(item.reach, 6),
        "readers": list(item.readers),
        "document": statement.document,
        "quote": statement.quote,
    }
    if form is Format.TABLE:
        for name in ("change", "reach", "readers"):
            del row[name]
        row["quote"] = _short(statement.quote)
    return row


def claim_record(grn: GRN, readings: Sequence[Evidence]) -> Row:
    """A claim with all that is known of it."""
    first = readings[0]
    edge = grn.edge(first.regulator, first.target)
    return {
        "claim": first.claim,
        **_said(first),
        "quote": first.quote,
        "document": first.document,
        "paper": first.paper,
        "readers": [_reading(item) for item in readings],
        "standing": str(grn.judgement(first).standing),
        "decisions": [decision_record(item) for item in grn.decisions if item.claim == first.claim],
        "edge": {
            "effect": str(edge.effect),
            "belief": round(edge.beliefs.regulation, 6),
            "activation": round(edge.beliefs.activation, 6),
            "repression": round(edge.beliefs.repression, 6),
            "support": edge.support.words,
        },
    }


def claim_rows(grn: GRN, readings: Sequence[Evidence]) -> list[Row]:
    """The same, a line each for people."""
    record = claim_record(grn, readings)
    edge = record.pop("edge")
    record["readers"] = "; ".join(_reading_words(said) for said in record["readers"])
    record["decisions"] = "; ".join(decision_words(d) for d in grn.decisions if d.claim == record["claim"]) or "none"
    record |= {f"edge {name}": value for name, value in edge.items()}
    return [{"what": name, "value": value} for name, value in record.items()]


def decision_record(item: Decision) -> Row:
    """A decision with its id."""
    from kg.decisions import to_record

    return {"id": item.id, "claim": item.claim} | to_record(item)


def decision_words(item: Decision) -> str:
    """A decision in short: `ada: reject (polarity) "it falls" 2026-11-25 10:40`."""
    error = f" ({item.error})" if item.error else ""
    comment = f' "{item.comment}"' if item.comment else ""
    return f"{item.curator}: {item.verdict}{error}{comment} {item.time[:16].replace('T', ' ')}"


def log_row(item: Decision, symbols: Mapping[str, str], counts: bool, form: Format) -> Row:
    """A line of the log; `counts` is whether the decision still stands."""
    if form is Format.JSON:
        return decision_record(item) | {"counts": counts}
    names = [symbols.get(curie, curie) for curie in (item.regulator, item.target)]
    return {
        "id": item.id[:8],
        "time": item.time[:19],
        "curator": item.curator,
        "verdict": str(item.verdict),
        "error": str(item.error or ""),
        "counts": "yes" if counts else "no",
        "claim": item.claim,
        "statement": f"{names[0]} {ARROWS[item.effect]} {names[1]}",
        "comment": item.comment,
    }


def agreement_rows(found: Agreement) -> list[Row]:
    """Alpha of all, then kappa of each two."""
    rows = [_measure_row("Krippendorff's alpha", found.curators, None, found.alpha)]
    rows += [_measure_row("Cohen's kappa", pair.curators, pair.same, pair.kappa) for pair in found.pairs]
    return rows


def reader_row(item: JudgedReader) -> Row:
    """A reader with what was judged of it; `fitted` is what a statement of it should count with, low to high."""
    rate = item.rate
    return {
        "reader": item.reader,
        "judged": rate.n,
        "right": rate.right,
        "before": round(item.before, 6),
        "fitted": round(rate.probability, 6),
        "low": round(rate.low, 6),
        "high": round(rate.high, 6),
    }


def _measure_row(name: str, curators: Iterable[str], same: int | None, measure: Measure) -> Row:
    low, high = measure.interval or (None, None)
    return {
        "measure": name,
        "curators": list(curators),
        "claims": measure.units,
        "same": same,
        "value": _rounded(measure.value),
        "low": _rounded(low),
        "high": _rounded(high),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _said(item: Evidence) -> Row:
    return {
        "regulator": item.regulator.symbol,
        "target": item.target.symbol,
        "effect": str(item.effect),
        "marks": list(item.marks),
    }


def _reading(item: Evidence) -> Row:
    source = item.provenance
    return {"id": item.id, "reader": source.reader, "model": source.model, "score": source.score}


def _reading_words(said: Row) -> str:
    score = f" {said['score']:.3g}" if said["score"] is not None else ""
    return f"{said['reader']}{score}"


def _short(text: str) -> str:
    return text if len(text) <= _QUOTE else f"{text[: _QUOTE - 3]}..."
