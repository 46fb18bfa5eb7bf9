"""What people judged, as texts with answers: gold to measure readers with.

A text is a judged quote. Of its pairs of genes only those that somebody judged are asked for or held against a reader
(`judged`), since nobody has said that the sentence states nothing else. What is disputed or unsure is left out.

An accepted statement is an edge. A rejected one tells by its kind what stands there instead: `polarity` an edge of
unknown sign, `direction` the edge the other way round, `negative_result` a denied and `hypothesis` a supposed edge;
of any other kind, no edge between the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kg.curation import ErrorKind, Judgement, Standing
from kg.grn import GRN
from kg.model import Effect, Evidence, SourceKind
from prisyn_base import atomic_path, sha256_text

_Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Edge:
    effect: Effect
    negated: bool
    hypothetical: bool


def gold_records(grn: GRN) -> Iterator[dict[str, Any]]:
    """A record per judged quote, by document and quote, in the layout that `prisyn extract evaluate --gold` reads."""
    quotes: dict[tuple[str, str], dict[str, Evidence]] = {}
    for item in grn.evidence:
        if item.kind is SourceKind.TEXT and _is_settled(grn.judgement(item)):
            quotes.setdefault((item.document, item.quote), {})[item.claim] = item
    for (document, quote), claims in sorted(quotes.items()):
        edges: dict[_Pair, _Edge] = {}
        judged: set[_Pair] = set()
        for item in _accepted_first(claims.values(), grn):
            pair, edge = _answer(item, grn.judgement(item))
            judged |= {pair, (item.regulator.curie, item.target.curie)}
            if edge is not None:
                edges.setdefault(pair, edge)
        yield {
            "document": f"{document}#{sha256_text(quote)[:8]}",
            "text": quote,
            "phenomenon": "curated",
            "edges": [_plain(pair, edge) for pair, edge in sorted(edges.items())],
            "judged": [list(pair) for pair in sorted(judged)],
        }


def write_gold(grn: GRN, path: Path) -> int:
    """Write the gold of a graph's decisions as JSON lines; returns how many texts. Nothing is written without any."""
    records = list(gold_records(grn))
    if records:
        with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
            for record in records:
                stream.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
    return len(records)


def _is_settled(judgement: Judgement) -> bool:
    return judgement.standing in (Standing.ACCEPTED, Standing.REJECTED)


def _accepted_first(claims: Iterable[Evidence], grn: GRN) -> list[Evidence]:
    """Two claims about one pair in one quote may be judged apart: what was accepted says more than what was not."""
    return sorted(claims, key=lambda item: (grn.judgement(item).standing is Standing.REJECTED, item.claim))


def _answer(item: Evidence, judgement: Judgement) -> tuple[_Pair, _Edge | None]:
    """The pair that the quote is known to speak of, and what it says of it; None: that there is no regulation."""
    pair = (item.regulator.curie, item.target.curie)
    said = _Edge(item.effect, item.negated, item.hypothetical)
    if judgement.standing is Standing.ACCEPTED:
        return pair, said
    if len(judgement.errors) > 1:
        return pair, None
    (error,) = judgement.errors
    if error is ErrorKind.DIRECTION:
        return pair[::-1], said
    return pair, replace(said, **_INSTEAD[error]) if error in _INSTEAD else None


_INSTEAD: Mapping[ErrorKind, Mapping[str, Any]] = {
    ErrorKind.POLARITY: {"effect": Effect.UNKNOWN},
    ErrorKind.NEGATIVE_RESULT: {"negated": True},
    ErrorKind.HYPOTHESIS: {"hypothetical": True},
}


def _plain(pair: _Pair, edge: _Edge) -> dict[str, Any]:
    return {
        "regulator": pair[0],
        "target": pair[1],
        "effect": str(edge.effect),
        "negated": edge.negated,
        "hypothetical": edge.hypothetical,
    }
