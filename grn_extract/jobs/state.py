"""What a job has done, in one SQLite file: texts, replies that were paid for, statements, and what was set aside."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from grn_extract.calls import Call, Reply, canonical_json
from grn_extract.document import Document
from grn_extract.jobs.reading import Aside, Failure, Reading
from grn_extract.verify import Note, find_notes
from kg import Evidence, from_record, to_record
from prisyn_base import InputError, Problem, folder_lock, sha256_text

STATE = "state.db"
VERSION = 2
_APPLICATION = 0x5072534A
_SCHEMA = """
CREATE TABLE text (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, document TEXT NOT NULL, sha256 TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'read', 'quarantined')),
  attempts INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', retryable INTEGER NOT NULL DEFAULT 0,
  calls INTEGER NOT NULL DEFAULT 0, tokens INTEGER NOT NULL DEFAULT 0, cost REAL NOT NULL DEFAULT 0,
  seconds REAL NOT NULL DEFAULT 0, at TEXT NOT NULL DEFAULT ''
);
CREATE INDEX text_by_state ON text (state);
CREATE INDEX text_by_document ON text (document);
CREATE TABLE call (
  key TEXT PRIMARY KEY, document TEXT NOT NULL, model TEXT NOT NULL, reply TEXT NOT NULL, tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL, cost REAL NOT NULL, seconds REAL NOT NULL, finish TEXT NOT NULL, at TEXT NOT NULL
);
CREATE INDEX call_by_document ON call (document);
CREATE TABLE statement (
  text INTEGER NOT NULL REFERENCES text, place INTEGER NOT NULL, record TEXT NOT NULL, PRIMARY KEY (text, place)
) WITHOUT ROWID;
CREATE TABLE aside (
  text INTEGER NOT NULL REFERENCES text, place INTEGER NOT NULL, statement TEXT NOT NULL, reasons TEXT NOT NULL,
  PRIMARY KEY (text, place)
) WITHOUT ROWID;
CREATE TABLE remark (
  text INTEGER NOT NULL REFERENCES text, place INTEGER NOT NULL, words TEXT NOT NULL, PRIMARY KEY (text, place)
) WITHOUT ROWID;
CREATE TABLE run (
  number INTEGER PRIMARY KEY, host TEXT NOT NULL, process INTEGER NOT NULL, readers INTEGER NOT NULL,
  started TEXT NOT NULL, ended TEXT NOT NULL DEFAULT ''
);
"""


class TextState(StrEnum):
    """How far a text has come."""

    PENDING = "pending"
    READ = "read"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Text:
    """A document in a job, by its number there. `key` names this document read in this way, and no other."""

    number: int
    key: str
    document: Document
    state: TextState


@dataclass(frozen=True, slots=True)
class QuarantinedText:
    """A text that could not be read, how often that was tried, why, and whether another time may help."""

    document: str
    attempts: int
    reason: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """What a job has come to over all its runs; `cost` in US dollars."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0


NOTHING = Spent()


def text_key(document: Document, settings: str) -> str:
    """The SHA-256, in hex, of a document and of all that its reading depends on."""
    marked = document.mentions
    mentions = None if marked is None else [[m.start, m.end, m.gene.curie] for m in marked]
    return sha256_text(canonical_json([settings, document.id, document.text, document.retracted, mentions]))


