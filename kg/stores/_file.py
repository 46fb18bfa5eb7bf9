"""An SQLite file that holds a graph: opened, brought up to date, written in whole transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kg.stores import _schema
from prisyn_base import InputError, Problem

_PAGE = 8192
"""Bytes of a page of a new file: a quarter less work an import than with 4096."""

_CACHE_KIB = 64 << 10
_LOG_PAGES = 8192
"""How long the log may grow before it is moved into the file: index pages that every batch touches are moved once."""


class GraphFile:
    """The connection to a graph file, made and migrated as needed: a write-ahead log while open, one file once closed.

    A file or folder that may not be written is only read; where it is of an older version, a migrated copy of it in
    memory is. `wait` is how many seconds another program's writing is waited for. Raises InputError, here and from
    `mendable`, where the file is no graph, is damaged, in use, of a newer version, or the disk is full.
    """

    def __init__(self, path: Path, wait: float) -> None:
        self.path = path
        self.wait = wait
        self._closed = False
        _check(path)
        self._read_only = path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
        with self.mendable():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(self._address(), isolation_level=None, timeout=wait, uri=True)
        try:
            with self.mendable():
                self._prepare()
        except BaseException:
            self.db.close()
            raise

    def close(self) -> None:
        """Move everything into the one file and let go of it; harmless when called twice."""
        if self._closed:
            return
        self._closed = True
        try:
            with self.mendable():
                if not self._read_only:
                    self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written within is kept together, or none of it is."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            # A full disk may have ended the transaction already.
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    @contextmanager
    def mendable(self) -> Iterator[None]:
        """SQLite's and the file system's errors as problems with the file."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise self._error(*self._told(error)) from error
        except sqlite3.DatabaseError as error:
            mend = "restore it from a copy, or name a new file and import again"
            raise self._error(str(error), "a whole graph file", mend) from error
        except OSError as error:
            raise self._error(str(error), "a file that can be opened", "name a path that can be written") from error

    def _address(self) -> str:
        # "immutable" spares SQLite the log and the shared memory beside the file, which it could not make here.
        return self.path.resolve().as_uri() + ("?mode=ro&immutable=1" if self._read_only else "")

    def _prepare(self) -> None:
        self._refuse_foreign()
        if self._read_only:
            self._migrate_in_memory()
            return
        self.db.execute(f"PRAGMA page_size = {_PAGE}")
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self.db.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        if self._version() < _schema.VERSION:
            with self.transaction():
                self._update()

    def _refuse_foreign(self) -> None:
        version = self._version()
        (application,) = self.db.execute("PRAGMA application_id").fetchone()
        (tables,) = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != _schema.APPLICATION and (tables or application or version):
            raise self._error("an SQLite file of another program", "a graph written by PriSyn", "name another file")
        if version > _schema.VERSION:
            mend = "install a newer PriSyn, or name another file"
            raise self._error(f"schema version {version}", f"version {_schema.VERSION} or older", mend)

    def _update(self) -> None:
        # Another program may have done it while this one waited to write.
        version = self._version()
        if version == 0:
            _schema.create(self.db)
        elif version < _schema.VERSION:
            _schema.migrate(self.db, version)

    def _migrate_in_memory(self) -> None:
        if self._version() == _schema.VERSION:
            return
        copy = sqlite3.connect(":memory:", isolation_level=None)
        self.db.backup(copy)
        self.db.close()
        self.db = copy
        with self.transaction():
            self._update()
        self.db.execute("PRAGMA query_only = ON")

    def _version(self) -> int:
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        return int(version)

    def _told(self, error: sqlite3.OperationalError) -> tuple[str, str, str]:
        """What was found, what was expected and how to mend it."""
        again = "give the same command again: what is kept already is not written twice"
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                found = f"a graph that another program has been writing for more than {self.wait:g} s ({error})"
                return found, "a graph that no other program is writing", f"wait for that program to end, then {again}"
            case sqlite3.SQLITE_FULL:
                found = f"no room to write ({error}); what was written before is whole"
                return found, "a disk with room for the graph", f"make room, then {again}"
        mend = "check that no other program holds it, that it may be written, and that the disk has room"
        return str(error), "a file that can be read and written", mend

    def _error(self, found: str, expected: str, mend: str) -> InputError:
        return InputError([Problem(str(self.path), found, expected, mend)])


def _check(path: Path) -> None:
    if path.is_dir():
        raise InputError([Problem(str(path), "a folder", "a path to a file", "name a file in it, say grn.db")])
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as stream:
        header = stream.read(32)
    found = ""
    if not header.startswith(b"SQLite format 3\x00"):
        found = "a file of another kind"
    elif len(header) < 32 or path.stat().st_size % (int.from_bytes(header[16:18]) or 1 << 16):
        found = "a truncated graph file"
    if found:
        mend = "name another file, or restore this one from a copy"
        raise InputError([Problem(str(path), found, "a graph written by PriSyn", mend)])
