"""Statements as rows of the embedded store's table, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kg.model import Effect, Evidence, Provenance, SourceKind
from kg.stores._numbers import Numbers, source_of
from kg.stores._schema import id_number

COLUMNS = (
    'id, regulator, target, effect, document, quote, kind, start, "end", paper, negated, hypothetical, retracted, '
    "source, score, tokens, cost, time"
)
Row = tuple[Any, ...]

_WORDS: dict[str, str] = {member: member.value for kind in (Effect, SourceKind) for member in kind}
"""Plain text of enum members; asking a member for its value takes five times as long."""


def rows_of(statements: Iterable[Evidence], numbers: Numbers, added: int) -> list[Row]:
    """The values of `COLUMNS` and the time in milliseconds; the genes and sources must have numbers.

    Plain text and whole numbers throughout: sqlite3 looks up an adapter for every enum member and bool.
    """
    genes, sources, words = numbers.of_gene, numbers.of_source, _WORDS
    return [
        (
            id_number(item.id),
            genes[item.regulator.curie],
            genes[item.target.curie],
            words[item.effect],
            item.document,
            item.quote,
            words[item.kind],
            item.start,
            item.end,
            item.paper,
            1 if item.negated else 0,
            1 if item.hypothetical else 0,
            1 if item.retracted else 0,
            sources[source_of(by)],
            by.score,
            by.tokens,
            by.cost,
            by.time,
            added,
        )
        for item in statements
        for by in (item.provenance,)
    ]


def evidence_of(row: Sequence[Any], numbers: Numbers) -> Evidence:
    """The statement of a row."""
    _, regulator, target, effect, document, quote, kind, start, end, paper, negated, hypothetical, retracted, *by = row
    source, score, tokens, cost, time = by
    return Evidence(
        regulator=numbers.genes[regulator],
        target=numbers.genes[target],
        effect=Effect(effect),
        document=document,
        quote=quote,
        provenance=Provenance(*numbers.sources[source], score, tokens, cost, time),
        kind=SourceKind(kind),
        start=start,
        end=end,
        paper=paper,
        negated=bool(negated),
        hypothetical=bool(hypothetical),
        retracted=bool(retracted),
    )
