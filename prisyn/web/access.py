"""The graph behind the pages: read for each request, and held in memory once for what needs the whole of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain
from pathlib import Path

from fastapi import Request

from kg import GRN, GraphStore, GrnStats, graph_file, open_store
from kg.queries import Contradiction, Hub, contradictions, hubs
from kg.renewal import renewed
from prisyn_base import InputError, Problem

STALE = 30.0
"""Seconds after which a graph on a server, which does not tell when it changes, is asked what is new."""

OVERLAP = timedelta(seconds=60)
"""Statements are stamped before their batch is kept: what is new is asked for from so long before it was last read."""

MOST_TOLD = 12
"""Hubs, and contradictions, on the front page."""

Stamp = tuple[float, ...]


@dataclass
class Overview:
    """A network, and what the front page tells of it, each worked out once."""

    grn: GRN
    symbols: Mapping[str, str] = field(repr=False)

    @cached_property
    def stats(self) -> GrnStats:
        """Counts."""
        return self.grn.stats()

    @cached_property
    def hubs(self) -> tuple[Hub, ...]:
        """The genes with most targets."""
        return hubs(self.grn, most=MOST_TOLD)

    @cached_property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """All of them."""
        return contradictions(self.grn)


@dataclass(frozen=True, slots=True)
class _Held:
    """A copy of the graph, what its file looked like, and when it was read."""

    overview: Overview
    stamp: Stamp
    read: datetime


class Access:
    """The way of the pages to one graph, for any thread.

    A file is opened, used and closed within one request: an SQLite connection belongs to its thread, and a file that
    is not held may be added to by a job meanwhile. A server's store is opened once.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._held: _Held | None = None
        self._server: GraphStore | None = None
        self._told = 0

    @contextmanager
    def store(self) -> Iterator[GraphStore]:
        """The store. Raises InputError where it has gone: asking must not make an empty one."""
        path = self._path
        if path is None:
            with self._opening:
                self._server = self._server or open_store(self.url)
            yield self._server
            return
        if not path.is_file():
            raise InputError([Problem(self.url, "no such file", "the graph these pages show", "put it back")])
        with open_store(self.url) as store:
            yield store

    def grn(self) -> GRN:
        """The whole network as it is now; after the first time only what has changed is read."""
        return self.overview().grn

    def overview(self) -> Overview:
        """The whole network as it is now, with what is told of it."""
        with self._lock:
            stamp = self._now()
            if self._held is None or stamp != self._held.stamp:
                self._held = self._read(stamp)
            return self._held.overview

    def symbols(self) -> Mapping[str, str]:
        """The symbol of every gene by its CURIE, as they were when the network was last read."""
        held = self._held
        return (held.overview if held else self.overview()).symbols

    def changed(self) -> None:
        """Take note that something was written: a server would not tell."""
        with self._lock:
            self._told += 1

    def around(self, curie: str) -> GRN:
        """The edges into and out of one gene, and what was decided on them, read now."""
        with self.store() as store:
            evidence = chain(store.evidence(regulator=curie), store.evidence(target=curie))
            return GRN.from_evidence(evidence, store.decisions())

    def close(self) -> None:
        """Let go of a server."""
        with self._opening:
            if self._server is not None:
                self._server.close()
            self._server = None

    def _read(self, stamp: Stamp) -> _Held:
        """What was held, with what is new; of another file, or of one that has lost something, all of it."""
        began, held = datetime.now(UTC), self._held
        with self.store() as store:
            grn: GRN | None = None
            if held is not None and held.stamp[0] == stamp[0]:
                new = list(store.changed_since((held.read - OVERLAP).isoformat()))
                decisions = tuple(store.decisions())
                if not new and decisions == held.overview.grn.decisions:
                    grn = held.overview.grn
                else:
                    grn = renewed(held.overview.grn, new, decisions)
                grn = grn if tuple(store.genes()) == grn.genes else None
            if grn is None:
                grn = store.grn()
        if held is not None and grn is held.overview.grn:
            return _Held(held.overview, stamp, began)
        grn.edges()
        return _Held(Overview(grn, {gene.curie: gene.symbol for gene in grn.genes}), stamp, began)

    @property
    def on_server(self) -> bool:
        """Whether the graph is kept by a server, not in a file."""
        return self._path is None

    @property
    def _path(self) -> Path | None:
        return graph_file(self.url)

    def _now(self) -> Stamp:
        """What tells one state of the graph from another; the first of it, one file from another in its place."""
        if self._path is None:
            return (0.0, self._told, time.monotonic() // STALE)
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        found = [file.stat() for file in files if file.exists()]
        # An empty log comes and goes with every reader and says nothing of a change.
        times = (value for each in found if each.st_size for value in (each.st_mtime_ns, each.st_size))
        return (found[0].st_ino if found else 0.0, *times)


def access_of(request: Request) -> Access:
    """The application's way to its graph."""
    access: Access = request.app.state.access
    return access
