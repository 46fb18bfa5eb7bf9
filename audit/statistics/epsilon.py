"""The privacy loss that the scores prove: lower bounds on epsilon, valid together with their stated assumptions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from audit.statistics.auc import Floats, Scores
from audit.statistics.estimate import lower_bound, upper_bound
from audit.statistics.gaussian_dp import gaussian_dp_epsilon, mu_from_auc

LADDER = 4


@dataclass(frozen=True, slots=True)
class EpsilonBound:
    """Lower bounds on epsilon at `delta`, each at confidence 1 - `error`; 0 means that nothing was proved.

    `clopper_pearson` assumes only that the scores of different units are independent given the synthetic set, and
    alike on either side. `gaussian` assumes besides that the mechanism is a Gaussian one (mu-GDP) and that its
    trade-off, which holds on average over synthetic sets, holds given this one: it indicates, and refutes no claim.
    Both bound add/remove guarantees if members were chosen by independent coins; with a split of fixed size one record
    replaces another, whose guarantee may be up to twice the epsilon.
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

    A threshold is the score of the non-member of a fixed *rank*, and then the rate at which it accuses others is
    bounded by Clopper-Pearson for the non-members above it (an order statistic), the rate at which it finds members
    by Clopper-Pearson for the members above it (binomial given the threshold). The same with the roles exchanged.
    `error` is shared over both rates and over all thresholds (Bonferroni). Then epsilon >= ln((TPR_low - delta) /
    FPR_high), epsilon >= ln((TNR_low - delta) / FNR_high), and mu >= PhiInv(TPR_low) - PhiInv(FPR_high), never below
    0; for mu half of the error goes to the bound by the AUC. Donors' mean scores are used where donors are known.
    Kairouz et al. 2015; Jagielski et al. 2020; Dong, Roth and Su 2022; Nasr et al. 2023.
    """
    units = scores.by_donor()
    accused, cleared = _rates(units.members, units.nonmembers, error), _rates(-units.nonmembers, -units.members, error)
    epsilon = max(_log_ratio(low - delta, high) for low, high in accused + cleared)
    halved = _rates(units.members, units.nonmembers, error / 2) + _rates(-units.nonmembers, -units.members, error / 2)
    steps = [float(ndtri(low) - ndtri(high)) for low, high in halved if low > 0 and high < 1]
    mu = max(0.0, mu_from_auc(units, error=error / 2), *steps)
    what = "donors" if scores.clustered else "records"
    return EpsilonBound(epsilon, gaussian_dp_epsilon(mu, delta), mu, delta, error, len(accused + cleared), what)


def _rates(found: Floats, spared: Floats, error: float) -> list[tuple[float, float]]:
    """(low bound of the share found, high bound of the share wrongly accused) at each rank of `spared`.

    `error` is that of both directions together. Strictly above the threshold: then ties can only lower both shares.
    """
    ordered = np.sort(spared)[::-1]
    above = ladder(len(spared) // 2)
    tail = error / (2 * (len(above) + len(ladder(len(found) // 2))))
    results = []
    for count in above:
        hits = int((found > ordered[count]).sum())
        results.append((lower_bound(hits, len(found), tail), upper_bound(count, len(spared), tail)))
    return results


def ladder(most: int) -> list[int]:
    """0, 1, 4, 16, ... up to `most`: how many may be accused wrongly.

    What a bound says changes little within a factor of two, so steps of four lose little and share the error less.
    """
    steps = [0]
    while LADDER ** (len(steps) - 1) <= most:
        steps.append(LADDER ** (len(steps) - 1))
    return steps


def _log_ratio(numerator: float, denominator: float) -> float:
    return max(float(np.log(numerator / denominator)), 0.0) if numerator > 0 and denominator > 0 else 0.0