class JobState:
    """The state of the job in `folder`, held by this process alone; also the log of its calls, for any thread.

    What a method has written outlives this process and a loss of power. Raises InputError, here and in every method,
    where another process holds the folder, the disk is full, or the file is damaged, another program's or newer.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.path = self.folder / STATE
        self._lock = threading.RLock()
        with ExitStack() as opened, self._mendable():
            opened.enter_context(folder_lock(self.folder, name=self.folder))
            self._db = sqlite3.connect(self.path, isolation_level=None, timeout=30, check_same_thread=False)
            opened.callback(self._db.close)
            self._prepare()
            self._opened = opened.pop_all()

    def __repr__(self) -> str:
        return f"JobState({str(self.folder)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of file and folder."""
        with self._lock:
            self._opened.close()

    def begin(self, *, readers: int) -> int:
        """Note that a run begins with so many readers at once.

        Returns how many calls may have been under way when the run before was killed; 0 where it ended by itself.
        A call under way has no reply yet, so it is asked again, and may have been charged for.
        """
        with self._writing():
            last = self._db.execute("SELECT readers, ended FROM run ORDER BY number DESC LIMIT 1").fetchone()
            values = (socket.gethostname(), os.getpid(), readers, _now())
            self._db.execute("INSERT INTO run (host, process, readers, started) VALUES (?, ?, ?, ?)", values)
        return int(last[0]) if last and not last[1] else 0

    def end(self) -> None:
        """Note that the run ends with no call under way."""
        with self._writing():
            self._db.execute("UPDATE run SET ended = ? WHERE number = (SELECT max(number) FROM run)", (_now(),))

    def enrol(self, documents: Sequence[Document], settings: str, *, retry: bool = False) -> list[Text]:
        """Take documents in, in their order, and say how far each has come; one that is new is pending.

        With `retry`, a quarantined one that another time may help is pending once more. One that could not be read in
        another way (another prompt, another text of that id) is forgotten: this way takes its place.
        """
        keys = [text_key(document, settings) for document in documents]
        with self._writing():
            self._db.executemany(
                "INSERT INTO text (key, document, sha256, state) VALUES (?, ?, ?, 'pending') "
                "ON CONFLICT (key) DO NOTHING",
                [(key, item.id, sha256_text(item.text)) for key, item in zip(keys, documents, strict=True)],
            )
            others = [(item.id, key) for key, item in zip(keys, documents, strict=True)]
            unread = "document = ? AND key <> ? AND state <> 'read'"
            self._db.executemany(f"DELETE FROM remark WHERE text IN (SELECT number FROM text WHERE {unread})", others)
            self._db.executemany(f"DELETE FROM text WHERE {unread}", others)
            self._db.executemany(
                "INSERT OR REPLACE INTO remark SELECT number, ?, ? FROM text WHERE key = ?",
                [
                    (place, words, key)
                    for key, item in zip(keys, documents, strict=True)
                    for place, words in enumerate(item.notes)
                ],
            )
            if retry:
                again = "UPDATE text SET state = 'pending' WHERE key = ? AND state = 'quarantined' AND retryable"
                self._db.executemany(again, [(key,) for key in keys])
            found = [
                self._db.execute("SELECT number, state FROM text WHERE key = ?", (key,)).fetchone() for key in keys
            ]
        return [
            Text(number, key, document, TextState(state))
            for key, document, (number, state) in zip(keys, documents, found, strict=True)
        ]

    def finish(self, text: Text, reading: Reading) -> None:
        """Keep what a text was found to state, and that it has been read: both or neither."""
        with self._writing():
            self._forget(text)
            self._db.executemany(
                "INSERT INTO statement VALUES (?, ?, ?)",
                [(text.number, place, _json(to_record(item))) for place, item in enumerate(reading.passed)],
            )
            self._keep_aside(text, reading.aside)
            self._db.execute(
                "UPDATE text SET state = 'read', attempts = attempts + 1, reason = '', retryable = 0, "
                "calls = calls + ?, tokens = tokens + ?, cost = cost + ?, seconds = ?, at = ? WHERE number = ?",
                (reading.calls, reading.tokens, reading.cost, reading.seconds, _now(), text.number),
            )

    def quarantine(self, text: Text, failure: Failure) -> None:
        """Keep why a text could not be read."""
        with self._writing():
            self._forget(text)
            self._db.execute(
                "UPDATE text SET state = 'quarantined', attempts = attempts + 1, reason = ?, retryable = ?, "
                "seconds = ?, at = ? WHERE number = ?",
                (failure.reason, failure.retryable, failure.seconds, _now(), text.number),
            )

    def find(self, key: str) -> Reply | None:
        """The reply to the call of that key, or None where there is none yet."""
        with self._reading():
            row = self._db.execute(f"SELECT {_REPLY} FROM call WHERE key = ?", (key,)).fetchone()
        return Reply(*row) if row else None

    def keep(self, call: Call, reply: Reply, document: str) -> None:
        """Keep a reply; on return it outlives this process. A key already there keeps its first reply."""
        self.keep_reply(call.key, call.model, reply, document)

    def keep_reply(self, key: str, model: str, reply: Reply, document: str) -> None:
        """As `keep`, for a call of which only the key and the model are at hand."""
        values = (reply.text, reply.tokens_in, reply.tokens_out, reply.cost, reply.seconds, reply.finish, reply.at)
        with self._writing():
            self._db.execute(
                f"INSERT INTO call (key, document, model, {_REPLY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (key) DO NOTHING",
                (key, document, model, *values),
            )

    def replies(self, document: str) -> dict[str, Reply]:
        """Every reply about a document, by the key of its call."""
        with self._reading():
            rows = self._db.execute(f"SELECT key, {_REPLY} FROM call WHERE document = ?", (document,)).fetchall()
        return {key: Reply(*reply) for key, *reply in rows}

    def statements(self, text: Text) -> tuple[Evidence, ...]:
        """What a text states, in the order its reader gave it."""
        with self._reading():
            rows = self._db.execute("SELECT record FROM statement WHERE text = ? ORDER BY place", (text.number,))
            return tuple(from_record(json.loads(record)) for (record,) in rows.fetchall())

    def set_aside(self) -> Iterator[tuple[str, Aside]]:
        """Every statement that was set aside when its text was last read, with its document, in the order of texts."""
        with self._reading():
            rows = self._db.execute(
                f"SELECT document, statement, reasons FROM aside JOIN text ON text.number = aside.text {_LATEST}"
            ).fetchall()
        for document, statement, reasons in rows:
            yield document, Aside(statement, tuple(json.loads(reasons)))

    def notes(self) -> Iterator[Note]:
        """What is odd about the statements that texts were last read to make, in the order of texts."""
        with self._reading():
            rows = self._db.execute(f"SELECT record FROM statement JOIN text ON text.number = statement.text {_LATEST}")
            records = rows.fetchall()
        for (record,) in records:
            yield from find_notes(from_record(json.loads(record)))

    def remarks(self) -> list[tuple[str, str]]:
        """What sources said of their texts (another language, a correction), each with its document, in their order."""
        with self._reading():
            rows = self._db.execute(
                f"SELECT document, words FROM remark JOIN text ON text.number = remark.text {_LATEST}"
            )
            return rows.fetchall()

    def quarantined(self) -> list[QuarantinedText]:
        """The texts that could not be read, in their order."""
        with self._reading():
            rows = self._db.execute(
                "SELECT document, attempts, reason, retryable FROM text WHERE state = 'quarantined' ORDER BY number"
            ).fetchall()
        return [QuarantinedText(document, attempts, reason, bool(again)) for document, attempts, reason, again in rows]

    def counts(self) -> dict[TextState, int]:
        """How many texts have come how far."""
        with self._reading():
            found = dict(self._db.execute("SELECT state, count(*) FROM text GROUP BY state").fetchall())
        return {state: found.get(state.value, 0) for state in TextState}

    def spent(self) -> Spent:
        """What all runs of the job came to."""
        sums = "coalesce(sum({0}), 0), coalesce(sum(cost), 0)"
        with self._reading():
            logged = self._db.execute(f"SELECT count(*), {sums.format('tokens_in + tokens_out')} FROM call").fetchone()
            counted = self._db.execute(f"SELECT coalesce(sum(calls), 0), {sums.format('tokens')} FROM text").fetchone()
        return Spent(*(one + other for one, other in zip(logged, counted, strict=True)))

    def came_to(self, text: Text) -> tuple[Spent, float]:
        """What one text took, and in how many seconds the last time it was read."""
        counted = "SELECT calls, tokens, cost, seconds FROM text WHERE number = ?"
        with self._reading():
            calls, tokens, cost, seconds = self._db.execute(counted, (text.number,)).fetchone()
        replies = self.replies(text.document.id).values()
        calls, tokens = calls + len(replies), tokens + sum(reply.tokens for reply in replies)
        return Spent(calls, tokens, cost + sum(reply.cost for reply in replies)), seconds

    def dearest(self) -> Spent:
        """The most that one call, or one text read without a log of calls, came to."""
        most = "coalesce(max({0}), 0), coalesce(max(cost), 0)"
        with self._reading():
            logged = self._db.execute(
                f"SELECT count(*) > 0, {most.format('tokens_in + tokens_out')} FROM call"
            ).fetchone()
            counted = self._db.execute(f"SELECT coalesce(max(calls), 0), {most.format('tokens')} FROM text").fetchone()
        return Spent(*(max(pair) for pair in zip(logged, counted, strict=True)))

    def _keep_aside(self, text: Text, aside: Iterable[Aside]) -> None:
        rows = [(text.number, place, item.statement, _json(item.reasons)) for place, item in enumerate(aside)]
        self._db.executemany("INSERT INTO aside VALUES (?, ?, ?, ?)", rows)

    def _forget(self, text: Text) -> None:
        for table in ("statement", "aside"):
            self._db.execute(f"DELETE FROM {table} WHERE text = ?", (text.number,))

    def _prepare(self) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != _APPLICATION and (tables or application or version):
            raise self._error("an SQLite file of another program", "the state of a job", "name another folder")
        if version > VERSION:
            mend = "install a newer PriSyn, or name another folder"
            raise self._error(f"schema version {version}", f"version {VERSION} or older", mend)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A reply is money: it is to outlive a power cut, not only this process.
        self._db.execute("PRAGMA synchronous = FULL")
        if not tables or version < VERSION:
            # Version 1 had all but the table of remarks.
            wanted = _SCHEMA.split(";")
            lacking = wanted if not tables else [each for each in wanted if "TABLE remark" in each]
            with self._transaction():
                for statement in filter(str.strip, lacking):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id = {_APPLICATION}")
                self._db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, self._mendable():
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, self._mendable(), self._transaction():
            yield

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # A full disk may have ended the transaction already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _mendable(self) -> Iterator[None]:
        """SQLite's and the file system's errors as problems with the job's folder."""
        try:
            yield
        except sqlite3.OperationalError as error:
            mend = "make room on the disk, see that the folder may be written, and give the same command again"
            found = f"{error}; what was done before is kept"
            raise self._error(found, "a file that can be written", mend) from error
        except sqlite3.DatabaseError as error:
            mend = "restore the folder from a copy, or name a new one and read again"
            raise self._error(str(error), "the whole state of a job", mend) from error
        except OSError as error:
            found = error.strerror or str(error)
            raise self._error(found, "a folder that can be written", "name a folder that can be written") from error

    def _error(self, found: str, expected: str, mend: str) -> InputError:
        return InputError([Problem(str(self.path), found, expected, mend)])


_LATEST = (
    "WHERE text.number = (SELECT max(number) FROM text AS other WHERE other.document = text.document) "
    "ORDER BY text, place"
)
_REPLY = "reply, tokens_in, tokens_out, cost, seconds, finish, at"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
