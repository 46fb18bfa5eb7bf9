"""What to judge next: the statements whose verdict would change most of what the graph says.

A statement waits with the score

    (p |b+ - b| + (1 - p) |b- - b|) * log2(2 + k)

b are the edge's beliefs now (regulation and both signs; the one that changes most counts), b+ and b- what they would
be if the statement were accepted or rejected, and p is the reliability of its reader for it. The first factor is the
change to be expected from asking (expected model change; Settles 2009): large where the verdict is open and no other
paper settles the edge. The second is how far the edge reaches: k edges go on from its target, so an edge into a
regulator comes before one into a gene that regulates nothing. Ties are settled by the claim's key; the order is the
same on every machine.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kg.belief import edge_beliefs
from kg.curation import Judgement, Standing, judgements, standing_decisions
from kg.grn import GRN
from kg.model import Beliefs, Edge, Evidence
from kg.reliability import reliability
from prisyn_base import sha256_text

_ACCEPTED = Judgement(accepted_by=("somebody",))
_REJECTED = Judgement(rejected_by=("somebody",))
_SETTLED = (Standing.ACCEPTED, Standing.REJECTED, Standing.DISPUTED)


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A claim to judge: its surest reading, all who read the same, the edge it speaks for, and why it comes here.

    `beliefs` are those of the edge if nobody had judged this claim, so that a second opinion is not led by the first.
    `change` is the expected change of them, `reach` the weight of what lies behind the edge.
    """

    statement: Evidence
    readers: tuple[str, ...]
    edge: Edge
    beliefs: Beliefs
    change: float
    reach: float

    @property
    def score(self) -> float:
        """What the queue is ordered by: change times reach."""
        return self.change * self.reach


def review_queue(
    grn: GRN,
    *,
    curator: str,
    second_opinion: bool = False,
    keeps: Callable[[Edge], bool] = lambda edge: True,
    draw: int | None = None,
) -> list[ReviewItem]:
    """What this curator has not decided, the most useful first, of the edges that `keeps` keeps.

    By default what is settled by others is left to them; `second_opinion` asks for just that, in the order it had
    before anybody judged it. With `draw` the order is a random one of that seed, for measuring how often readers are
    right: the most useful statements are no fair sample of all.
    """
    decided = {item.claim for item in standing_decisions(grn.decisions) if item.curator == curator}
    judged = judgements(grn.decisions)
    out_degree = Counter(edge.regulator.curie for edge in grn.edges())
    items = []
    for edge in filter(keeps, grn.edges()):
        for claim, readings in _claims(edge).items():
            settled = claim in judged and judged[claim].standing in _SETTLED
            if claim not in decided and settled is second_opinion:
                items.append(_item(edge, readings, judged, out_degree[edge.target.curie]))
    if draw is not None:
        return sorted(items, key=lambda item: sha256_text(f"{draw}:{item.statement.claim}"))
    return sorted(items, key=lambda item: (-item.score, item.statement.claim))


def _item(edge: Edge, readings: list[Evidence], judged: Mapping[str, Judgement], k: int) -> ReviewItem:
    surest = min(readings, key=lambda item: (-_right(item), item.id))
    readers = tuple(sorted({item.provenance.reader for item in readings}))
    others = {item.claim: judged[item.claim] for item in edge.evidence if item.claim in judged}
    now = edge_beliefs(edge.evidence, others) if others.pop(surest.claim, None) else edge.beliefs
    return ReviewItem(surest, readers, edge, now, _expected_change(edge, surest, now, others), math.log2(2 + k))


def _expected_change(edge: Edge, statement: Evidence, now: Beliefs, others: Mapping[str, Judgement]) -> float:
    if statement.negated or statement.retracted:
        return 0.0
    accepted = edge_beliefs(edge.evidence, {**others, statement.claim: _ACCEPTED})
    rejected = edge_beliefs(edge.evidence, {**others, statement.claim: _REJECTED})
    p = _right(statement)
    return p * _change(now, accepted) + (1 - p) * _change(now, rejected)


def _change(one: Beliefs, other: Beliefs) -> float:
    return max(
        abs(one.regulation - other.regulation),
        abs(one.activation - other.activation),
        abs(one.repression - other.repression),
    )


def _right(item: Evidence) -> float:
    return reliability(item.provenance.reader).of(item.provenance.score)


def _claims(edge: Edge) -> dict[str, list[Evidence]]:
    claims: dict[str, list[Evidence]] = {}
    for item in edge.evidence:
        claims.setdefault(item.claim, []).append(item)
    return claims
