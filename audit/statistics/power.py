"""What these numbers of records could have shown: the smallest harm seen with 80 % power."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, norm

from audit.statistics.chance import rate_tail
from audit.statistics.tpr import resolvable

POWER = 0.8


@dataclass(frozen=True, slots=True)
class Power:
    """The smallest AUC and TPR that a test at error `level` sees with probability `power`; None = nothing at all."""

    auc: float | None
    tpr: tuple[tuple[float, float | None], ...]
    level: float
    power: float = POWER


def smallest_visible(n: int, m: int, *, spread: float, floor: float, level: float, fprs: tuple[float, ...]) -> Power:
    """The smallest visible AUC and TPRs for n and m independent units inside and outside, one-sided tests at `level`.

    AUC = 0.5 + (z_level + z_power) * spread, with `spread` the standard deviation under chance. TPR: the least rate
    whose binomial count passes the test's critical count with probability 0.8.
    """
    possible = floor <= level
    visible = 0.5 + float(norm.isf(level) + norm.ppf(POWER)) * spread
    usable = [fpr for fpr in fprs if resolvable(fpr, m)]
    tpr = tuple((fpr, _visible_rate(n, m, fpr, level)) for fpr in usable)
    return Power(visible if possible and visible < 1 else None, tpr, level)


def _visible_rate(n: int, m: int, fpr: float, level: float) -> float | None:
    critical = critical_count(n, m, fpr, level)
    if critical is None:
        return None
    candidates = np.linspace(critical / n * 0.5, 1, 2001)
    enough = binom.sf(critical - 1, n, candidates) >= POWER
    return float(candidates[enough.argmax()]) if enough.any() else None


def critical_count(n: int, m: int, fpr: float, level: float) -> int | None:
    """The least count of found members that is significant at `level`; None where none is."""
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        if rate_tail(middle, n, m, fpr) <= level:
            high = middle
        else:
            low = middle + 1
    return low if low <= n else None
