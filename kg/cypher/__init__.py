"""Read-only Cypher over the graph, on either store; `examples` has queries that mean the same on both."""

from __future__ import annotations

from kg.cypher._result import MOST_ROWS, TIMEOUT, Cypher, CypherResult
from kg.cypher.embedded import ProjectedCypher
from kg.cypher.examples import EXAMPLES
from kg.cypher.server import ServerCypher
from kg.store import GraphStore

__all__ = [
    "EXAMPLES",
    "MOST_ROWS",
    "TIMEOUT",
    "Cypher",
    "CypherResult",
    "ProjectedCypher",
    "ServerCypher",
    "open_cypher",
]


def open_cypher(store: GraphStore) -> Cypher:
    """A session over what a store holds: on a server for as long as the store is open, else a projection of it."""
    if (connection := getattr(store, "connection", None)) is not None:
        return ServerCypher(connection)
    return ProjectedCypher(store.grn())
