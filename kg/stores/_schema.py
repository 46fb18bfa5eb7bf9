"""The tables of the embedded store, and how a file of an older version becomes one of today's.

version 1   gene, evidence; reading only where a reading had been noted
version 2   numbers in place of CURIEs and hexadecimal ids, readers kept once; when a statement was added; decisions;
            reading always
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

APPLICATION = 0x50724753
"""SQLite's application id of a graph file."""

VERSION = 2

_TABLES = """
CREATE TABLE gene (
  number INTEGER PRIMARY KEY,
  curie TEXT NOT NULL UNIQUE, symbol TEXT NOT NULL, species TEXT NOT NULL, kind TEXT NOT NULL
);
CREATE TABLE source (
  number INTEGER PRIMARY KEY,
  reader TEXT NOT NULL, model TEXT NOT NULL, prompt TEXT NOT NULL, prompt_hash TEXT NOT NULL,
  UNIQUE (reader, model, prompt, prompt_hash)
);
CREATE TABLE evidence (
  number INTEGER PRIMARY KEY, id INTEGER NOT NULL,
  regulator INTEGER NOT NULL REFERENCES gene, target INTEGER NOT NULL REFERENCES gene, effect TEXT NOT NULL,
  document TEXT NOT NULL, quote TEXT NOT NULL, kind TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  paper TEXT NOT NULL, negated INTEGER NOT NULL, hypothetical INTEGER NOT NULL, retracted INTEGER NOT NULL,
  source INTEGER NOT NULL REFERENCES source, score REAL, tokens INTEGER NOT NULL, cost REAL NOT NULL,
  time TEXT NOT NULL, added INTEGER NOT NULL
);
CREATE TABLE reading (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE decision (
  id TEXT PRIMARY KEY, claim TEXT NOT NULL, regulator TEXT NOT NULL, target TEXT NOT NULL, time TEXT NOT NULL,
  record TEXT NOT NULL
) WITHOUT ROWID;
"""
_INDEXES = """
CREATE UNIQUE INDEX evidence_by_id ON evidence (id);
CREATE INDEX evidence_by_regulator ON evidence (regulator, target);
CREATE INDEX evidence_by_target ON evidence (target);
CREATE INDEX decision_by_claim ON decision (claim);
"""
_KEPT = (
    "CREATE TRIGGER decision_is_not_changed BEFORE UPDATE ON decision "
    "BEGIN SELECT RAISE(ABORT, 'decisions are appended, never changed'); END",
    "CREATE TRIGGER decision_is_not_deleted BEFORE DELETE ON decision "
    "BEGIN SELECT RAISE(ABORT, 'decisions are appended, never deleted'); END",
)
_FROM_1 = """
ALTER TABLE gene RENAME TO gene_1;
ALTER TABLE evidence RENAME TO evidence_1;
DROP INDEX evidence_by_regulator;
DROP INDEX evidence_by_target;
CREATE TABLE IF NOT EXISTS reading (name TEXT PRIMARY KEY);
ALTER TABLE reading RENAME TO reading_1;
{tables}
INSERT INTO gene (curie, symbol, species, kind) SELECT * FROM gene_1;
INSERT INTO source (reader, model, prompt, prompt_hash)
SELECT DISTINCT reader, model, prompt, prompt_hash FROM evidence_1;
INSERT INTO evidence
SELECT NULL, id_number(old.id), regulator.number, target.number, effect, document, quote, old.kind, start, "end", paper,
  negated, hypothetical, retracted, source.number, score, tokens, cost, time, 0
FROM evidence_1 AS old
JOIN gene AS regulator ON regulator.curie = old.regulator
JOIN gene AS target ON target.curie = old.target
JOIN source USING (reader, model, prompt, prompt_hash);
INSERT INTO reading SELECT name FROM reading_1;
DROP TABLE evidence_1;
DROP TABLE gene_1;
DROP TABLE reading_1;
{indexes}
"""


def id_number(identifier: str) -> int:
    """The 16 hex digits of `Evidence.id` as SQLite's signed 64-bit integer; the order stays."""
    return int(identifier, 16) - (1 << 63)


def create(db: sqlite3.Connection) -> None:
    """Make today's tables in an empty file, within the caller's transaction."""
    _run(db, _TABLES + _INDEXES)
    _finish(db)
    db.execute(f"PRAGMA application_id = {APPLICATION}")


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring the tables of an older version up to today's, within the caller's transaction."""
    for step in _STEPS[version - 1 :]:
        step(db)


def _from_1(db: sqlite3.Connection) -> None:
    """Statements that version 1 kept were added at a time that nobody noted: before all others, at 0."""
    db.create_function("id_number", 1, id_number, deterministic=True)
    _run(db, _FROM_1.format(tables=_TABLES, indexes=_INDEXES))
    _finish(db)


def _finish(db: sqlite3.Connection) -> None:
    for trigger in _KEPT:
        db.execute(trigger)
    db.execute(f"PRAGMA user_version = {VERSION}")


def _run(db: sqlite3.Connection, script: str) -> None:
    for statement in filter(str.strip, script.split(";")):
        db.execute(statement)


_STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_from_1,)
"""Step n makes version n + 1 of version n."""
