"""Is one type of record found though the whole cohort is not? Minorities are where synthetic data leak first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from audit import gates
from audit.attacks._run import AttackResult
from audit.statistics import Estimate, Scores, against_chance, auc_estimate, holm, smallest_visible

FEWEST = 3
"""Members and non-members of a type (donors, where they are the unit) below which not even an AUC is computed."""
Names = npt.NDArray[np.str_]
Parts = Mapping[tuple[str, str], Scores]


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The n members of one type against the m non-members of that type, by the attack that saw most of them.

    `adjusted` is Holm's p-value over all types and attacks, so it allows for that choice; the interval of `auc` does
    not. `auc` is None, and `attack` empty, where a side has fewer than three. `visible` is the smallest AUC that
    these numbers show with 80 % power; None: none at all.
    """

    name: str
    n: int
    m: int
    attack: str
    auc: Estimate | None
    adjusted: float
    visible: float | None

    @property
    def is_judged(self) -> bool:
        """True where `gates.MINORITY_HARM` would have been seen."""
        return self.visible is not None and self.visible <= gates.MINORITY_HARM.value

    @property
    def is_found(self) -> bool:
        """True where an attack tells its members significantly, and by more than the margin."""
        significant = self.adjusted <= gates.LEVEL.value
        return self.auc is not None and significant and self.auc.point >= gates.AUC_MARGIN.value


def measure_subgroups(
    attacks: Sequence[AttackResult], inside: Names, outside: Names, *, seed: int
) -> tuple[Subgroup, ...]:
    """Every type, judged by its own records alone; `inside` (n,) and `outside` (m,) are members' and others' types."""
    kinds = [str(kind) for kind in np.unique(np.concatenate([inside, outside]))]
    parts: dict[tuple[str, str], Scores] = {}
    for kind, attack in product(kinds, attacks):
        part = _part(attack.scores, inside == kind, outside == kind)
        if min(len(part.members), len(part.nonmembers)) >= FEWEST:
            parts[kind, attack.name] = part
    p_values = [against_chance(part, seed=seed, fprs=()).above for part in parts.values()]
    adjusted = dict(zip(parts, holm(p_values), strict=True))
    labels = {attack.name: attack.label for attack in attacks}
    groups = []
    for kind in kinds:
        sizes = int((inside == kind).sum()), int((outside == kind).sum())
        mine = {key: adjusted[key] for key in adjusted if key[0] == kind}
        groups.append(_subgroup(kind, sizes, parts, mine, labels, tests=len(adjusted), seed=seed))
    return tuple(groups)


def _part(scores: Scores, inside: npt.NDArray[np.bool_], outside: npt.NDArray[np.bool_]) -> Scores:
    """The scores of one type; the means of donors where donors are the unit."""
    donors: tuple[Names | None, Names | None] = (None, None)
    if scores.member_donors is not None and scores.nonmember_donors is not None and scores.clustered:
        donors = (scores.member_donors[inside], scores.nonmember_donors[outside])
    return Scores(scores.members[inside], scores.nonmembers[outside], *donors).by_donor()


def _subgroup(
    kind: str,
    sizes: tuple[int, int],
    parts: Parts,
    adjusted: Mapping[tuple[str, str], float],
    labels: Mapping[str, str],
    *,
    tests: int,
    seed: int,
) -> Subgroup:
    if not adjusted:
        return Subgroup(kind, *sizes, "", None, 1.0, None)
    best = min(adjusted, key=lambda key: adjusted[key])
    units = len(parts[best].members), len(parts[best].nonmembers)
    visible = smallest_visible(
        *units,
        spread=float(np.sqrt((sum(units) + 1) / (12 * units[0] * units[1]))),
        floor=0.0,
        level=gates.LEVEL.value / tests,
        fprs=(),
    )
    estimate = auc_estimate(parts[best], seed=seed)
    return Subgroup(kind, *sizes, labels[best[1]], estimate, adjusted[best], visible.auc)
