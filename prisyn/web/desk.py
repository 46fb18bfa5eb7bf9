"""What lies before a curator: the statement to judge now, the last decisions, and the way back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum

from kg import GRN, Decision, Edge, Evidence, GraphStore, Judgement, SourceKind, Standing, judgements
from kg.curation import standing_decisions
from kg.decisions import withdraw
from kg.review import ReviewItem, review_queue
from prisyn.web.access import Access

FRESH = 60.0
"""Seconds for which the order of the queue is kept; working it out takes seconds on a large graph."""

SETTLED = (Standing.ACCEPTED, Standing.REJECTED, Standing.DISPUTED)
"""What stands so waits for a second opinion, and is open no longer."""


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
    """The queues of all who review here, for any thread. Decisions are in the store; skips are kept in memory alone.

    The order of what is open is worked out once for everybody, and again, behind the back of whoever is served from
    the order before, when the graph has changed and it is older than `FRESH`.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._seats: dict[str, _Seat] = {}
        self._ordered: dict[Pile, tuple[GRN, Sequence[ReviewItem]]] = {}
        self._open = _Order(lambda: self._order(Pile.OPEN))

    def prepare(self) -> None:
        """Work out the order of what is open before anybody asks."""
        self._open.items()

    def waiting(
        self, curator: str, pile: Pile, standing: Collection[Decision], kind: SourceKind | None = None
    ) -> list[ReviewItem]:
        """What this curator has neither decided nor skipped, the most useful first, optionally only of one kind.

        `standing` are the decisions that stand now. What others have settled since the order was made is left to them.
        """
        gone = self._left_aside(curator) | {item.claim for item in standing if item.curator == curator}
        if pile is Pile.SECOND:
            items = self._order(pile)
        else:
            items = self._open.items()
            gone |= {claim for claim, held in judgements(standing).items() if held.standing in SETTLED}
        return [
            item for item in items if item.statement.claim not in gone and (kind is None or item.statement.kind is kind)
        ]

    def skipped(self, curator: str) -> int:
        """How many statements this curator has left for later."""
        return len(self._left_aside(curator))

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
        self._write(store, decision)
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
        self._write(store, withdraw(decision))
        return _reference(decision)

    def _write(self, store: GraphStore, decision: Decision) -> None:
        store.decide([decision])
        self._access.changed()

    def _order(self, pile: Pile) -> Sequence[ReviewItem]:
        """A pile's order for somebody who has decided nothing; what each has decided is taken out of it later."""
        grn = self._access.grn()
        known = self._ordered.get(pile)
        if known is None or known[0] is not grn:
            known = grn, review_queue(grn, curator="", second_opinion=pile is Pile.SECOND)
            self._ordered[pile] = known
        return known[1]

    def _left_aside(self, curator: str) -> set[str]:
        with self._lock:
            return self._seat(curator).skipped

    def _seat(self, curator: str) -> _Seat:
        return self._seats.setdefault(curator, _Seat())


class _Order:
    """Something ordered that takes long to work out: by one thread at a time, outside any lock, and kept.

    Only the first who ask wait for it.
    """

    def __init__(self, work: Callable[[], Sequence[ReviewItem]]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._under_way: Future[Sequence[ReviewItem]] | None = None
        self._made: tuple[float, Sequence[ReviewItem]] | None = None

    def items(self) -> Sequence[ReviewItem]:
        """The order as last worked out."""
        with self._lock:
            made = self._made
            if self._under_way is None and (made is None or time.monotonic() - made[0] >= FRESH):
                self._under_way = Future()
                threading.Thread(target=self._make, args=(self._under_way,), daemon=True).start()
            under_way = self._under_way
        if made is not None:
            return made[1]
        assert under_way is not None
        return under_way.result()

    def _make(self, promised: Future[Sequence[ReviewItem]]) -> None:
        try:
            items = self._work()
        except BaseException as error:
            with self._lock:
                self._under_way = None
            promised.set_exception(error)
            return
        with self._lock:
            self._made, self._under_way = (time.monotonic(), items), None
        promised.set_result(items)


def find_statement(store: GraphStore, what: Reference) -> tuple[Evidence, Edge]:
    """The statement of a claim, and its edge. Raises KeyError where the graph has no such claim."""
    edge = edge_of(store, what.regulator, what.target)
    found = [item for item in edge.evidence if item.claim == what.claim]
    if not found:
        raise KeyError(f"nobody says so of {edge.regulator.symbol} and {edge.target.symbol}")
    return found[0], edge


def edge_of(store: GraphStore, regulator: str, target: str) -> Edge:
    """The edge between two genes, given by CURIE, without reading the names of all. Raises KeyError for none."""
    grn = GRN.from_evidence(store.evidence(regulator, target), store.decisions())
    if not len(grn):
        raise KeyError(f"There is no edge from {regulator} to {target}")
    return grn.edges()[0]


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
