"""Cypher on the server that keeps the graph."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from kg.cypher._result import MOST_ROWS, TIMEOUT, CypherResult, refused
from prisyn_base import require

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from kg.stores._bolt import Connection

_REACHING = ("LoadCSV", "ProcedureCall", "Show", "Terminate", "Transaction", "Foreach")
"""How the names of operators begin that fetch files or addresses, call procedures, or show and end others' work."""


class ServerCypher:
    """Read-only Cypher on Neo4j, in sessions of read access: the server refuses every write.

    Reading on a server may still reach out of the graph (LOAD CSV fetches files and addresses, procedures tell of the
    server), and the Community edition has no privileges to take away. So each query is first planned by the server,
    and one whose plan has such an operator is not run. Closing leaves the store's connection open.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(
        self,
        query: str,
        parameters: dict[str, Any] | None = None,
        *,
        most: int = MOST_ROWS,
        timeout: float = TIMEOUT,
    ) -> CypherResult:
        """Up to `most` rows; see `Cypher.run`."""
        neo4j = require("neo4j", extra="neo4j")

        def answer(transaction: ManagedTransaction) -> CypherResult:
            plan = transaction.run(f"EXPLAIN {query}", parameters or {}).consume()
            if plan.query_type != "r":
                raise refused(f"a query that does more than read ({plan.query_type})")
            for operator in _operators(plan.plan):
                if operator.startswith(_REACHING):
                    raise refused(f"a query that reaches out of the graph ({operator})")
            result = transaction.run(query, parameters or {})
            columns = tuple(result.keys())
            rows = [tuple(_plain(value) for value in record.values()) for record in result.fetch(most + 1)]
            return CypherResult(columns, tuple(rows[:most]), len(rows) > most)

        try:
            found: CypherResult = self._connection.read(neo4j.unit_of_work(timeout=timeout)(answer))
        except neo4j.exceptions.ClientError as error:
            if "TransactionTimedOut" in (error.code or ""):
                raise refused(f"not answered in {timeout:g} s") from None
            raise refused(error.message or str(error)) from None
        return found

    def close(self) -> None:
        """Nothing is held open between queries."""


def _operators(plan: Any) -> Iterator[str]:
    yield str(plan["operatorType"]).partition("@")[0]
    for child in plan.get("children", ()):
        yield from _operators(child)


def _plain(value: Any) -> Any:
    """A value as JSON has it: nodes and relationships as their properties, a path as its nodes and relationships."""
    if hasattr(value, "relationships"):
        return {"nodes": _plain(list(value.nodes)), "relationships": _plain(list(value.relationships))}
    if hasattr(value, "items"):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
