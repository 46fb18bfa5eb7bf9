"""Members against controls: how much more often an attack succeeds on those that were used.

The number that is judged is the plain difference a - c of the two success rates. The usual (a - c) / (1 - c) says which
share of what the control left to be gained was gained. It equals 1 - (1 - a) / (1 - c), a ratio of failures, and where
the control hardly ever fails the ratio rests on next to nothing: an attack that succeeds 991 times in 1,000 beside a
control with 993 gives -0.29 with an interval from -5 to 0.73. It is therefore only given where the control surely
leaves a tenth to be gained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import gammaln
from scipy.stats import norm, t

from audit.statistics import Estimate, fisher_greater

Floats = npt.NDArray[np.floating[Any]]
Donors = tuple[npt.NDArray[np.str_], npt.NDArray[np.str_]]
Event = Literal["exactly one", "at least one"]

PERMUTATIONS = 999
EVENT_PERMUTATIONS = 199
LEFT_TO_GAIN = 0.1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Success on members, on controls, their difference, the share of the possible gain (or None), and a p-value.

    The p-value is one-sided, that members succeed no more often than controls.
    """

    success: Estimate
    control: Estimate
    difference: Estimate
    gained: Estimate | None
    p_value: float


@dataclass(frozen=True, slots=True)
class _Sample:
    """A mean of values in [0, 1]; `size` is how many independent coins would know it as well, `n` the records."""

    mean: float
    size: float
    n: int

    def wilson(self, level: float) -> Estimate:
        """The score interval (Wilson 1927)."""
        z2 = float(norm.ppf((1 + level) / 2)) ** 2
        shrunk = 1 + z2 / self.size
        centre = (self.mean + z2 / (2 * self.size)) / shrunk
        variance = self.mean * (1 - self.mean) / self.size + z2 / (4 * self.size**2)
        reach = float(np.sqrt(z2 * variance)) / shrunk
        low, high = max(centre - reach, 0.0), min(centre + reach, 1.0)
        return Estimate(self.mean, min(low, self.mean), max(high, self.mean), self.n, level)


def compare(members: Floats, controls: Floats, *, donors: Donors | None = None, seed: int) -> Comparison:
    """Compare successes in [0, 1], shapes (n,) and (m,), one a record.

    Intervals of the rates are Wilson's at the effective size n* = p (1 - p) / Var(p), which knows of fractions and of
    donors (Korn and Graubard 1998); that of the difference joins both (Newcombe 1998). The p-value permutes records,
    or whole donors, over the two sides. Donors found on both sides leave records exchangeable and are ignored.
    """
    groups = _groups(donors)
    first = _sample(members, groups and groups[0])
    second = _sample(controls, groups and groups[1])
    return Comparison(
        success=first.wilson(0.95),
        control=second.wilson(0.95),
        difference=_newcombe(first, second),
        gained=_gained(first, second),
        p_value=_permuted(members, controls, groups, seed),
    )


def rate(values: Floats) -> Estimate:
    """The mean of values in [0, 1], shape (n,), with Wilson's interval at its effective size."""
    return _sample(values, None).wilson(0.95)


def _groups(donors: Donors | None) -> Donors | None:
    return None if donors is None or set(donors[0]) & set(donors[1]) else donors


def _sample(values: Floats, groups: npt.NDArray[np.str_] | None) -> _Sample:
    mean, n = float(np.mean(values)), len(values)
    deviations = np.asarray(values - mean, dtype=np.float64)
    if groups is not None:
        place = np.unique(groups, return_inverse=True)[1]
        deviations = np.asarray(np.bincount(place, weights=deviations), dtype=np.float64)
    units = len(deviations)
    if units < 2:
        return _Sample(mean, 1.0, n)
    variance = units / (units - 1) * float(np.sum(deviations**2)) / n**2
    size = mean * (1 - mean) / variance if variance > 1e-12 else float(units)
    # Few donors know their own spread badly; Student's quantile makes the sample smaller by as much.
    return _Sample(mean, size * float(norm.ppf(0.975) / t.ppf(0.975, units - 1)) ** 2, n)


def _newcombe(first: _Sample, second: _Sample) -> Estimate:
    a, c = first.wilson(0.95), second.wilson(0.95)
    point = a.point - c.point
    below = np.hypot(a.point - a.low, c.high - c.point)
    above = np.hypot(a.high - a.point, c.point - c.low)
    return Estimate(point, max(point - float(below), -1.0), min(point + float(above), 1.0), a.n + c.n)


def _gained(first: _Sample, second: _Sample) -> Estimate | None:
    """(a - c) / (1 - c) with the far ends of two 97.5 % intervals, which hold together at 95 % or more."""
    a, c = first.wilson(0.975), second.wilson(0.975)
    if 1 - c.high < LEFT_TO_GAIN:
        return None
    low, high = 1 - (1 - a.low) / (1 - c.high), 1 - (1 - a.high) / (1 - c.low)
    return Estimate(1 - (1 - a.point) / (1 - c.point), low, high, a.n + c.n)


