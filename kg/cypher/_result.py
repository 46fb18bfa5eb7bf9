"""What a Cypher query answers, on either store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

from prisyn_base import InputError, Problem

MOST_ROWS = 10_000
TIMEOUT = 30.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class CypherResult:
    """Rows of plain values: text, numbers, lists, and maps for nodes, relationships and paths.

    `more` says that there were more rows than asked for.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


class Cypher(Protocol):
    """Answers read-only openCypher over `(:Gene {curie, symbol, species, kind})-[:REGULATES {effect, belief,
    activation, repression, papers, statements}]->(:Gene)`; `papers` and `statements` are counts."""

    def run(
        self,
        query: str,
        parameters: dict[str, Any] | None = None,
        *,
        most: int = MOST_ROWS,
        timeout: float = TIMEOUT,
    ) -> CypherResult:
        """Up to `most` rows. Raises InputError where the query is wrong, writes, reaches for files or the network,
        or takes more than `timeout` seconds."""
        ...

    def close(self) -> None:
        """Let go of the database; harmless when called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


def refused(why: str) -> InputError:
    """The query cannot be answered, for this reason."""
    expected = "one openCypher query that reads (:Gene)-[:REGULATES]->(:Gene)"
    return InputError([Problem("query", " ".join(why.split()), expected, "see `prisyn kg cypher --help` for examples")])
