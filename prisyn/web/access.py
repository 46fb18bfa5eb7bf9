"""The graph behind the pages: opened for each request, and held in memory once for what needs the whole of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from fastapi import Request

from kg import GRN, GraphStore, open_store
from prisyn_base import InputError, Problem

STALE = 30.0
"""Seconds after which a graph on a server, which does not tell when it changes, is read anew."""


class Access:
    """The way of the pages to one graph, for any thread.

    A store is opened, used and closed within one request: an SQLite connection belongs to its thread, and a file that
    is not held may be added to by a job meanwhile.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._grn: GRN | None = None
        self._stamp: tuple[float, ...] = ()

    @contextmanager
    def store(self) -> Iterator[GraphStore]:
        """The store. Raises InputError where it has gone: asking must not make an empty one."""
        path = self._path
        if path is not None and not path.is_file():
            raise InputError([Problem(self.url, "no such file", "the graph these pages show", "put it back")])
        with open_store(self.url) as store:
            yield store

    def grn(self) -> GRN:
        """The whole network, read again when the graph has changed."""
        with self._lock:
            stamp = self._now()
            if self._grn is None or stamp != self._stamp:
                with self.store() as store:
                    self._grn = store.grn()
                self._stamp = self._now()
            return self._grn

    def around(self, curie: str) -> GRN:
        """The edges into and out of one gene, and what was decided on them, read now."""
        with self.store() as store:
            evidence = chain(store.evidence(regulator=curie), store.evidence(target=curie))
            return GRN.from_evidence(evidence, store.decisions())

    @property
    def _path(self) -> Path | None:
        path = self.url.removeprefix("file://")
        return None if "://" in path else Path(path)

    def _now(self) -> tuple[float, ...]:
        if self._path is None:
            return (time.monotonic() // STALE,)
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        found = [file.stat() for file in files if file.exists()]
        # An empty log comes and goes with every reader and says nothing of a change.
        return tuple(value for each in found if each.st_size for value in (each.st_mtime_ns, each.st_size))


def access_of(request: Request) -> Access:
    """The application's way to its graph."""
    access: Access = request.app.state.access
    return access
