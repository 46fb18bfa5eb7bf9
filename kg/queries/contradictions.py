"""Edges on which papers disagree: both sides are shown, nothing is averaged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kg.grn import GRN
from kg.model import Edge, Effect, Evidence
from kg.queries.filters import EVERYTHING, EdgeFilter, filtered


class Dispute(StrEnum):
    """What is disputed: the sign of a regulation, or that there is one."""

    SIGN = "sign"
    EXISTENCE = "existence"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An edge and the statements of the two sides, sorted by id.

    A disputed sign has those that say activation `on_one_side` and those that say repression `on_the_other`; disputed
    existence those that assert a regulation and those that deny it. What is retracted, or what curators reject, is on
    neither side.
    """

    edge: Edge
    dispute: Dispute
    on_one_side: tuple[Evidence, ...]
    on_the_other: tuple[Evidence, ...]

    @property
    def papers(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The witnesses of each side, sorted; a paper that says both is on both."""
        return _witnesses(self.on_one_side), _witnesses(self.on_the_other)

    @property
    def balance(self) -> float:
        """The share of the papers that the smaller side has, at most one half; the nearer, the more open."""
        one, other = map(len, self.papers)
        return min(one, other) / (one + other)


def contradictions(
    grn: GRN, *, disputes: Iterable[Dispute] = Dispute, where: EdgeFilter = EVERYTHING
) -> tuple[Contradiction, ...]:
    """The contradictions of a network: those with most papers on the smaller side first, then the most balanced.

    An edge that is disputed in both ways is there twice.
    """
    wanted = frozenset(disputes)
    found = [item for edge in filtered(grn, where) for item in _of_edge(grn, edge) if item.dispute in wanted]
    return tuple(sorted(found, key=_order))


def _of_edge(grn: GRN, edge: Edge) -> list[Contradiction]:
    if len(edge.evidence) < 2:
        return []
    retracted = {item.witness for item in edge.evidence if item.retracted}
    standing = [item for item in edge.evidence if item.witness not in retracted and not _taken_out(grn, item)]
    asserted = [item for item in standing if not item.negated]
    signed = [item for item in asserted if not grn.judgement(item).sign_only]
    up, down = (tuple(i for i in signed if i.effect is effect) for effect in (Effect.ACTIVATION, Effect.REPRESSION))
    denials = tuple(item for item in standing if item.negated)
    sides = [(Dispute.SIGN, up, down), (Dispute.EXISTENCE, tuple(asserted), denials)]
    return [Contradiction(edge, dispute, one, other) for dispute, one, other in sides if one and other]


def _taken_out(grn: GRN, item: Evidence) -> bool:
    """Whether curators reject all of a statement, and not its sign alone."""
    judgement = grn.judgement(item)
    return judgement.balance < 0 and not judgement.sign_only


def _order(found: Contradiction) -> tuple[float | str, ...]:
    smaller = min(map(len, found.papers))
    names = (found.edge.regulator.symbol, found.edge.target.symbol, found.edge.regulator.curie, found.edge.target.curie)
    return (-smaller, -found.balance, *names, found.dispute)


def _witnesses(statements: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(sorted({item.witness for item in statements}))
