"""Plays recorded calls: for tests, and to come to the same statements once more without asking anybody."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from grn_extract.calls import Call, CallLog, MemoryLog, Reply, call_from_json, call_to_json
from grn_extract.chat.asking import NotRecorded
from grn_extract.chat.prices import Price
from grn_extract.readers.chat import ChatReader
from prisyn_base import InputError, Problem, Problems, atomic_path

_SHOWN = 12


class Recorded:
    """An endpoint that knows no answer: whatever the log does not hold was not recorded."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.price = Price(0.0, 0.0, "recorded")
        self._source = source

    def send(self, call: Call) -> Reply:
        """Raises NotRecorded."""
        said = " ".join(call.messages[-1][1].split())[:80]
        found = f"no call {call.key[:_SHOWN]} (model {call.model}, settings {call.settings}): {said!r}"
        mend = "replay with the texts, prompts and options of the recording, or record it anew"
        raise NotRecorded([Problem(self._source, found, "a recorded call", mend)])


def open_replay_reader(path: str, *, log: CallLog | None = None, **options: Any) -> ChatReader:
    """A chat reader over the calls that a job made, or those of a file of `write_calls`; named as the model was asked.

    `path` is the job's folder or the file. Options are those of `ChatReader`, and must be those of the recording.
    Raises InputError for a path that is neither. `log` is not written to: what was recorded is known already.
    """
    names, known = _of_job(path) if Path(path).is_dir() else _of_file(path)
    if len(names) != 1:
        found = f"calls to {len(names)} models: {', '.join(names)}" if names else "no calls"
        raise InputError([Problem(path, found, "recorded calls to one model", "record one model a file or job")])
    return ChatReader(Recorded(names[0], path), log=known, **options)


def _of_job(folder: str) -> tuple[tuple[str, ...], CallLog]:
    # Jobs open readers, so this one cannot import them at the top.
    from grn_extract.jobs.watch import JobRecording

    recording = JobRecording(folder)
    return recording.models, recording


def _of_file(path: str) -> tuple[tuple[str, ...], CallLog]:
    entries, known = read_calls(path), MemoryLog()
    for call, reply, document in entries:
        known.keep(call, reply, document)
    return tuple(sorted({call.model for call, _, _ in entries})), known


def write_calls(path: str | os.PathLike[str], log: MemoryLog) -> None:
    """Write every call of a log with its reply, a line of JSON each."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for entry in log.entries():
            stream.write(json.dumps(call_to_json(*entry)) + "\n")


def read_calls(path: str | os.PathLike[str]) -> list[tuple[Call, Reply, str]]:
    """The calls of a file of `write_calls`. Raises InputError naming every line that is none."""
    problems, found = Problems(), []
    mend = "give a file of recorded calls"
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), getattr(error, "strerror", "") or str(error), mend, mend)]) from error
    for number, line in enumerate(lines, 1):
        try:
            found.append(call_from_json(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            problems.add(f"{path}, line {number}", str(error) or type(error).__name__, "a recorded call", mend)
    problems.raise_if_any()
    return found
