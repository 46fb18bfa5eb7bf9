"""Formats whose rows stand for edges: what of an edge they write, and the evidence a row is when it is read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kg._lookup import is_retracted
from kg.grn import GRN
from kg.model import Edge, Effect, Evidence, Gene, Provenance, SourceKind

_WORDS = {
    Effect.ACTIVATION: "activation activates activate stimulation stimulates up-regulates upregulates increases "
    "increase increaseamount induces induction positive positively_regulates up + +1 1 1.0 -> -->",
    Effect.REPRESSION: "repression represses repress inhibition inhibits down-regulates downregulates decreases "
    "decrease decreaseamount negative negatively_regulates down - -1 -1.0 -| --|",
    Effect.UNKNOWN: "unknown regulation regulates regulate controls-expression-of controls pd tf_target grn ? 0 0.0",
}
_EFFECTS = {word: effect for effect, words in _WORDS.items() for word in words.split()}
_PMID = re.compile(r"(?:PMID:|pubmed:)?\s*0*([1-9]\d{0,8})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one row says: an edge, its effect, the papers it cites and a figure in [0, 1], if it gives one."""

    regulator: Gene
    target: Gene
    effect: Effect
    papers: tuple[str, ...] = ()
    score: float | None = None


def supported(grn: GRN) -> Iterator[Edge]:
    """The edges that some statement supports: one that is only denied, or only in retracted papers, is no edge.

    Formats without a word for denial would claim it.
    """
    return (edge for edge in grn.edges() if edge.belief > 0)


def supporting_papers(edge: Edge) -> tuple[str, ...]:
    """The papers with a statement that supports the edge, sorted; documents without a PubMed number are no papers."""
    retracted = {item.witness for item in edge.evidence if item.retracted}
    said = {item.witness for item in edge.evidence if not item.negated} - retracted
    return tuple(sorted(witness for witness in said if witness.startswith("PMID:")))


def evidence_of(claim: Claim, format: str) -> Iterator[Evidence]:
    """One statement a paper, or one without a paper where the row cites none; the quote is what the row says."""
    regulator, target = claim.regulator, claim.target
    for paper in claim.papers or ("",):
        said = (regulator.symbol, str(claim.effect), target.symbol, *([paper] if paper else []))
        yield Evidence(
            regulator=regulator,
            target=target,
            effect=claim.effect,
            document=f"{format}:{regulator.symbol}>{target.symbol}",
            quote="\t".join(said),
            provenance=Provenance(reader=format, score=claim.score),
            kind=SourceKind.DATABASE,
            paper=paper,
            retracted=is_retracted(paper),
        )


def effect_of(word: str) -> Effect:
    """The effect that a word of any of the field's formats stands for. Raises ValueError for another word."""
    try:
        return _EFFECTS[word.strip().lower()]
    except KeyError:
        raise ValueError(f"{word.strip()[:60]!r} is no word for regulation") from None


def number_of(text: object, name: str) -> float:
    """A finite number. Raises ValueError naming the column it stands in."""
    try:
        value = float(str(text))
    except ValueError:
        raise ValueError(f"{name} {str(text)[:40]!r} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{name} {value} is no finite number")
    return value


def score_of(value: float) -> float | None:
    """A figure as a score where it can be one, that is in [0, 1]."""
    return value if 0 <= value <= 1 else None


def papers_of(parts: Iterable[str]) -> tuple[str, ...]:
    """`PMID:n` of each PubMed number, once each, in order. Raises ValueError for anything else but an empty text."""
    found: dict[str, None] = {}
    for part in filter(None, (part.strip() for part in parts)):
        match = _PMID.fullmatch(part)
        if match is None:
            raise ValueError(f"{part[:40]!r} is no PubMed number")
        found[f"PMID:{match.group(1)}"] = None
    return tuple(found)
