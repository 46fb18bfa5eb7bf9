"""One session of Cypher for all visitors, over the graph as it is now."""

from __future__ import annotations

import threading

from kg import GRN
from kg.cypher import Cypher, CypherResult, ProjectedCypher, open_cypher
from prisyn.web.access import Access


class Querying:
    """Answers queries one after the other: a projection of a file's graph is kept until the graph changes."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._over: GRN | None = None
        self._session: Cypher | None = None

    def run(self, query: str, *, most: int, timeout: float) -> CypherResult:
        """Up to `most` rows; raises as `Cypher.run` does, and MissingExtraError where the engine is not installed."""
        if self._access.on_server:
            with self._access.store() as store, open_cypher(store) as session:
                return session.run(query, most=most, timeout=timeout)
        grn = self._access.grn()
        with self._lock:
            if self._over is not grn or self._session is None:
                self._close()
                self._session, self._over = ProjectedCypher(grn), grn
            return self._session.run(query, most=most, timeout=timeout)

    def close(self) -> None:
        """End the process that answers."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = self._over = None
