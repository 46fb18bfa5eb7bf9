"""What lies before a curator: the statement to judge now, the last decisions, and the way back."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kg import Decision, Edge, Evidence, GraphStore, Judgement, judgements
from kg.curation import standing_decisions
from kg.decisions import withdraw
from kg.queries import edge_between
from kg.review import ReviewItem, review_queue
from prisyn.web.access import Access

FRESH = 60.0
"""Seconds for which the order of a queue is kept; working it out takes a second or more on a large graph."""


class Pile(StrEnum):
    """What is to be judged: what nobody has settled, or what others have."""

    OPEN = "open"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where to find a claim in a store: its key, and the CURIEs of its genes."""

    claim: str
    regulator: str
    target: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """A claim that some accept and others reject, with the decisions that stand on it."""

    judgement: Judgement
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class _Action:
    """What a curator last did: a decision, by its id, or a skip ("")."""

    what: Reference
    decision: str = ""


@dataclass
class _Seat:
    actions: list[_Action] = field(default_factory=list)

    @property
    def skipped(self) -> set[str]:
        return {action.what.claim for action in self.actions if not action.decision}


class Desk:
    """The queues of all who review here, for any thread. Decisions are in the store; skips are kept in memory alone."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._queues: dict[tuple[str, Pile], tuple[float, Sequence[ReviewItem]]] = {}
        self._seats: dict[str, _Seat] = {}

    def waiting(self, curator: str, pile: Pile, decided: Collection[str]) -> list[ReviewItem]:
        """What this curator has neither decided nor skipped, the most useful first."""
        with self._lock:
            gone = self._seat(curator).skipped.union(decided)
            return [item for item in self._queue(curator, pile) if item.statement.claim not in gone]

    def skipped(self, curator: str) -> int:
        """How many statements this curator has left for later."""
        with self._lock:
            return len(self._seat(curator).skipped)

    def skip(self, curator: str, what: Reference) -> None:
        """Leave a statement for later."""
        with self._lock:
            self._seat(curator).actions.append(_Action(what))

    def take_up(self, curator: str) -> None:
        """Bring back everything that was skipped."""
        with self._lock:
            seat = self._seat(curator)
            seat.actions = [action for action in seat.actions if action.decision]

    def decide(self, store: GraphStore, decision: Decision) -> None:
        """Keep a decision, and remember that it was the last thing its curator did."""
        store.decide([decision])
        with self._lock:
            self._seat(decision.curator).actions.append(_Action(_reference(decision), decision.id))

    def undo(self, store: GraphStore, curator: str) -> Reference | None:
        """Take back the last thing this curator did, and say what it was about; None where there is nothing left.

        Once the pages have been started anew, that is the last decision of theirs that stands.
        """
        mine = {item.id: item for item in standing_decisions(store.decisions()) if item.curator == curator}
        with self._lock:
            actions = self._seat(curator).actions
            while actions and actions[-1].decision and actions[-1].decision not in mine:
                actions.pop()
            last = actions.pop() if actions else None
        if last is not None and not last.decision:
            return last.what
        if not mine:
            return None
        decision = mine[last.decision] if last is not None else list(mine.values())[-1]
        store.decide([withdraw(decision)])
        return _reference(decision)

    def _seat(self, curator: str) -> _Seat:
        return self._seats.setdefault(curator, _Seat())

    def _queue(self, curator: str, pile: Pile) -> Sequence[ReviewItem]:
        made, items = self._queues.get((curator, pile), (-FRESH, ()))
        if time.monotonic() - made >= FRESH:
            items = review_queue(self._access.grn(), curator=curator, second_opinion=pile is Pile.SECOND)
            self._queues[curator, pile] = time.monotonic(), items
        return items


def find_statement(store: GraphStore, what: Reference) -> tuple[Evidence, Edge]:
    """The statement of a claim, and its edge. Raises KeyError where the graph has no such claim."""
    edge = edge_between(store, what.regulator, what.target)
    found = [item for item in edge.evidence if item.claim == what.claim]
    if not found:
        raise KeyError(f"nobody says so of {edge.regulator.symbol} and {edge.target.symbol}")
    return found[0], edge


def disputes(decisions: Sequence[Decision]) -> list[Dispute]:
    """The claims that curators disagree on, the one last decided on first."""
    standing = standing_decisions(decisions)
    found = [
        Dispute(judgement, tuple(item for item in standing if item.claim == claim))
        for claim, judgement in judgements(decisions).items()
        if judgement.disputed
    ]
    return sorted(found, key=lambda dispute: dispute.decisions[-1].time, reverse=True)


def _reference(decision: Decision) -> Reference:
    return Reference(decision.claim, decision.regulator, decision.target)