def _permuted(members: Floats, controls: Floats, groups: Donors | None, seed: int) -> float:
    """How often chance gives as large a difference of means; sorted units, so that the order of records is nothing."""
    if groups is None and np.isin(members, (0, 1)).all() and np.isin(controls, (0, 1)).all():
        # All permutations of successes and failures at once: the hypergeometric law.
        return fisher_greater(int(members.sum()), len(members), int(controls.sum()), len(controls))
    sides = [_units(members, groups and groups[0]), _units(controls, groups and groups[1])]
    units = np.concatenate(sides)
    held = np.zeros(len(units), dtype=bool)
    held[: len(sides[0])] = True
    rng = np.random.default_rng(seed)
    order = np.lexsort(units.T)
    orders = np.stack([held[order], *(rng.permutation(held) for _ in range(PERMUTATIONS))])
    sums, sizes = orders @ units[order, 0], orders @ units[order, 1]
    means = sums / sizes - (units[:, 0].sum() - sums) / (units[:, 1].sum() - sizes)
    return float((means >= means[0] - 1e-12).mean())


def _units(values: Floats, groups: npt.NDArray[np.str_] | None) -> npt.NDArray[np.float64]:
    """(units, 2): the sum of the values of each record or donor, and how many records it has."""
    if groups is None:
        return np.column_stack([values, np.ones(len(values))]).astype(np.float64)
    _, place = np.unique(groups, return_inverse=True)
    return np.column_stack([np.bincount(place, weights=values), np.bincount(place)])


def compare_events(
    hits: sp.csr_matrix, members: int, event: Event, *, donors: Donors | None = None, seed: int
) -> Comparison:
    """Compare how many of q guesses hit "exactly one" or "at least one" of equally many members and controls.

    `hits` (q, n + m) says which records each guess hits, members first. More records are hit more often, so both sides
    are judged as if drawn down to the smaller one; the expectation over all such draws is hypergeometric and exact.
    Guesses share the records they are tried on and are not independent: the p-value, the interval of the difference
    (1.96 deviations) and the effective sizes of the rates come from permuting membership over records, or donors. What
    never happened in q guesses may still happen in 3/q of them, which is the least reach of the difference.
    """
    total = hits.shape[1]
    orders = memberships(total, members, donors, permutations=EVENT_PERMUTATIONS, seed=seed)
    inside = np.asarray(hits.astype(np.float64) @ orders)
    outside = np.asarray(hits.sum(axis=1)).reshape(-1, 1) - inside
    sizes = orders.sum(axis=0)
    drawn = np.minimum(sizes, total - sizes)
    first = _probability(inside, sizes, drawn, event)
    second = _probability(outside, total - sizes, drawn, event)
    differences = first.mean(axis=0) - second.mean(axis=0)
    paired = float(np.std(first[:, 0] - second[:, 0])) / np.sqrt(len(first))
    reach = max(1.96 * max(float(np.std(differences[1:])), paired), 3 / len(first))
    a, c = _guesses(first), _guesses(second)
    point = float(differences[0])
    return Comparison(
        success=a.wilson(0.95),
        control=c.wilson(0.95),
        difference=Estimate(point, max(point - reach, -1.0), min(point + reach, 1.0), total),
        gained=_gained(a, c),
        p_value=float((differences >= point - 1e-12).mean()),
    )


def _guesses(probabilities: Floats) -> _Sample:
    """Probabilities of success (q, 1 + permutations) as a sample of as many coins as spread like permutations."""
    means, count = probabilities.mean(axis=0), len(probabilities)
    usual, variance = float(means[1:].mean()), float(means[1:].var())
    size = usual * (1 - usual) / variance if variance > 1e-12 else float(count)
    return _Sample(float(means[0]), min(max(size, 1.0), float(count)), count)


def memberships(
    total: int, members: int, donors: Donors | None, *, permutations: int, seed: int
) -> npt.NDArray[np.float64]:
    """(total, 1 + permutations): 1 where a record counts as member, first as it is, then permuted (donors whole)."""
    rng = np.random.default_rng(seed)
    groups = _groups(donors)
    truth = np.zeros(total)
    truth[:members] = 1
    if groups is None:
        return np.column_stack([truth, *(rng.permutation(truth) for _ in range(permutations))])
    names, place = np.unique(np.concatenate(groups), return_inverse=True)
    held = np.isin(names, groups[0]).astype(np.float64)
    return np.column_stack([truth, *(rng.permutation(held)[place] for _ in range(permutations))])


def _probability(counts: Floats, sizes: Floats, drawn: Floats, event: Event) -> npt.NDArray[np.float64]:
    """P(the event) when `drawn` of `sizes` records are drawn, `counts` of which are hit; whole numbers, as floats."""
    hit, of, some = (np.rint(array).astype(np.intp) for array in (counts, sizes, drawn))
    table = gammaln(np.arange(int(of.max()) + 1) + 1.0)
    every = _log_choose(table, of, some)
    if event == "at least one":
        return np.asarray(1 - np.exp(_log_choose(table, of - hit, some) - every))
    single = np.log(np.maximum(hit, 1)) + _log_choose(table, of - hit, some - 1) - every
    return np.asarray(np.where(hit > 0, np.exp(single), 0.0))


def _log_choose(table: Floats, n: npt.NDArray[np.intp], k: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """log of n choose k from a table of log factorials; minus infinity where n < k."""
    rest = np.maximum(n - k, 0)
    return np.where(n < k, -np.inf, table[rest + k] - table[k] - table[rest])
