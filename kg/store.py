"""Where graphs are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, Self

from kg.grn import GRN, GrnStats
from kg.model import Evidence
from prisyn_base import InputError, Problem


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

    def grn(self) -> GRN:
        """The network of everything kept."""
        ...

    def stats(self) -> GrnStats:
        """Counts of that network."""
        ...

    def close(self) -> None:
        """Finish writing and let go of the store; harmless when called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


def store_problems(url: str | Path) -> tuple[Problem, ...]:
    """What keeps the store at `url` from being opened, () when nothing does. A store that is not there is not made."""
    try:
        if "://" in str(url) or Path(url).exists():
            open_store(url).close()
    except InputError as error:
        return error.problems
    return ()


def open_store(url: str | Path) -> GraphStore:
    """The store at `url`: a path to a file, made if it is not there.

    Raises InputError for other kinds of URL, and for a file that is no graph, is damaged, or is of a newer version.
    """
    scheme, separator, _ = str(url).partition("://")
    if separator and scheme != "file":
        found = f"a {scheme}:// URL"
        raise InputError([Problem("graph", found, "a path to a file", "keep the graph in a file, say grn.db")])
    from kg.stores.embedded import EmbeddedStore

    return EmbeddedStore(Path(str(url).removeprefix("file://")))
