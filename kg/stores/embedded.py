"""The graph in one SQLite file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kg.curation import Decision
from kg.model import Evidence, Gene
from kg.stores._base import BaseStore, in_batches
from kg.stores._clock import milliseconds, now, parse
from kg.stores._decisions import decision_of_text, decision_text
from kg.stores._file import GraphFile
from kg.stores._numbers import Numbers
from kg.stores._rows import COLUMNS, evidence_of, rows_of
from kg.stores._schema import id_number
from kg.stores._settle import settle

BATCH = 20_000
"""Statements per transaction."""

WAIT = 30.0
"""Seconds that another program's writing is waited for."""

_VALUES = ", ".join("?" * 18)
_READ = f"SELECT {COLUMNS} FROM evidence"
_INSERT = f"INSERT INTO evidence ({COLUMNS}, added) VALUES ({_VALUES}, ?)"
_UPDATE = f"UPDATE evidence SET ({COLUMNS}, added) = ({_VALUES}, ?) WHERE id = ?"
_AMONG = "id IN (SELECT value FROM json_each(?))"


class EmbeddedStore(BaseStore):
    """A `GraphStore` in a file: write-ahead log while open, one plain file once closed.

    Another program may read and write the same file: each batch waits for its turn, up to `wait` seconds. Raises
    InputError, here and in every method, as `GraphFile` says.
    """

    def __init__(self, path: Path, *, batch: int = BATCH, wait: float = WAIT) -> None:
        self.path = path
        self._batch = batch
        self._file = GraphFile(path, wait)
        self._db = self._file.db
        self._numbers = Numbers(self._db)

    def __repr__(self) -> str:
        return f"EmbeddedStore({str(self.path)!r})"

    def add(self, evidence: Iterable[Evidence], *, reading: str = "") -> int:
        """Keep these statements, a batch to a transaction, then note the reading; returns how many are new."""
        new = 0
        for batch in in_batches(evidence, self._batch):
            with self._writing():
                new += self._add_batch(batch)
        if reading:
            with self._writing():
                self._db.execute("INSERT OR IGNORE INTO reading VALUES (?)", (reading,))
        return new

    def has_read(self, reading: str) -> bool:
        """Whether a reading of this name has been noted."""
        with self._file.mendable():
            return bool(self._db.execute("SELECT 1 FROM reading WHERE name = ?", (reading,)).fetchone())

    def evidence(self, regulator: str | None = None, target: str | None = None) -> Iterator[Evidence]:
        """Statements sorted by id, optionally only those of a regulator or target given by CURIE."""
        with self._file.mendable():
            self._numbers.refresh()
            wanted = {"regulator": regulator, "target": target}
            genes = {column: self._numbers.of_gene.get(curie) for column, curie in wanted.items() if curie}
            where = " AND ".join(f"{column} = ?" for column in genes) or "1"
            yield from self._read(f"{_READ} WHERE {where} ORDER BY id", *genes.values())

    def changed_since(self, time: str) -> Iterator[Evidence]:
        """Statements that were added, or became better known, at this time or later; the earliest first."""
        since = milliseconds(parse(time))
        with self._file.mendable():
            self._numbers.refresh()
            yield from self._read(f"{_READ} WHERE added >= ? ORDER BY added, id", since)

    def genes(self) -> Iterator[Gene]:
        """Every gene and family, sorted by symbol and CURIE."""
        with self._file.mendable():
            self._numbers.refresh()
        yield from sorted(self._numbers.genes.values(), key=lambda gene: (gene.symbol, gene.curie))

    def decide(self, decisions: Iterable[Decision]) -> int:
        """Append decisions; returns how many are new."""
        rows = [
            (item.id, item.claim, item.regulator, item.target, item.time, decision_text(item)) for item in decisions
        ]
        before = self._db.total_changes
        with self._writing():
            self._db.executemany("INSERT OR IGNORE INTO decision VALUES (?, ?, ?, ?, ?, ?)", rows)
        return self._db.total_changes - before

    def decisions(self, claim: str | None = None) -> Iterator[Decision]:
        """Decisions by time and id, optionally only those on one claim."""
        where, values = ("1", ()) if claim is None else ("claim = ?", (claim,))
        with self._file.mendable():
            for (record,) in self._db.execute(f"SELECT record FROM decision WHERE {where} ORDER BY time, id", values):
                yield decision_of_text(record)

    def close(self) -> None:
        """Move everything into the one file and let go of it; harmless when called twice."""
        self._file.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self._file.mendable(), self._file.transaction():
                yield
        except BaseException:
            self._numbers.forget()
            raise

    def _add_batch(self, batch: Sequence[Evidence]) -> int:
        self._numbers.note(batch)
        ids = json.dumps([id_number(item.id) for item in batch])
        known = {item.id: item for item in self._read(f"{_READ} WHERE {_AMONG}", ids)}
        settled = settle(batch, known)
        added = milliseconds(now())
        self._db.executemany(_INSERT, rows_of(settled.new.values(), self._numbers, added))
        changed = rows_of(settled.changed.values(), self._numbers, added)
        self._db.executemany(_UPDATE, [(*row, row[0]) for row in changed])
        return len(settled.new)

    def _read(self, query: str, *values: object) -> Iterator[Evidence]:
        numbers = self._numbers
        for row in self._db.execute(query, values):
            yield evidence_of(row, numbers)
