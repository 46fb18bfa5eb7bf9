"""Reading one text: what came of it, or why nothing could."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from grn_extract.calls import Budget, BudgetSpent
from grn_extract.chat.redaction import redact
from grn_extract.document import Document
from grn_extract.reader import Dropped, Reader, UnreadableDocument
from grn_extract.verify import check_statements
from kg import Evidence, to_record
from prisyn_base import InputError, MissingExtraError


@dataclass(frozen=True, slots=True)
class Aside:
    """A statement that does not enter the graph, as JSON, and every reason why."""

    statement: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text was found to state. `calls`, `tokens` and `cost` are those that no log of calls has counted."""

    passed: tuple[Evidence, ...]
    aside: tuple[Aside, ...] = ()
    calls: int = 0
    tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a text could not be read, and whether another time may help."""

    reason: str
    retryable: bool
    seconds: float = 0.0


Outcome = Reading | Failure | None
"""None: not read, because no further call may be paid for."""


class DroppedStatements:
    """Collects what a reader drops, text by text; a reader's `quarantine`."""

    def __init__(self) -> None:
        self._dropped: dict[str, list[Aside]] = {}
        self._lock = threading.Lock()

    def __call__(self, dropped: Dropped) -> None:
        with self._lock:
            self._dropped.setdefault(dropped.document, []).append(Aside(dropped.statement, dropped.reasons))

    def take(self, document: str) -> tuple[Aside, ...]:
        """What was dropped of a document since it was last asked for."""
        with self._lock:
            return tuple(self._dropped.pop(document, ()))


ReadText = Callable[[Document], Outcome]
"""Reads one document; raises only what concerns all of them."""


def text_reader(reader: Reader, dropped: DroppedStatements, *, budget: Budget | None = None) -> ReadText:
    """How `reader` reads one text, statements checked.

    With `budget`, a text is weighed and counted as a call is; without, the reader's own log and budget do so.
    A failure inside the reader costs the text, not the job. What a person has to mend before anything can be read
    (InputError, MissingExtraError) is raised.
    """

    def read(document: Document) -> Outcome:
        started = time.monotonic()
        before = (reader.calls, reader.tokens, reader.cost)
        dropped.take(document.id)
        try:
            if budget:
                budget.check()
            checked = check_statements(reader.read([document]), [document])
        except BudgetSpent:
            return None
        except UnreadableDocument as fault:
            return Failure(redact(fault.reason), fault.retryable, time.monotonic() - started)
        except (InputError, MissingExtraError):
            raise
        except Exception as fault:
            said = f"the reader failed, which is our fault: {type(fault).__name__}: {fault}"
            return Failure(redact(said), True, time.monotonic() - started)
        faulty = [Aside(json.dumps(to_record(q.evidence), ensure_ascii=False), q.reasons) for q in checked.quarantined]
        aside = (*dropped.take(document.id), *faulty)
        seconds = time.monotonic() - started
        if not budget:
            return Reading(checked.passed, aside, seconds=seconds)
        calls, tokens, cost = reader.calls - before[0], reader.tokens - before[1], reader.cost - before[2]
        budget.spend(calls=calls, tokens=tokens, cost=cost)
        return Reading(checked.passed, aside, calls, tokens, cost, seconds)

    return read
