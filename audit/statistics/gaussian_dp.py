"""Gaussian differential privacy: its epsilon at a delta, and the least mu that scores leave possible."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtri
from scipy.stats import binom

from audit.statistics.auc import Scores, auc

MOST_SPLITS = 256


def gaussian_dp_delta(mu: float, epsilon: float) -> float:
    """delta(eps) = Phi(-eps/mu + mu/2) - e^eps Phi(-eps/mu - mu/2) of mu-GDP (Dong, Roth and Su 2022, Cor. 2.13)."""
    if mu <= 0:
        return 0.0
    first = log_ndtr(-epsilon / mu + mu / 2)
    second = epsilon + log_ndtr(-epsilon / mu - mu / 2)
    return float(max(np.exp(first) - np.exp(min(second, first)), 0.0))


def gaussian_dp_epsilon(mu: float, delta: float) -> float:
    """The least epsilon for which mu-GDP is (epsilon, delta)-DP; 0 for mu <= 0, infinite for delta 0."""
    if mu <= 0 or gaussian_dp_delta(mu, 0.0) <= delta:
        return 0.0
    if delta <= 0:
        return math.inf
    high = 1.0
    while gaussian_dp_delta(mu, high) > delta:
        high *= 2
    return float(brentq(lambda epsilon: gaussian_dp_delta(mu, epsilon) - delta, 0.0, high, xtol=1e-9))


def mu_from_auc(scores: Scores, *, error: float) -> float:
    """A lower bound on mu at confidence 1 - `error` from the whole ROC curve: AUC <= Phi(mu / sqrt 2) under mu-GDP.

    Needs independent scores, alike within each side. It has no tuning and no thresholds, and is exact for any number
    of records: the AUC is the mean of averages of min(n, m) independent comparisons, one for each way of pairing the
    records, so it varies no more, in the convex order, than a binomial share (Hoeffding 1963, section 5).
    """
    pairs = min(len(scores.members), len(scores.nonmembers))
    least = auc_lower_bound(auc(scores.members, scores.nonmembers), pairs, error)
    return max(float(math.sqrt(2) * ndtri(least)), 0.0)


def auc_lower_bound(area: float, pairs: int, error: float) -> float:
    """The least true AUC that makes an AUC of `area` or more from `pairs` disjoint pairs as likely as `error`; >= 0.5.

    P(AUC >= a) <= min over t < a of E max(B/k - t, 0) / (a - t), with B binomial(k, true AUC).
    """
    if area <= 0.5 or _tail(area, pairs, 0.5) > error:
        return 0.5
    if area >= 1:
        # E max(B - (k - 1), 0) is the chance that all k pairs are in order, so nothing has to be searched.
        return max(0.5, float(error ** (1 / pairs)))
    return float(brentq(lambda truth: _tail(area, pairs, truth) - error, 0.5, area, xtol=1e-9))


def _tail(area: float, pairs: int, truth: float) -> float:
    """The bound on P(AUC >= `area`), at most 1; any `t` gives one, so a grid of whole numbers will do."""
    last = math.ceil(area * pairs) - 1
    splits = np.unique(np.linspace(math.floor(truth * pairs), last, MOST_SPLITS).astype(int))
    splits = splits[splits < area * pairs]
    if not len(splits):
        return 1.0
    # E max(B - t, 0) = k p P(Bin(k - 1, p) >= t) - t P(Bin(k, p) > t).
    excess = pairs * truth * binom.sf(splits - 1, pairs - 1, truth) - splits * binom.sf(splits, pairs, truth)
    return float(min(1.0, np.min(excess / (area * pairs - splits))))
