"""Where graphs are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, Self

from kg.curation import Decision
from kg.grn import GRN, GrnStats
from kg.model import Evidence, Gene
from prisyn_base import InputError, Problem, require

SERVERS = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
"""The schemes of a Neo4j server's URL; `+s` is encrypted, `+ssc` is so with a certificate that nobody vouches for."""


class GraphStore(Protocol):
    """Keeps every statement ever added. Adding is idempotent: the same statement again changes nothing."""

    def add(self, evidence: Iterable[Evidence], *, reading: str = "") -> int:
        """Keep these statements; returns how many are new. An interrupted call leaves whole batches.

        `reading` names the work they came of (one text read one way); it is noted as done once all are kept.
        """
        ...

    def has_read(self, reading: str) -> bool:
        """Whether a reading of this name is done, so that a run that was stopped can go on behind it."""
        ...

    def evidence(self, regulator: str | None = None, target: str | None = None) -> Iterator[Evidence]:
        """Statements, sorted by id, optionally only those of a regulator or target given by CURIE."""
        ...

    def changed_since(self, time: str) -> Iterator[Evidence]:
        """Statements added, or known better (retracted, say), at this time or later by the store's clock; the earliest
        first. `time` is a date or time in ISO 8601, in UTC where it names no zone; InputError where it is not."""
        ...

    def genes(self) -> Iterator[Gene]:
        """Every gene and family, sorted by symbol and CURIE."""
        ...

    def decide(self, decisions: Iterable[Decision]) -> int:
        """Append what curators decided; returns how many are new. Nothing that is kept is ever changed."""
        ...

    def decisions(self, claim: str | None = None) -> Iterator[Decision]:
        """Decisions by time and id, optionally only those on one claim (`Evidence.claim`)."""
        ...

    def grn(self) -> GRN:
        """The network of everything kept, judged by every decision."""
        ...

    def stats(self) -> GrnStats:
        """Counts of that network."""
        ...

    def close(self) -> None:
        """Finish writing and let go of the store; harmless when called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


def graph_file(url: str | Path) -> Path | None:
    """The file that the graph at `url` is kept in (a path, or `file://` and a path); None for any other kind of URL."""
    path = str(url).removeprefix("file://")
    return None if "://" in path else Path(path)


def store_problems(url: str | Path) -> tuple[Problem, ...]:
    """What keeps the store at `url` from being opened, () when nothing does. A store that is not there is not made."""
    try:
        file = graph_file(url)
        if file is None or file.exists():
            open_store(url).close()
    except InputError as error:
        return error.problems
    return ()


def open_store(url: str | Path) -> GraphStore:
    """The store at `url`: a path to a file, made if it is not there, or `neo4j://host:port` (or `bolt://`).

    A server's name and password come from NEO4J_USER and NEO4J_PASSWORD in the environment. Raises InputError for other
    kinds of URL, for what is no graph, is damaged, in use or of a newer version, and for a server that does not answer;
    MissingExtraError where the driver of Neo4j is not installed.
    """
    scheme, separator, _ = str(url).partition("://")
    if separator and scheme in SERVERS:
        require("neo4j", extra="neo4j")
        from kg.stores.neo4j import Neo4jStore

        return Neo4jStore(str(url))
    file = graph_file(url)
    if file is None:
        mend = "keep the graph in a file, say grn.db, or on a Neo4j server"
        raise InputError([Problem("graph", f"a {scheme}:// URL", "a path to a file, or neo4j://host:port", mend)])
    from kg.stores.embedded import EmbeddedStore

    return EmbeddedStore(file)
