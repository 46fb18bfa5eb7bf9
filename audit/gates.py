"""The thresholds of the verdict, each with its reason. Nothing else decides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """One threshold: its name, value, what crossing it means and why it stands where it stands."""

    name: str
    value: float
    meaning: str
    reason: str


LEVEL = Gate(
    "level",
    0.05,
    "the error rate of each family of tests, after Holm's correction: membership attacks, risks, types, exact copies, "
    "bounds on epsilon",
    "the convention; it bounds the chance that a harmless release fails within a family, and five times it the chance "
    "that it fails at all",
)
AUC_MARGIN = Gate(
    "AUC margin",
    0.55,
    "an AUC significantly above chance and at or above this fails",
    "with very many records the faintest trace becomes significant; below .55 an attacker is right about a record "
    "hardly more often than by tossing a coin",
)
AUC_HARM = Gate(
    "AUC harm",
    0.60,
    "a pass needs 80 % power to see this AUC, and intervals that stay below it",
    "the weakest overall leak reported as harmful for synthetic expression data lies near here; a test that could "
    "have missed it shows nothing",
)
RATE_MARGIN = Gate(
    "rate margin",
    1.5,
    "members found significantly above chance and at or above this multiple of the false positive rate fail",
    "the few records that leak most decide about harm to people, and averages hide them",
)
RATE_HARM = Gate(
    "rate harm",
    2.5,
    "a pass needs 80 % power to see this multiple of the lowest resolvable false positive rate",
    "naming a quarter of the members while accusing one outsider in ten is a breach by any reading",
)
BELOW_CHANCE = Gate(
    "below chance",
    0.01,
    "scores that are significantly worse than chance at this level void the instrument",
    "an attack that prefers non-members shows that the two sets differ by themselves or that its sign is wrong",
)
SPLIT = Gate(
    "split",
    0.55,
    "a forest that tells members from non-members without any synthetic data, its whole interval above this, voids the "
    "attacks",
    "the split then differs by itself, and what an attack finds cannot be laid at the generator's door",
)
PRIVACY_LOSS = Gate(
    "privacy loss",
    0.05,
    "a nearest-neighbour privacy loss above this with its whole interval stands against a pass",
    "it says that synthetic records lie nearer to members than to others, even where no attack turned that into names",
)
RISK_MARGIN = Gate(
    "risk margin",
    0.07,
    "an attack on attributes, links or single persons fails the release if it succeeds significantly more often on "
    "members, by at least this difference",
    "the largest difference of hit and false alarm rate that an AUC of .55 allows where scores are Gaussian",
)
RISK_HARM = Gate(
    "risk harm",
    0.14,
    "a pass needs the interval of that difference to stay below this",
    "the same for an AUC of .60: one measure of harm for all attacks",
)
MINORITY_HARM = Gate(
    "minority harm",
    0.75,
    "a type counts as judged if this AUC among its own records would be seen with 80 % power",
    "there an attacker is right in three of four comparisons; smaller leaks cannot be seen in types of a few dozen "
    "records, whatever the test",
)
UNJUDGED = Gate(
    "unjudged",
    0.25,
    "a pass leaves at most this share of the members in types too small to be judged by themselves",
    "these types are in every test of the whole, so a pass is not silent about them; where they make up more, it "
    "would be about a minority of types alone. They are named either way",
)

GATES = (
    LEVEL,
    AUC_MARGIN,
    AUC_HARM,
    RATE_MARGIN,
    RATE_HARM,
    BELOW_CHANCE,
    SPLIT,
    PRIVACY_LOSS,
    RISK_MARGIN,
    RISK_HARM,
    MINORITY_HARM,
    UNJUDGED,
)
