"""How far people who judged the same claims agree, beyond what chance would give.

Cohen's kappa (Cohen 1960) is for two curators on the claims that both judged:

    kappa = (p_o - p_e) / (1 - p_e)      p_o agreement seen, p_e that of two with these habits who do not read

Krippendorff's alpha for nominal values (Krippendorff 2011) takes any number of curators, each of whom may have judged
only some claims. With n_uc the number of curators who give claim u the verdict c, m_u their number (claims with one are
left out), n_c the sum of n_uc over claims and n that of n_c:

    alpha = 1 - D_o / D_e      D_o = 1/n        sum over u, c of n_uc (m_u - n_uc) / (m_u - 1)
                               D_e = 1/(n(n-1)) sum over c of n_c (n - n_c)

Both are 1 for full agreement and 0 for chance, and neither is defined where only one verdict was ever given.
Intervals are 95 % percentile bootstraps over claims; draws in which the figure is not defined are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from kg.curation import Decision, standing_decisions

RESAMPLES = 2000

Ratings = Sequence[Mapping[str, str]]
"""A unit (a claim) each: the value that each curator who judged it gave. Who did not judge it is not in it."""

_Figure = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Measure:
    """A coefficient of agreement over `units` claims; None where it is not defined."""

    value: float | None
    interval: tuple[float, float] | None
    units: int


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two curators on the claims both judged: how often they say the same, and kappa."""

    curators: tuple[str, str]
    same: int
    kappa: Measure


@dataclass(frozen=True, slots=True)
class Agreement:
    """Everybody's agreement: alpha over claims that at least two judged, and each pair's kappa, sorted by name."""

    curators: tuple[str, ...]
    alpha: Measure
    pairs: tuple[PairAgreement, ...]


def agreement(decisions: Iterable[Decision], *, seed: int = 0) -> Agreement:
    """How far those who decided agree on accept, reject and unsure, by the decisions that stand."""
    ratings: dict[str, dict[str, str]] = {}
    for item in standing_decisions(decisions):
        ratings.setdefault(item.claim, {})[item.curator] = item.verdict
    units = [ratings[claim] for claim in sorted(ratings)]
    curators = tuple(sorted({name for unit in units for name in unit}))
    pairs = (_pair(units, one, other, seed) for one, other in combinations(curators, 2))
    return Agreement(curators, krippendorff_alpha(units, seed=seed), tuple(pair for pair in pairs if pair.kappa.units))


def cohen_kappa(pairs: Sequence[tuple[str, str]], *, seed: int = 0) -> Measure:
    """Kappa of two curators, whose values for each claim are given in pairs."""
    values = _numbered(value for pair in pairs for value in pair)
    table = np.zeros((len(pairs), len(values), len(values)))
    for unit, (one, other) in enumerate(pairs):
        table[unit, values[one], values[other]] = 1.0
    return _measured(table, _kappa, seed)


def krippendorff_alpha(ratings: Ratings, *, seed: int = 0) -> Measure:
    """Alpha for nominal values of any number of curators, some of which may be missing."""
    units = [list(unit.values()) for unit in ratings if len(unit) > 1]
    values = _numbered(value for unit in units for value in unit)
    counts = np.zeros((len(units), len(values)))
    for row, unit in enumerate(units):
        for value in unit:
            counts[row, values[value]] += 1
    m = counts.sum(axis=1, keepdims=True)
    disagreement = (counts * (m - counts) / np.maximum(m - 1, 1)).sum(axis=1, keepdims=True)
    return _measured(np.hstack([disagreement, counts]), _alpha, seed)


def _pair(units: Ratings, one: str, other: str, seed: int) -> PairAgreement:
    both = [(unit[one], unit[other]) for unit in units if one in unit and other in unit]
    return PairAgreement((one, other), sum(a == b for a, b in both), cohen_kappa(both, seed=seed))


def _numbered(values: Iterable[str]) -> dict[str, int]:
    return {value: number for number, value in enumerate(sorted(set(values)))}


def _kappa(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of tables of counts by both curators' values, (draws, values, values); NaN where it is not defined."""
    n = tables.sum(axis=(1, 2))
    seen = np.trace(tables, axis1=1, axis2=2) / n
    chance = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / n**2
    return np.where(chance < 1, (seen - chance) / np.where(chance < 1, 1 - chance, 1), np.nan)


def _alpha(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the disagreement and the counts by value, (draws, 1 + values); NaN where it is not defined."""
    disagreement, counts = sums[:, 0], sums[:, 1:]
    n = counts.sum(axis=1)
    expected = (counts * (n[:, None] - counts)).sum(axis=1)
    return np.where(expected > 0, 1 - (n - 1) * disagreement / np.where(expected > 0, expected, 1), np.nan)


def _measured(units: NDArray[np.float64], figure: _Figure, seed: int) -> Measure:
    """A figure of the sum over units (the first axis), with its interval over draws of units."""
    n = len(units)
    value = float(figure(units.sum(axis=0)[None])[0]) if n else np.nan
    if np.isnan(value):
        return Measure(None, None, n)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    values = figure(np.tensordot(draws, units, axes=1))
    low, high = np.nanquantile(values, (0.025, 0.975))
    return Measure(value, (float(low), float(high)), n)
