"""One shard of a job: some texts read in another process, every reply and then all outcomes left in files.

    000000100-000000199.calls.jsonl   each reply as it comes; a shard that is read again asks for none of them
    000000100-000000199.jsonl         what came of each text; there once all are read

This module is what a worker imports; it knows no Ray.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from grn_extract.calls import Call, Reply
from grn_extract.document import Document
from grn_extract.jobs.budget import JobBudget, Limits
from grn_extract.jobs.reading import Aside, DroppedStatements, Failure, Outcome, Reading, ReadText, text_reader
from grn_extract.jobs.state import NOTHING, Spent
from grn_extract.readers import open_reader, reader_names
from kg import from_record, to_record
from prisyn_base import InputError, MissingExtraError, Problem, atomic_path

SCHEMA = 1
CALLS = ".calls.jsonl"


@dataclass(frozen=True, slots=True)
class Shard:
    """Texts by key, in input order, and all that reading them takes. `known` holds replies about them from before."""

    path: Path
    documents: tuple[tuple[str, Document], ...]
    reader: str
    options: Mapping[str, Any]
    known: Mapping[str, Reply]
    limits: Limits
    dearest: Spent

    @property
    def calls(self) -> Path:
        """Where its replies go."""
        return self.path.with_suffix(CALLS)


@dataclass(frozen=True, slots=True)
class LoggedReply:
    """A reply that a shard paid for."""

    key: str
    model: str
    document: str
    reply: Reply


class ShardLog:
    """The log of a shard's calls: a line each, on the disk before the reply is used."""

    def __init__(self, path: Path, known: Mapping[str, Reply]) -> None:
        self._known = dict(known) | {item.key: item.reply for item in read_replies(path)}
        self._stream = path.open("ab")
        self._lock = threading.Lock()

    def find(self, key: str) -> Reply | None:
        """The reply to the call of that key, or None."""
        with self._lock:
            return self._known.get(key)

    def keep(self, call: Call, reply: Reply, document: str) -> None:
        """Keep a reply; on return it outlives this process."""
        entry = {"schema": SCHEMA, "key": call.key, "model": call.model, "document": document, "reply": asdict(reply)}
        with self._lock:
            # A line that a kill cut off is ended first, so that it does not swallow this one.
            start = b"\n" if self._stream.tell() else b""
            self._stream.write(start + json.dumps(entry).encode())
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._known.setdefault(call.key, reply)

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


def read_replies(path: Path) -> list[LoggedReply]:
    """The whole lines of a log; a line that was cut off was never used."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            entry = json.loads(line)
            found.append(LoggedReply(entry["key"], entry["model"], entry["document"], Reply(**entry["reply"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def read_shard(shard: Shard) -> tuple[Problem, ...]:
    """Read the texts of a shard and leave what came of them at its path.

    Returns the problems that a person has to mend before anything can be read; then there is no such file. They are
    returned because exceptions that carry them do not cross processes.
    """
    shard.path.parent.mkdir(parents=True, exist_ok=True)
    log = ShardLog(shard.calls, shard.known)
    try:
        read = _reader(shard, log)
        outcomes = [(key, read(document)) for key, document in shard.documents]
    except InputError as error:
        return error.problems
    except MissingExtraError as error:
        return (Problem("worker", str(error), "the same packages on every machine", "install them there"),)
    finally:
        log.close()
    with atomic_path(shard.path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for key, outcome in outcomes:
            stream.write(json.dumps({"schema": SCHEMA, "key": key, "outcome": _to_json(outcome)}) + "\n")
    return ()


def read_outcomes(path: Path) -> dict[str, Outcome]:
    """What came of each text of a finished shard, by key."""
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {entry["key"]: _from_json(entry["outcome"]) for entry in entries if entry["schema"] == SCHEMA}


def _reader(shard: Shard, log: ShardLog) -> ReadText:
    dropped = DroppedStatements()
    budget = JobBudget(shard.limits, NOTHING, dearest=shard.dearest, folder=shard.path.parent)
    if shard.reader in reader_names():
        own = _own_reader(shard.reader, tuple(sorted(shard.options.items())))
        return text_reader(own, dropped, budget=budget)
    reader = open_reader(shard.reader, **shard.options, log=log, budget=budget, quarantine=dropped)
    return text_reader(reader, dropped)


@cache
def _own_reader(name: str, options: tuple[tuple[str, Any], ...]) -> Any:
    """A reader that runs in this process, its weights loaded once for all shards."""
    return open_reader(name, **dict(options))


def _to_json(outcome: Outcome) -> dict[str, Any] | None:
    if isinstance(outcome, Failure):
        return {"failure": asdict(outcome)}
    if outcome is None:
        return None
    return {
        "passed": [to_record(item) for item in outcome.passed],
        "aside": [[item.statement, item.reasons] for item in outcome.aside],
        "came_to": [outcome.calls, outcome.tokens, outcome.cost, outcome.seconds],
    }


def _from_json(record: dict[str, Any] | None) -> Outcome:
    if record is None:
        return None
    if "failure" in record:
        return Failure(**record["failure"])
    aside = tuple(Aside(statement, tuple(reasons)) for statement, reasons in record["aside"])
    return Reading(tuple(map(from_record, record["passed"])), aside, *record["came_to"])
