"""Decisions made, written down and read back: a line of JSON each, so that files can be joined and compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kg._record import choice
from kg.curation import Decision, ErrorKind, Verdict
from kg.formats import Refused
from kg.formats._text import lines, parsed
from kg.model import Effect, Evidence
from prisyn_base import InputError, Problem, atomic_path

SCHEMA = 1
"""The version of a line: every field of `Decision`."""

_FIELDS = tuple(item.name for item in fields(Decision))
_NEEDED = ("curator", "verdict", "regulator", "target", "effect", "document", "quote", "time")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """What a file of decisions holds, in its order, and the lines that are none."""

    decisions: tuple[Decision, ...]
    refused: tuple[Refused, ...]


def now() -> str:
    """The time in the form a decision has it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def decide(
    statement: Evidence,
    verdict: Verdict,
    *,
    curator: str,
    error: ErrorKind | None = None,
    comment: str = "",
    time: str | None = None,
) -> Decision:
    """A person's verdict on a statement, at `time` (default: now).

    Raises ValueError for a decision that says nothing: an error kind without a rejection, `other` without a comment,
    a curator without a name, or a verdict that only `withdraw` may give.
    """
    if verdict is Verdict.WITHDRAWN:
        raise ValueError("a decision is taken back by naming it")
    return _checked(
        Decision(
            curator=curator,
            verdict=verdict,
            regulator=statement.regulator.curie,
            target=statement.target.curie,
            effect=statement.effect,
            document=statement.document,
            quote=statement.quote,
            time=now() if time is None else time,
            paper=statement.paper,
            negated=statement.negated,
            hypothetical=statement.hypothetical,
            error=error,
            comment=comment,
        )
    )


def withdraw(decision: Decision, *, comment: str = "", time: str | None = None) -> Decision:
    """The decision by which its own curator takes another back. ValueError where that one takes back itself."""
    if decision.verdict is Verdict.WITHDRAWN:
        raise ValueError("it takes a decision back itself: decide anew")
    when = now() if time is None else time
    back = replace(decision, verdict=Verdict.WITHDRAWN, error=None, comment=comment, time=when, withdraws=decision.id)
    return _checked(back)


def to_record(decision: Decision) -> dict[str, Any]:
    """A record that JSON can hold; nothing is lost."""
    return asdict(decision)


def from_record(record: Any) -> Decision:
    """The decision of a record. Raises ValueError saying which field is missing, unknown or of the wrong kind."""
    if not isinstance(record, dict):
        raise ValueError("is not a record")
    if unknown := sorted(set(record) - set(_FIELDS)):
        raise ValueError(f"unknown field {', '.join(unknown)}")
    if missing := [name for name in _NEEDED if name not in record]:
        raise ValueError(f"missing {', '.join(missing)}")
    values = dict(record)
    values["verdict"] = choice(Verdict, "verdict", values["verdict"])
    values["effect"] = choice(Effect, "effect", values["effect"])
    if values.get("error") is not None:
        values["error"] = choice(ErrorKind, "error", values["error"])
    flags = {"negated", "hypothetical"}
    for name in set(values) - {"verdict", "effect", "error"}:
        expected = bool if name in flags else str
        if type(values[name]) is not expected:
            raise ValueError(f"{name} {values[name]!r} is not {expected.__name__}")
    return _checked(Decision(**values))


def write_decisions(decisions: Iterable[Decision], path: Path) -> int:
    """Write decisions by time and id, each once; returns how many."""
    ordered = sorted(set(decisions), key=lambda item: (item.time, item.id))
    with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
        for item in ordered:
            record = {"schema": SCHEMA, "id": item.id} | to_record(item)
            stream.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
    return len(ordered)


def read_decisions(path: Path) -> DecisionFile:
    """The decisions of a file, by whomever; other lines are refused with the reason.

    Raises InputError where there is no such file, or not one line is a decision.
    """
    whole = ((number, line) for number, line in lines(path) if line is None or line.strip())
    found, refused = parsed(whole, _parse)
    if not found:
        said = f"line {refused[0].line} {refused[0].reason}" if refused else "an empty file"
        mend = "write one with `prisyn kg curate export --format decisions`"
        raise InputError([Problem(str(path), said, "decisions, one JSON object a line", mend)])
    return DecisionFile(tuple(found), tuple(refused))


def _parse(line: str) -> Decision:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError("is not a record")
    if (schema := record.pop("schema", None)) != SCHEMA:
        raise ValueError(f"schema {schema!r}, expected {SCHEMA}")
    said = record.pop("id", None)
    decision = from_record(record)
    if said is not None and said != decision.id:
        raise ValueError(f"was changed after it was made: its id is {decision.id}, not {said}")
    return decision


def _checked(decision: Decision) -> Decision:
    """The decision; ValueError where it says nothing, or cannot be kept."""
    if not decision.curator or decision.curator != " ".join(decision.curator.split()):
        raise ValueError(f"curator {decision.curator!r} is no name")
    if decision.error is not None and decision.verdict is not Verdict.REJECT:
        raise ValueError(f"an error kind goes with reject, not with {decision.verdict}")
    if decision.error is ErrorKind.OTHER and not decision.comment.strip():
        raise ValueError("the error kind other needs a comment")
    if (decision.verdict is Verdict.WITHDRAWN) is not bool(decision.withdraws):
        raise ValueError("withdraws names a decision where the verdict is withdrawn, and only there")
    if not _TIME.fullmatch(decision.time):
        raise ValueError(f"time {decision.time!r} is not like {now()}")
    datetime.fromisoformat(decision.time)
    if any(":" not in curie for curie in (decision.regulator, decision.target)):
        raise ValueError(f"{decision.regulator!r} and {decision.target!r} are not both CURIEs")
    if max(len(decision.comment), len(decision.curator)) > _LONGEST:
        raise ValueError(f"a comment of more than {_LONGEST:,} characters")
    _ = decision.id  # raises where the text cannot be written as UTF-8
    return decision
