"""Asking: the log first, then the budget, then a slot, then the model, and again where that may help."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from grn_extract.calls import Budget, Call, CallLog, MemoryLog, Reply, Unlimited, canonical_json
from grn_extract.chat.answers import Malformed
from grn_extract.chat.endpoint import Endpoint
from grn_extract.chat.faults import Rejected, TransientFault
from grn_extract.chat.rate import RateLimit
from grn_extract.prompting import Prompt
from grn_extract.reader import UnreadableDocument
from prisyn_base import InputError, Problem

LONGEST_WAIT = 60.0
"""Seconds between two tries, however long a server has been failing; it may itself ask for more."""

LONGEST_ASKED_WAIT = 600.0
"""Seconds that a server may ask for."""

T = TypeVar("T")


class Asker:
    """Asks one endpoint, from any number of threads. A call whose reply is in `log` is never sent again.

    `retries` is how often a call is sent again after a transient fault, after `backoff` seconds (doubled each time,
    drawn at random from its upper half) or when the server says. Counts what it paid for, not what the log knew.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        log: CallLog | None = None,
        budget: Budget | None = None,
        rate: RateLimit | None = None,
        retries: int = 6,
        backoff: float = 1.0,
    ) -> None:
        self.endpoint = endpoint
        self.calls = 0
        self.tokens = 0
        self.cost = 0.0
        self._log: CallLog = log if log is not None else MemoryLog()
        self._budget: Budget = budget if budget is not None else Unlimited()
        self._rate = rate or RateLimit()
        self._retries = retries
        self._backoff = backoff
        self._counting = threading.Lock()
        # One call at a time for each key: two documents may hold the same text.
        self._alone = tuple(threading.Lock() for _ in range(1024))
        self._jitter = random.Random()

    def knows(self, call: Call) -> bool:
        """Whether the call has been answered already, so that asking costs nothing."""
        return self._log.find(call.key) is not None

    def ask(self, call: Call, document: str) -> Reply:
        """The reply to a call, kept before it is returned.

        Raises UnreadableDocument where it cannot be had, BudgetSpent where it may not be paid for, InputError where a
        person has to mend something first.
        """
        with self._alone[int(call.key[:8], 16) % len(self._alone)]:
            known = self._log.find(call.key)
            if known is not None:
                return known
            reply = self._persist(call)
            self._log.keep(call, reply, document)
            with self._counting:
                self.calls += 1
                self.tokens += reply.tokens
                self.cost += reply.cost
            self._budget.spend(tokens=reply.tokens, calls=1, cost=reply.cost)
            return reply

    def _persist(self, call: Call) -> Reply:
        """Send until there is a reply or there have been `retries` more tries."""
        for tried in range(self._retries + 1):
            self._budget.check()
            self._rate.wait()
            try:
                return self.endpoint.send(call)
            except TransientFault as fault:
                if tried == self._retries:
                    raise self._given_up(fault, tried + 1) from None
                self._hold(fault, tried)
            except Rejected as fault:
                if self.calls or fault.final:
                    raise UnreadableDocument(str(fault), retryable=False) from None
                raise self._problem(str(fault), "an endpoint that takes this call") from None
        raise AssertionError("the last try returns or raises")

    def _hold(self, fault: TransientFault, tried: int) -> None:
        """Wait: every thread where the server said how long, else this one alone."""
        if fault.retry_after is not None:
            self._rate.pause(min(fault.retry_after, LONGEST_ASKED_WAIT))
        else:
            time.sleep(min(self._backoff * 2.0**tried, LONGEST_WAIT) * self._jitter.uniform(0.5, 1.0))

    def _given_up(self, fault: TransientFault, tries: int) -> Exception:
        if fault.unreachable and not self.calls:
            return self._problem(str(fault), "a server that listens there")
        return UnreadableDocument(f"no answer in {tries} tries; the last: {fault}", retryable=True)

    def _problem(self, found: str, expected: str) -> InputError:
        mend = "check that the server runs, the base URL and the model's name"
        return InputError([Problem(self.endpoint.name, found, expected, mend)])


class NotRecorded(InputError):
    """A replay came to a call that was not recorded."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What answers came to, those thrown away included; `at` is when the last one came."""

    tokens: int = 0
    cost: float = 0.0
    at: str = ""

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.tokens + other.tokens, self.cost + other.cost, max(self.at, other.at))

    def part(self, number: int, count: int) -> Spent:
        """The share of the `number`th of `count` statements; the shares add up to the whole."""
        tokens = self.tokens // count + (number < self.tokens % count)
        return Spent(tokens, self.cost / count, self.at)

    @classmethod
    def of(cls, reply: Reply) -> Spent:
        return cls(reply.tokens, reply.cost, reply.at)


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt filled in for one document; `sample` tells apart the askings of one question over and over."""

    prompt: Prompt
    fields: dict[str, Any]
    document: str
    max_tokens: int
    temperature: float = 0.0
    sample: int = 0

    def call(self, model: str, attempt: int, max_tokens: int) -> Call:
        """The call of the so-manieth attempt."""
        settings = {
            "attempt": attempt,
            "max_tokens": max_tokens,
            "sample": self.sample,
            "temperature": float(self.temperature),
        }
        messages = self.prompt.messages(**self.fields)
        return Call(model, messages, canonical_json(self.prompt.schema), canonical_json(settings))


def ask_until_valid(
    asker: Asker, question: Question, parse: Callable[[str], T], *, attempts: int = 3
) -> tuple[T, Spent]:
    """A valid answer and what it took. `parse` raises Malformed for one that is not.

    Each attempt is a call of its own, so a malformed answer is kept and never paid for again: attempts in the log are
    gone through first, and at most `attempts` more are paid for. An answer that was cut off is given twice the tokens
    the next time. Raises UnreadableDocument where none was valid.
    """
    spent, paid, attempt, max_tokens, reason = Spent(), 0, 0, question.max_tokens, ""
    while paid < attempts:
        call = question.call(asker.endpoint.name, attempt, max_tokens)
        paid += not asker.knows(call)
        try:
            reply = asker.ask(call, question.document)
        except NotRecorded:
            if not reason:
                raise
            break
        spent += Spent.of(reply)
        try:
            return parse(reply.text), spent
        except Malformed as error:
            reason = f"{error}, cut off at {max_tokens} tokens" if reply.finish == "length" else str(error)
        if reply.finish == "length":
            max_tokens = min(2 * max_tokens, 8 * question.max_tokens)
        attempt += 1
    said = f"no valid answer to {question.prompt.reference} in {attempt} attempts; the last: {reason}"
    raise UnreadableDocument(said, retryable=True)
