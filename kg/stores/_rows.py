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


def rows_of(statements: Iterable[Evidence], numbers: Numbers, added: int) -> list[Row]:
    """The values of `COLUMNS` and the time in milliseconds; the genes and sources must have numbers.

    Plain text and whole numbers throughout: sqlite3 looks up an adapter for every enum member and bool.
    """
    genes, sources = numbers.of_gene, numbers.of_source
    return [
        (
            id_number(item.id),
            genes[item.regulator.curie],
            genes[item.target.curie],
            item.effect.value,
            item.document,
            item.quote,
            item.kind.value,
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
