"""The privacy loss that the scores prove: lower bounds on epsilon, valid together with their stated assumptions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr
from scipy.stats import norm

from audit.statistics.auc import Scores
from audit.statistics.estimate import lower_bound, upper_bound

THRESHOLDS = 16


@dataclass(frozen=True, slots=True)
class EpsilonBound:
    """Lower bounds on epsilon at `delta`, each at confidence 1 - `error`; 0 means that nothing was proved.

    `clopper_pearson` assumes only that the scores of different units are independent given the synthetic set.
    `gaussian` assumes besides that the mechanism is a Gaussian one (mu-GDP) and that its trade-off, which holds on
    average over synthetic sets, holds given this one: it indicates, and refutes no claim. Both bound add/remove
    guarantees if members were chosen by independent coins; with a split of fixed size one record replaces another,
    whose guarantee may be up to twice the epsilon.
    """

    clopper_pearson: float
    gaussian: float
    mu: float
    delta: float
    error: float
    thresholds: int
    units: str


def epsilon_bound(scores: Scores, *, delta: float, error: float = 0.05) -> EpsilonBound:
    """Lower bounds on epsilon from membership scores, at a set of thresholds fixed in advance.

    Thresholds are fixed *ranks* of the non-members, so Clopper-Pearson bounds on FPR (order statistics) and TPR
    (binomial given the threshold) hold; `error` is shared over both and over all thresholds (Bonferroni).
    Then epsilon >= ln((TPR_low - delta) / FPR_high) and ln((TNR_low - delta) / FNR_high), and
    mu >= PhiInv(TPR_low) - PhiInv(FPR_high), never below 0. Donors' mean scores are used where donors are known.
    Kairouz et al. 2015; Jagielski et al. 2020; Dong, Roth and Su 2022; Nasr et al. 2023.
    """
    units = scores.by_donor()
    nonmembers = np.sort(units.nonmembers)[::-1]
    n, m = len(units.members), len(nonmembers)
    ranks = _ranks(m)
    tail = error / (2 * len(ranks))
    best, mu = 0.0, 0.0
    for rank in ranks:
        threshold = nonmembers[rank - 1]
        tpr = lower_bound(int((units.members >= threshold).sum()), n, tail)
        fpr = upper_bound(int((nonmembers >= threshold).sum()), m, tail)
        best = max(best, _log_ratio(tpr - delta, fpr), _log_ratio(1 - fpr - delta, 1 - tpr))
        if tpr > 0 and fpr < 1:
            mu = max(mu, float(norm.ppf(tpr) - norm.ppf(fpr)))
    what = "donors" if scores.clustered else "records"
    return EpsilonBound(best, gaussian_dp_epsilon(mu, delta), mu, delta, error, len(ranks), what)


def _ranks(m: int) -> list[int]:
    """At most `THRESHOLDS` ranks of m non-members, half of them dense at the top and half at the bottom."""
    half = np.unique(np.geomspace(1, max(m / 2, 1), THRESHOLDS // 2).astype(int))
    return sorted({*half.tolist(), *(m + 1 - half).tolist()})


def _log_ratio(numerator: float, denominator: float) -> float:
    return float(np.log(numerator / denominator)) if numerator > 0 and denominator > 0 else 0.0


def gaussian_dp_delta(mu: float, epsilon: float) -> float:
    """delta(eps) = Phi(-eps/mu + mu/2) - e^eps Phi(-eps/mu - mu/2) of mu-GDP (Dong, Roth and Su 2022, Cor. 2.13)."""
    if mu <= 0:
        return 0.0
    first = log_ndtr(-epsilon / mu + mu / 2)
    second = epsilon + log_ndtr(-epsilon / mu - mu / 2)
    return float(max(np.exp(first) - np.exp(min(second, first)), 0.0))


def gaussian_dp_epsilon(mu: float, delta: float) -> float:
    """The least epsilon for which mu-GDP is (epsilon, delta)-DP; 0 for mu <= 0."""
    if mu <= 0 or gaussian_dp_delta(mu, 0.0) <= delta:
        return 0.0
    high = 1.0
    while gaussian_dp_delta(mu, high) > delta:
        high *= 2
    return float(brentq(lambda epsilon: gaussian_dp_delta(mu, epsilon) - delta, 0.0, high, xtol=1e-9))
