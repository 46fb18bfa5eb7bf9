"""Is it more than chance? By records or by donors: exact tests, but for the AUC of records (normal approximation)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln
from scipy.stats import mannwhitneyu, nhypergeom

from audit.statistics.auc import Floats, Scores
from audit.statistics.tpr import FPRS, allowed, found, resolvable

PERMUTATIONS = 999
PER_TEST = 400
"""Permutations for each test of a family: the smallest p-value is still a twentieth of .05 once corrected for all."""
CLEAR = 0.1
"""Nothing becomes significant from here, whatever the correction, so no more permutations are drawn."""


@dataclass(frozen=True, slots=True)
class ChanceTest:
    """One-sided p-values against "the scores do not know who is a member", and the AUC's spread under it.

    `above` and `below`: AUC greater or less than 0.5. `rates`: (fpr, p) for each resolvable rate, of donors where they
    are the unit. `spread` is the standard deviation of the AUC under chance; `floor` the smallest p-value that
    permutations of donors could have given, 0 where records are the unit.
    """

    above: float
    below: float
    rates: tuple[tuple[float, float], ...]
    spread: float
    floor: float


def against_chance(scores: Scores, *, seed: int, fprs: tuple[float, ...] = FPRS, tests: int = 1) -> ChanceTest:
    """Test the AUC and the resolvable TPRs against chance; `tests` is how many the p-values are corrected for.

    AUC of records: Mann-Whitney (normal approximation with ties). AUC with donors: membership is permuted over donors,
    the more often the more `tests`, so that correction leaves something to find. TPR: the exact negative
    hypergeometric law of "members above the k-th highest non-member", of records or of donors' means.
    """
    units = scores.by_donor()
    n, m = len(units.members), len(units.nonmembers)
    usable = [fpr for fpr in fprs if resolvable(fpr, m)]
    rates = tuple((fpr, rate_tail(found(units.members, units.nonmembers, fpr), n, m, fpr)) for fpr in usable)
    if scores.clustered:
        above, below, spread, floor = _by_donors(scores, seed, max(PERMUTATIONS, PER_TEST * tests))
        return ChanceTest(above, below, rates, spread, floor)
    above, below = (
        float(mannwhitneyu(scores.members, scores.nonmembers, alternative=side, method="asymptotic").pvalue)
        for side in ("greater", "less")
    )
    return ChanceTest(_number(above), _number(below), rates, float(np.sqrt((n + m + 1) / (12 * n * m))), 0.0)


def _number(p: float) -> float:
    """Mann-Whitney answers NaN where every score is the same; such scores say nothing."""
    return 1.0 if np.isnan(p) else p


def rate_tail(count: int, n: int, m: int, fpr: float) -> float:
    """P(at least `count` of n members lie above the threshold at `fpr` set by m non-members) under chance."""
    return float(nhypergeom.sf(count - 1, n + m, n, allowed(fpr, m) + 1))


def _by_donors(scores: Scores, seed: int, permutations: int) -> tuple[float, float, float, float]:
    """p above and below chance, spread and floor of the AUC where membership is permuted over donors."""
    rng = np.random.default_rng(seed)
    donors = np.concatenate([scores.member_donors, scores.nonmember_donors])
    names, of = np.unique(donors, return_inverse=True)
    truth = np.isin(names, np.unique(donors[: len(scores.members)]))
    wins, sizes = _wins(np.concatenate([scores.members, scores.nonmembers]), of), np.bincount(of).astype(float)
    observed = _areas(truth[None], wins, sizes)[0]
    draws, above, below = np.empty(0), 0.0, 0.0
    while len(draws) < permutations and min(above, below) <= CLEAR:
        size = min(PERMUTATIONS, permutations - len(draws))
        more = _areas(rng.permuted(np.tile(truth, (size, 1)), axis=1), wins, sizes)
        draws = np.concatenate([draws, more])
        above, below = (
            float((1 + reached.sum()) / (1 + len(draws))) for reached in (draws >= observed, draws <= observed)
        )
    ways = np.exp(_log_choose(len(names), int(truth.sum())))
    return above, below, float(draws.std()), max(float(1 / ways), 1 / (1 + permutations))


def _wins(values: Floats, of: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """How many pairs of records each donor wins against each other donor, ties as halves; shape (donors, donors)."""
    count = int(of.max()) + 1
    wins = np.empty((count, count))
    for other in range(count):
        theirs = np.sort(values[of == other])
        below = np.searchsorted(theirs, values, side="left") + np.searchsorted(theirs, values, side="right")
        wins[:, other] = np.bincount(of, weights=below / 2, minlength=count)
    return wins


def _areas(member: npt.NDArray[np.bool_], wins: Floats, sizes: Floats) -> npt.NDArray[np.float64]:
    """The AUC of records for each row of `member` (k, donors); exact, as halves of whole numbers add up exactly."""
    inside = member.astype(float)
    held = inside @ sizes
    won = np.einsum("kd,kd->k", inside @ wins, 1 - inside)
    return np.asarray(won / (held * (sizes.sum() - held)))


def _log_choose(n: int, k: int) -> float:
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
