"""A number with the interval it deserves, and the exact interval of a proportion."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import beta, fisher_exact


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
