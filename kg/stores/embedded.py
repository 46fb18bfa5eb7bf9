"""The graph in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Self

from kg._record import merged
from kg.grn import GRN, GrnStats
from kg.model import Effect, Evidence, Gene, GeneKind, Provenance, SourceKind
from prisyn_base import InputError, Problem

BATCH = 5_000
"""Statements per transaction."""

VERSION = 1
_APPLICATION = 0x50724753
_SCHEMA = """
CREATE TABLE gene (curie TEXT PRIMARY KEY, symbol TEXT NOT NULL, species TEXT NOT NULL, kind TEXT NOT NULL);
CREATE TABLE evidence (
  id TEXT PRIMARY KEY,
  regulator TEXT NOT NULL REFERENCES gene, target TEXT NOT NULL REFERENCES gene, effect TEXT NOT NULL,
  document TEXT NOT NULL, quote TEXT NOT NULL, kind TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  paper TEXT NOT NULL, negated INTEGER NOT NULL, hypothetical INTEGER NOT NULL, retracted INTEGER NOT NULL,
  reader TEXT NOT NULL, model TEXT NOT NULL, prompt TEXT NOT NULL, prompt_hash TEXT NOT NULL, score REAL,
  tokens INTEGER NOT NULL, cost REAL NOT NULL, time TEXT NOT NULL
);
CREATE INDEX evidence_by_regulator ON evidence (regulator, target);
CREATE INDEX evidence_by_target ON evidence (target);
"""
_READING = "CREATE TABLE IF NOT EXISTS reading (name TEXT PRIMARY KEY)"
_COLUMNS = 21
_INSERT = f"INSERT INTO evidence VALUES ({', '.join('?' * _COLUMNS)}) ON CONFLICT (id) DO NOTHING"
_GENE = """
INSERT INTO gene VALUES (?, ?, ?, ?) ON CONFLICT (curie) DO UPDATE
SET symbol = excluded.symbol, species = excluded.species, kind = excluded.kind
WHERE (excluded.symbol, excluded.species, excluded.kind) < (symbol, species, kind)
"""
_REPLACE = f"REPLACE INTO evidence VALUES ({', '.join('?' * _COLUMNS)})"


class EmbeddedStore:
    """A `GraphStore` in a file: write-ahead log while open, one plain file once closed.

    A file or folder that may not be written is only read. Raises InputError, here and in every method, where the file
    is no graph, is damaged, locked, or of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closed = False
        _check_file(path)
        self._read_only = path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
        with self._mendable():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._address(), isolation_level=None, timeout=30, uri=True)
        try:
            with self._mendable():
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def __repr__(self) -> str:
        return f"EmbeddedStore({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def add(self, evidence: Iterable[Evidence], *, reading: str = "") -> int:
        """Keep these statements, `BATCH` to a transaction, then note the reading; returns how many are new."""
        items = iter(evidence)
        new = 0
        while batch := list(islice(items, BATCH)):
            with self._mendable(), self._transaction():
                new += self._add_batch(batch)
        if reading:
            with self._mendable(), self._transaction():
                self._db.execute(_READING)
                self._db.execute("INSERT OR IGNORE INTO reading VALUES (?)", (reading,))
        return new

    def has_read(self, reading: str) -> bool:
        """Whether a reading of this name has been noted."""
        with self._mendable():
            # Graphs begun before readings were noted, and those that only ever held tables, have no such table.
            if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'reading'").fetchone():
                return False
            return bool(self._db.execute("SELECT 1 FROM reading WHERE name = ?", (reading,)).fetchone())

    def evidence(self, regulator: str | None = None, target: str | None = None) -> Iterator[Evidence]:
        """Statements sorted by id, optionally only those of a regulator or target given by CURIE."""
        wanted = [(column, value) for column, value in (("regulator", regulator), ("target", target)) if value]
        where = " AND ".join(f"{column} = ?" for column, _ in wanted) or "1"
        with self._mendable():
            genes = {gene.curie: gene for gene in self._read_genes()}
            query = f"SELECT * FROM evidence WHERE {where} ORDER BY id"
            for row in self._db.execute(query, [value for _, value in wanted]):
                yield _evidence(row, genes)

    def grn(self) -> GRN:
        """The network of everything kept."""
        return GRN.from_evidence(self.evidence())

    def stats(self) -> GrnStats:
        """Counts of that network."""
        return self.grn().stats()

    def close(self) -> None:
        """Move everything into the one file and let go of it."""
        if self._closed:
            return
        self._closed = True
        try:
            with self._mendable():
                if not self._read_only:
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._db.close()

    def _address(self) -> str:
        # "immutable" spares SQLite the log and the shared memory beside the file, which it could not make here.
        return self.path.resolve().as_uri() + ("?mode=ro&immutable=1" if self._read_only else "")

    def _prepare(self) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != _APPLICATION and (tables or application or version):
            raise self._error("an SQLite file of another program", "a graph written by PriSyn", "name another file")
        if version > VERSION:
            mend = "install a newer PriSyn, or name another file"
            raise self._error(f"schema version {version}", f"version {VERSION} or older", mend)
        if not tables:
            with self._transaction():
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id = {_APPLICATION}")
                self._db.execute(f"PRAGMA user_version = {VERSION}")
        if not self._read_only:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _mendable(self) -> Iterator[None]:
        """SQLite's and the file system's errors as problems with the file."""
        try:
            yield
        except sqlite3.OperationalError as error:
            mend = "check that no other program holds it, that it may be written, and that the disk has room"
            raise self._error(str(error), "a file that can be read and written", mend) from error
        except sqlite3.DatabaseError as error:
            mend = "restore it from a copy, or name a new file and import again"
            raise self._error(str(error), "a whole graph file", mend) from error
        except OSError as error:
            raise self._error(str(error), "a file that can be opened", "name a path that can be written") from error

    def _error(self, found: str, expected: str, mend: str) -> InputError:
        return InputError([Problem(str(self.path), found, expected, mend)])

    def _add_batch(self, batch: Sequence[Evidence]) -> int:
        self._add_genes(batch)
        before = self._db.total_changes
        self._db.executemany(_INSERT, map(_row, batch))
        new = self._db.total_changes - before
        if new < len(batch):
            self._merge_known(batch)
        return new

    def _merge_known(self, batch: Sequence[Evidence]) -> None:
        """Statements that were there already may be known better now: retracted since, or with their paper."""
        for item in batch:
            row = self._db.execute("SELECT * FROM evidence WHERE id = ?", (item.id,)).fetchone()
            known = _evidence(row, {gene.curie: gene for gene in (item.regulator, item.target)})
            together = merged(known, item)
            if together != known:
                self._db.execute(_REPLACE, _row(together))

    def _add_genes(self, batch: Sequence[Evidence]) -> None:
        genes = {gene for item in batch for gene in (item.regulator, item.target)}
        self._db.executemany(_GENE, [(gene.curie, gene.symbol, gene.species, gene.kind.value) for gene in genes])

    def _read_genes(self) -> list[Gene]:
        rows = self._db.execute("SELECT curie, symbol, species, kind FROM gene")
        return [Gene(curie, symbol, species, GeneKind(kind)) for curie, symbol, species, kind in rows]


def _check_file(path: Path) -> None:
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


def _row(item: Evidence) -> tuple[Any, ...]:
    source = item.provenance
    return (
        item.id,
        item.regulator.curie,
        item.target.curie,
        item.effect.value,
        item.document,
        item.quote,
        item.kind.value,
        item.start,
        item.end,
        item.paper,
        item.negated,
        item.hypothetical,
        item.retracted,
        source.reader,
        source.model,
        source.prompt,
        source.prompt_hash,
        source.score,
        source.tokens,
        source.cost,
        source.time,
    )


def _evidence(row: Sequence[Any], genes: dict[str, Gene]) -> Evidence:
    _, regulator, target, effect, document, quote, kind, start, end, paper, negated, hypothetical, retracted, *by = row
    return Evidence(
        regulator=genes[regulator],
        target=genes[target],
        effect=Effect(effect),
        document=document,
        quote=quote,
        provenance=Provenance(*by),
        kind=SourceKind(kind),
        start=start,
        end=end,
        paper=paper,
        negated=bool(negated),
        hypothetical=bool(hypothetical),
        retracted=bool(retracted),
    )
