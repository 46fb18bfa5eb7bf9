"""A number with the interval it deserves, and the exact interval of a proportion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, fisher_exact

Z = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point with its two-sided interval at `level`, resting on `n` records."""

    point: float
    low: float
    high: float
    n: int
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.point:.3f} [{self.low:.3f}, {self.high:.3f}]"


def around(point: float, spread: float, n: int, *, low: float | None = None, high: float | None = None) -> Estimate:
    """`point` with 1.96 standard deviations to either side, cut to the range from `low` to `high`.

    Resampling moves most statistics that compare two samples away from their ideal, so that its quantiles would not
    even hold the point; its deviations are still those of the statistic.
    """
    bottom, top = point - Z * spread, point + Z * spread
    bottom = bottom if low is None else min(max(bottom, low), point)
    top = top if high is None else max(min(top, high), point)
    return Estimate(point, bottom, top, n)


def mean_estimate(
    values: npt.NDArray[np.floating[Any]], *, low: float | None = None, high: float | None = None
) -> Estimate:
    """The mean of independent values (n,) with 1.96 standard errors; the whole range for one value alone."""
    spread = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("inf")
    return around(float(values.mean()), spread, len(values), low=low, high=high)


def lower_bound(successes: int, trials: int, tail: float) -> float:
    """One-sided Clopper-Pearson lower bound of a proportion at error `tail`."""
    return float(beta.ppf(tail, successes, trials - successes + 1)) if successes > 0 else 0.0


def upper_bound(successes: int, trials: int, tail: float) -> float:
    """One-sided Clopper-Pearson upper bound of a proportion at error `tail`."""
    return float(beta.ppf(1 - tail, successes + 1, trials - successes)) if successes < trials else 1.0


def clopper_pearson(successes: int, trials: int, *, level: float = 0.95) -> Estimate:
    """The exact interval of a proportion (Clopper and Pearson, Biometrika 1934). Raises ValueError without trials."""
    if trials < 1:
        raise ValueError("a proportion needs at least one trial")
    tail = (1 - level) / 2
    low, high = lower_bound(successes, trials, tail), upper_bound(successes, trials, tail)
    return Estimate(successes / trials, low, high, trials, level)


def fisher_greater(first: int, first_of: int, second: int, second_of: int) -> float:
    """Fisher's exact one-sided p-value that `first/first_of` exceeds `second/second_of`."""
    table = [[first, first_of - first], [second, second_of - second]]
    return float(fisher_exact(table, alternative="greater").pvalue)
