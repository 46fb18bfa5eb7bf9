"""What is asked of a model and what it answered: the unit that is paid for, logged, and never paid for twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from prisyn_base import sha256_text


@dataclass(frozen=True)
class Call:
    """One question to one model. `messages` are (role, content) in order, role one of system, user, assistant.

    `schema` is the JSON schema the answer has to keep and `settings` whatever else changes an answer (temperature,
    most tokens, number of the sample and of the attempt), both as `canonical_json`. The address of a server is no
    part of it: a model is known by its name, wherever it runs.
    """

    model: str
    messages: tuple[tuple[str, str], ...]
    schema: str
    settings: str

    @cached_property
    def key(self) -> str:
        """The SHA-256, in hex, of everything that is asked. Two calls of one key are one call."""
        return sha256_text(canonical_json([self.model, self.messages, self.schema, self.settings]))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered. `cost` is in US dollars (0 where the price is not known), `seconds` on the clock.

    `finish` is `length` where the answer was cut off at the most tokens, else `stop`. `at` is when the answer came,
    ISO 8601 in UTC: evidence made from a logged reply carries the time at which it was paid for.
    """

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    finish: str = "stop"
    at: str = ""

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.tokens_in + self.tokens_out


class CallLog(Protocol):
    """Where replies are kept. Asked by several threads at once."""

    def find(self, key: str) -> Reply | None:
        """The reply to the call of that key, or None where there is none yet."""
        ...

    def keep(self, call: Call, reply: Reply, document: str) -> None:
        """Keep a reply; on return it outlives this process. A key already there keeps its first reply."""
        ...


class MemoryLog:
    """A log for as long as this process lives; real in all else, so tests use it too."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Call, Reply, str]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: str) -> Reply | None:
        with self._lock:
            kept = self._kept.get(key)
        return kept[1] if kept else None

    def keep(self, call: Call, reply: Reply, document: str) -> None:
        with self._lock:
            self._kept.setdefault(call.key, (call, reply, document))

    def entries(self) -> tuple[tuple[Call, Reply, str], ...]:
        """Every call with its reply and the document it was about, in the order they came."""
        with self._lock:
            return tuple(self._kept.values())


class BudgetSpent(Exception):
    """No further call may be paid for. It says nothing about the document being read, which can be read later."""


class Budget(Protocol):
    """What may be spent. Asked by several threads at once."""

    def check(self) -> None:
        """Raises BudgetSpent where nothing is left for another call."""
        ...

    def spend(self, *, tokens: int, calls: int, cost: float) -> None:
        """Take note of what a call came to; `cost` in US dollars."""
        ...


class Unlimited:
    """A budget without an end."""

    def check(self) -> None:
        """There is always something left."""

    def spend(self, *, tokens: int, calls: int, cost: float) -> None:
        """Nobody counts."""


def canonical_json(value: Any) -> str:
    """`value` as JSON of one spelling: keys sorted, no white space, ASCII, so that equal values have equal hashes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def call_to_json(call: Call, reply: Reply, document: str) -> dict[str, Any]:
    """A logged call as one JSON object, for files of recorded calls."""
    answer = {
        "text": reply.text,
        "tokens_in": reply.tokens_in,
        "tokens_out": reply.tokens_out,
        "cost": reply.cost,
        "seconds": reply.seconds,
        "finish": reply.finish,
        "at": reply.at,
    }
    asked = {"model": call.model, "messages": call.messages, "schema": call.schema, "settings": call.settings}
    return {"schema": 1, "key": call.key, "document": document, "call": asked, "reply": answer}


def call_from_json(entry: Mapping[str, Any]) -> tuple[Call, Reply, str]:
    """What `call_to_json` wrote. Raises KeyError, TypeError or ValueError where it did not write it."""
    if entry["schema"] != 1:
        raise ValueError(f"schema {entry['schema']!r}, where 1 is known")
    asked = entry["call"]
    messages = tuple((str(role), str(content)) for role, content in asked["messages"])
    call = Call(asked["model"], messages, asked["schema"], asked["settings"])
    return call, Reply(**entry["reply"]), entry["document"]
