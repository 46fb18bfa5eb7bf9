"""How much to believe an edge, given its evidence and what people have decided about it.

Evidence is grouped by *witness*: the paper it comes from, or the document where no paper is known. A paper that
repeats itself is one witness, and so is a database row that cites a paper already read. All that one model recalls
without a text is one witness too, however often it was asked.

A statement i counts with

    p(i) = r(i) * h(i)        h = 1, or 0.5 where the statement is hypothetical
    p(i) <= 0.1               where it was recalled without a text
    p(i) = 0                  where it is negated, or its paper is retracted

and r(i) is

    the reliability of its reader, at the reader's own score where the table has a curve for it
    the reliability of an accepted statement, where more people accept than reject it
    0, where more reject than accept it; if they all say that only its sign is wrong, it is an accepted statement
      that there is regulation, of unknown sign

As many for as against leave the reader's own figure: by Bayes' rule two people equally good who disagree cancel.

A witness counts with its strongest statement, and independent witnesses are combined by noisy-or (Pearl 1988):

    p(w) = max over i in w of p(i)                belief = 1 - product over w of (1 - p(w))

`regulation` is taken over all statements, `activation` and `repression` over those of that sign; a statement of
unknown sign raises neither, and neither sign lowers the other. Negated, rejected and retracted statements stay with
the edge and raise nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from kg.curation import Judgement
from kg.model import Beliefs, Effect, Evidence, SourceKind
from kg.reliability import ANYBODY, CURATED, Reliability, table_in_use

HYPOTHETICAL = 0.5
"""What a hypothetical statement counts, as a fraction of an asserted one."""

KNOWLEDGE_AT_MOST = 0.1
"""The most that a model's recall without a text counts for."""

CLEARLY_AHEAD = 10.0
"""How many times the odds of one sign must be those of the other before an edge is given that sign."""

NOTHING_JUDGED: Mapping[str, Judgement] = MappingProxyType({})


def edge_beliefs(evidence: Sequence[Evidence], judged: Mapping[str, Judgement] = NOTHING_JUDGED) -> Beliefs:
    """The beliefs in one edge given all its evidence, whose order does not matter, and judgements by claim."""
    table = table_in_use()
    retracted = {item.witness for item in evidence if item.retracted}
    strongest: dict[str, float] = {}
    of_sign: dict[Effect, dict[str, float]] = {effect: {} for effect in Effect}
    for item in evidence:
        if item.negated or item.witness in retracted:
            continue
        witness = _witness(item)
        effect, weight = _weighed(item, table, judged)
        for weights in (strongest, of_sign[effect]):
            if weight > weights.get(witness, 0.0):
                weights[witness] = weight
    return Beliefs(
        regulation=_noisy_or(strongest.values()),
        activation=_noisy_or(of_sign[Effect.ACTIVATION].values()),
        repression=_noisy_or(of_sign[Effect.REPRESSION].values()),
        witnesses=len(strongest),
    )


def edge_effect(beliefs: Beliefs) -> Effect:
    """The sign whose odds b / (1 - b) are at least `CLEARLY_AHEAD` times those of the other; else unknown.

    One paper against none is clear, two against one of the same reader are not.
    """
    up, down = _odds(beliefs.activation), _odds(beliefs.repression)
    if up > 0 and up >= CLEARLY_AHEAD * down:
        return Effect.ACTIVATION
    if down > 0 and down >= CLEARLY_AHEAD * up:
        return Effect.REPRESSION
    return Effect.UNKNOWN


def _witness(item: Evidence) -> str:
    if item.kind is SourceKind.KNOWLEDGE:
        return f"knowledge:{item.provenance.reader}:{item.provenance.model}"
    return item.witness


def _weighed(item: Evidence, table: Mapping[str, Reliability], judged: Mapping[str, Judgement]) -> tuple[Effect, float]:
    """The sign a statement speaks for, and its weight p(i)."""
    effect, weight = _right(item, table, judged)
    if item.kind is SourceKind.KNOWLEDGE:
        weight = min(weight, KNOWLEDGE_AT_MOST)
    return effect, weight * HYPOTHETICAL if item.hypothetical else weight


def _right(item: Evidence, table: Mapping[str, Reliability], judged: Mapping[str, Judgement]) -> tuple[Effect, float]:
    """r(i), and the sign that is left of the statement. Where nobody has judged, its key need not be made."""
    judgement = judged.get(item.claim) if judged else None
    if judgement is None or judgement.balance == 0:
        source = item.provenance
        return item.effect, (table.get(source.reader) or table[ANYBODY]).of(source.score)
    if judgement.balance > 0:
        return item.effect, table[CURATED].probability
    if judgement.sign_only:
        return Effect.UNKNOWN, table[CURATED].probability
    return item.effect, 0.0


def _noisy_or(probabilities: Iterable[float]) -> float:
    """1 - product of (1 - p), in ascending order: rounding must not depend on the order of witnesses."""
    return 1.0 - math.prod(1.0 - p for p in sorted(probabilities))


def _odds(probability: float) -> float:
    return probability / (1.0 - probability) if probability < 1.0 else math.inf
