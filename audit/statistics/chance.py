"""Is it more than chance? Exact tests, by records or by donors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln
from scipy.stats import mannwhitneyu, nhypergeom

from audit.statistics.auc import Floats, Scores, auc
from audit.statistics.tpr import FPRS, allowed, found, resolvable

PERMUTATIONS = 999


@dataclass(frozen=True, slots=True)
class ChanceTest:
    """One-sided p-values against "the scores do not know who is a member", and the AUC's spread under it.

    `above` and `below`: AUC greater or less than 0.5. `rates`: (fpr, p) for each resolvable rate. `spread` is the
    standard deviation of the AUC under chance; `floor` the smallest p-value that these data could have given.
    """

    above: float
    below: float
    rates: tuple[tuple[float, float], ...]
    spread: float
    floor: float


def against_chance(scores: Scores, *, seed: int, fprs: tuple[float, ...] = FPRS) -> ChanceTest:
    """Test the AUC and the resolvable TPRs against chance.

    Records: Mann-Whitney, and for the TPR the exact negative hypergeometric law of "members above the k-th highest
    non-member". Donors: membership is permuted over donors.
    """
    usable = tuple(fpr for fpr in fprs if resolvable(fpr, len(scores.nonmembers)))
    return _by_donors(scores, usable, seed) if scores.clustered else _by_records(scores, usable)


def _by_records(scores: Scores, fprs: tuple[float, ...]) -> ChanceTest:
    n, m = len(scores.members), len(scores.nonmembers)
    above, below = (
        float(mannwhitneyu(scores.members, scores.nonmembers, alternative=side, method="asymptotic").pvalue)
        for side in ("greater", "less")
    )
    tests = tuple((fpr, rate_tail(found(scores.members, scores.nonmembers, fpr), n, m, fpr)) for fpr in fprs)
    return ChanceTest(_number(above), _number(below), tests, float(np.sqrt((n + m + 1) / (12 * n * m))), 0.0)


def _number(p: float) -> float:
    """Mann-Whitney answers NaN where every score is the same; such scores say nothing."""
    return 1.0 if np.isnan(p) else p


def rate_tail(count: int, n: int, m: int, fpr: float) -> float:
    """P(at least `count` of n members lie above the threshold at `fpr` set by m non-members) under chance."""
    return float(nhypergeom.sf(count - 1, n + m, n, allowed(fpr, m) + 1))


def _by_donors(scores: Scores, fprs: tuple[float, ...], seed: int) -> ChanceTest:
    rng = np.random.default_rng(seed)
    values = np.concatenate([scores.members, scores.nonmembers])
    donors = np.concatenate([scores.member_donors, scores.nonmember_donors])
    names, inverse = np.unique(donors, return_inverse=True)
    held = len(np.unique(donors[: len(scores.members)]))
    observed = _statistics(scores.members, scores.nonmembers, fprs)
    draws = np.empty((PERMUTATIONS, len(observed)))
    for row in range(PERMUTATIONS):
        member = np.isin(inverse, rng.choice(len(names), size=held, replace=False))
        draws[row] = _statistics(values[member], values[~member], fprs)
    reach = (1 + (draws >= observed).sum(axis=0)) / (1 + PERMUTATIONS)
    below = float((1 + (draws[:, 0] <= observed[0]).sum()) / (1 + PERMUTATIONS))
    ways = np.exp(_log_choose(len(names), held))
    tests = tuple(zip(fprs, map(float, reach[1:]), strict=True))
    return ChanceTest(float(reach[0]), below, tests, float(draws[:, 0].std()), max(1 / ways, 1 / (1 + PERMUTATIONS)))


def _statistics(members: Floats, nonmembers: Floats, fprs: tuple[float, ...]) -> Floats:
    tprs = [found(members, nonmembers, fpr) / len(members) for fpr in fprs]
    return np.array([auc(members, nonmembers), *tprs])


def _log_choose(n: int, k: int) -> float:
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
