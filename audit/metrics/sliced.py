"""Sliced Wasserstein distance: optimal transport along many directions, where it is a matter of sorting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.metrics._draws import CONTROL, Floats, draw_trio, pooled, resample
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, around

MOST = 1000
DIRECTIONS = 50
PERMUTATIONS = 199
RESAMPLES = 50


@register
@dataclass(frozen=True)
class Sliced:
    """The mean over random directions of the Wasserstein-1 distance of both sets' projections, as many of each.

    On pooled principal axes, with a permutation test. Samples of one law have a distance above 0, too, which shrinks
    with their size; the control has the same size.
    """

    name: str = "sliced"
    label: str = "Sliced Wasserstein distance"
    explanation: str = "How far records must be moved, seen along random directions, to make one set of the other."
    reference: str = "Bonneel et al., Sliced and Radon Wasserstein barycenters, J. Math. Imaging Vis. 2015"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        synthetic, real, other = trio.of(pooled(view))
        estimate, p_value = sliced_test(synthetic, real, seed=view.seed)
        control, control_p = sliced_test(other, real, seed=view.seed)
        score = Score(
            key="distance",
            label="Sliced Wasserstein-1, synthetic against real",
            goal="minimise",
            low=0.0,
            high=None,
            target=0.0,
            estimate=estimate,
            control=control,
            control_label=CONTROL,
            reading="As small as that of real records: alike. The unit is that of distances between records.",
            p_value=p_value,
            control_p_value=control_p,
        )
        return Measured((score,), notes=(f"{trio.size} records a side, {DIRECTIONS} directions.",))


def sliced_test(first: Floats, second: Floats, *, seed: int) -> tuple[Estimate, float]:
    """Sliced Wasserstein-1 of two sets of equal size (n, d), and its permutation p-value."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((first.shape[1], DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    a, b = first @ directions, second @ directions
    observed = sorted_distance(a, b)
    draws = resample(lambda i, j: sorted_distance(a[i], b[j]), (len(a), len(b)), seed=seed, repetitions=RESAMPLES)
    estimate = around(observed, float(draws.std()), 2 * len(a), low=0.0)
    return estimate, _permuted(np.concatenate([a, b]), observed, rng)


def sorted_distance(first: Floats, second: Floats) -> float:
    """Mean over columns of the Wasserstein-1 distance of two samples of equal size: sort both, pair by rank."""
    return float(np.abs(np.sort(first, axis=0) - np.sort(second, axis=0)).mean())


def _permuted(both: Floats, observed: float, rng: np.random.Generator) -> float:
    """The p-value; the same distance is the area between both distribution functions, which needs no more sorting."""
    order = np.argsort(both, axis=0)
    gaps = np.diff(np.take_along_axis(both, order, axis=0), axis=0)
    n = len(both) // 2
    draws = np.empty(PERMUTATIONS)
    for row in range(PERMUTATIONS):
        signs = np.where(rng.permutation(2 * n) < n, 1.0, -1.0)
        apart = np.abs(np.cumsum(signs[order], axis=0)[:-1]) / n
        draws[row] = (apart * gaps).sum(axis=0).mean()
    return float((1 + (draws >= observed * (1 - 1e-9)).sum()) / (1 + PERMUTATIONS))
