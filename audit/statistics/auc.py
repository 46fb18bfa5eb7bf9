"""Area under the ROC curve, its ties, and its bootstrap interval by records or by donors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from audit.statistics.estimate import Estimate

Floats = npt.NDArray[np.floating[Any]]
REPETITIONS = 1000


@dataclass(frozen=True, eq=False)
class Scores:
    """What one attack said of each record, higher = member; shapes (n,) and (m,).

    With donors, records of one donor are not independent, and whatever is resampled or permuted is the donor. Donors
    on both sides (cells of one donor split at random) leave the records exchangeable, so they are then ignored.
    """

    members: Floats
    nonmembers: Floats
    member_donors: npt.NDArray[np.str_] | None = None
    nonmember_donors: npt.NDArray[np.str_] | None = None

    @property
    def clustered(self) -> bool:
        """True where donors are known and no donor is on both sides."""
        if self.member_donors is None or self.nonmember_donors is None:
            return False
        return not set(self.member_donors) & set(self.nonmember_donors)

    def by_donor(self) -> Scores:
        """The mean score of each donor where `clustered`, else the scores themselves."""
        if not self.clustered or self.member_donors is None or self.nonmember_donors is None:
            return self
        sides = ((self.members, self.member_donors), (self.nonmembers, self.nonmember_donors))
        members, nonmembers = (group_means(values, donors)[0] for values, donors in sides)
        return Scores(members, nonmembers)


def group_means(values: Floats, groups: npt.NDArray[np.str_]) -> tuple[Floats, npt.NDArray[np.intp]]:
    """The mean of the values (n,) of each group, in order of the groups' names, and the place of each value's group."""
    _, place = np.unique(groups, return_inverse=True)
    return np.bincount(place, weights=values) / np.bincount(place), place


def auc(members: Floats, nonmembers: Floats) -> float:
    """P(member's score > non-member's) + half of P(equal): Mann-Whitney U / (n m)."""
    ranks = rankdata(np.concatenate([members, nonmembers]))
    n, m = len(members), len(nonmembers)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def tied_share(members: Floats, nonmembers: Floats) -> float:
    """The share of member/non-member pairs with equal scores: what the AUC had to guess."""
    values, counts = np.unique(nonmembers, return_counts=True)
    at = np.clip(np.searchsorted(values, members), 0, len(values) - 1)
    equal = np.where(values[at] == members, counts[at], 0)
    return float(equal.sum() / (len(members) * len(nonmembers)))


def weighted_auc(order: npt.NDArray[np.intp], n: int, member: Floats, nonmember: Floats) -> float:
    """AUC where record i of a side counts `member[i]` or `nonmember[i]` times; `order` numbers the distinct scores."""
    size = int(order.max()) + 1
    positive = np.bincount(order[:n], weights=member, minlength=size)
    negative = np.bincount(order[n:], weights=nonmember, minlength=size)
    below = np.cumsum(negative) - negative / 2
    return float(positive @ below / (positive.sum() * negative.sum()))


def auc_estimate(scores: Scores, *, seed: int, repetitions: int = REPETITIONS, level: float = 0.95) -> Estimate:
    """The AUC with a percentile bootstrap interval, stratified by side; donors are resampled whole where known.

    All of [0, 1] where a side is one donor: nothing says how another would have come out.
    """
    rng = np.random.default_rng(seed)
    n, point = len(scores.members), auc(scores.members, scores.nonmembers)
    if min(len(side) for side in (scores.by_donor().members, scores.by_donor().nonmembers)) < 2:
        return Estimate(point, 0.0, 1.0, n + len(scores.nonmembers), level)
    _, order = np.unique(np.concatenate([scores.members, scores.nonmembers]), return_inverse=True)
    draw_member = _resampler(n, scores.member_donors if scores.clustered else None)
    draw_nonmember = _resampler(len(scores.nonmembers), scores.nonmember_donors if scores.clustered else None)
    draws = [weighted_auc(order, n, draw_member(rng), draw_nonmember(rng)) for _ in range(repetitions)]
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(point, min(float(low), point), max(float(high), point), n + len(scores.nonmembers), level)


def _resampler(n: int, donors: npt.NDArray[np.str_] | None) -> Any:
    """A function of a generator that says how often each of n records was drawn."""
    if donors is None:
        return lambda rng: np.bincount(rng.integers(n, size=n), minlength=n).astype(float)
    names, inverse = np.unique(donors, return_inverse=True)
    size = len(names)
    return lambda rng: np.bincount(rng.integers(size, size=size), minlength=size)[inverse].astype(float)
