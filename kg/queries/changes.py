"""What a store has learnt since a date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kg.curation import Decision
from kg.grn import GRN, Pair
from kg.model import Edge, Evidence
from kg.queries.filters import EVERYTHING, EdgeFilter
from kg.store import GraphStore
from kg.stores._clock import parse


class Kind(StrEnum):
    """The most that changed about an edge; `evidence` is new evidence or decisions that leave its belief as it was."""

    NEW = "new"
    EFFECT = "effect"
    BELIEF = "belief"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Change:
    """An edge as it is now, as it was `before` (None where it was not there), and what came in between."""

    edge: Edge
    before: Edge | None
    statements: tuple[Evidence, ...]
    decisions: tuple[Decision, ...]

    @property
    def kind(self) -> Kind:
        """The most that changed."""
        if self.before is None:
            return Kind.NEW
        if self.before.effect is not self.edge.effect:
            return Kind.EFFECT
        return Kind.BELIEF if self.before.beliefs != self.edge.beliefs else Kind.EVIDENCE


def changes(
    store: GraphStore, since: str, where: EdgeFilter = EVERYTHING, *, grn: GRN | None = None
) -> tuple[Change, ...]:
    """Edges with statements added or decisions taken at `since` or later, new ones first, then the most changed.

    `since` is a date or time as ISO 8601 writes it, in UTC where it names no zone. The filter is asked about edges as
    they are now. With the whole network of the store at hand as `grn`, its edges are not read again one by one.
    Raises InputError where `since` is no time.
    """
    start = parse(since)
    new: dict[Pair, list[Evidence]] = {}
    for item in store.changed_since(since):
        new.setdefault((item.regulator.curie, item.target.curie), []).append(item)
    judged: dict[Pair, list[Decision]] = {}
    for decision in store.decisions():
        judged.setdefault((decision.regulator, decision.target), []).append(decision)
    decided = {pair: late for pair, all_ in judged.items() if (late := [d for d in all_ if parse(d.time) >= start])}
    known = {} if grn is None else {(edge.regulator.curie, edge.target.curie): edge for edge in grn.edges()}
    found = []
    for pair in {**new, **decided}:
        on_pair = judged.get(pair, [])
        now = known.get(pair) if grn is not None else _edge(store.evidence(*pair), on_pair)
        if now is not None and where.keeps(now):
            found.append(_change(now, new.get(pair, ()), decided.get(pair, ()), on_pair))
    return tuple(sorted(found, key=_order))


def _change(
    now: Edge, statements: Iterable[Evidence], decided: Iterable[Decision], on_pair: Iterable[Decision]
) -> Change:
    added, taken = {item.id for item in statements}, {decision.id for decision in decided}
    earlier = [decision for decision in on_pair if decision.id not in taken]
    before = _edge([item for item in now.evidence if item.id not in added], earlier)
    return Change(now, before, tuple(sorted(statements, key=lambda item: item.id)), tuple(decided))


def _edge(evidence: Iterable[Evidence], decisions: Iterable[Decision]) -> Edge | None:
    return next(iter(GRN.from_evidence(evidence, decisions).edges()), None)


def _order(change: Change) -> tuple[int | float | str, ...]:
    was = change.before.belief if change.before else 0.0
    names = change.edge.regulator.symbol, change.edge.target.symbol
    return (list(Kind).index(change.kind), -abs(change.edge.belief - was), *names, change.edge.regulator.curie)
