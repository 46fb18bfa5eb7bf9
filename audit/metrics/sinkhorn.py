"""Optimal transport between the clouds, entropically smoothed and without the bias that brings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from audit.metrics._draws import CONTROL, Floats, draw_trio, pooled
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.neighbours import squared_distances
from audit.statistics import Estimate

BATCH = 150
BATCHES = 5
SMOOTHING = 0.05
TOLERANCE = 1e-2
ITERATIONS = 100


@register
@dataclass(frozen=True)
class Sinkhorn:
    """Debiased Sinkhorn divergence of squared Euclidean cost, in the log domain, on pooled principal axes.

    OT_e(S, T) - OT_e(S, S) / 2 - OT_e(T, T) / 2 with e = 5 % of the median squared distance between real records.
    Transport costs time by the square of the records, so that it is computed on five disjoint batches of at most 150
    a side; point and t-interval are over the batches.
    """

    name: str = "sinkhorn"
    label: str = "Sinkhorn divergence"
    explanation: str = "How far records must be moved, at least, to make the synthetic set of the real one."
    reference: str = "Feydy et al., Interpolating between optimal transport and MMD, AISTATS 2019"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, BATCH * BATCHES)
        synthetic, real, other = trio.of(pooled(view))
        smoothing = SMOOTHING * float(np.median(squared_distances(real[:BATCH], other[:BATCH]))) or 1.0
        score = Score(
            key="divergence",
            label="Sinkhorn divergence, synthetic against real",
            goal="minimise",
            low=None,
            high=None,
            target=0.0,
            estimate=_batched(synthetic, real, smoothing, view.seed),
            control=_batched(other, real, smoothing, view.seed),
            control_label=CONTROL,
            reading="A squared distance: as small as that of real records is alike.",
        )
        return Measured((score,), notes=(f"Batches of at most {BATCH} records a side; smoothing {smoothing:.3g}.",))


def sinkhorn_divergence(first: Floats, second: Floats, *, smoothing: float) -> float:
    """The debiased divergence of two point clouds (n, d), (m, d); 0 for equal ones, |shift|^2 for shifted ones."""
    across = _transport(squared_distances(first, second), smoothing)
    own = sum(_transport(squared_distances(points, points), smoothing) for points in (first, second))
    return across - own / 2


def _transport(cost: Floats, smoothing: float) -> float:
    """Entropic transport cost by its dual, mean f + mean g; both potentials are averaged with their updates.

    The smoothing is halved from the largest cost down to the one asked for, without which the potentials of clouds far
    apart would creep to where they belong.
    """
    f, g = np.zeros(cost.shape[0]), np.zeros(cost.shape[1])
    current = max(float(cost.max()), smoothing)
    for _ in range(ITERATIONS):
        new_f, new_g = _soft(cost - g, current), _soft(cost.T - f, current)
        moved = max(float(np.abs(new_f - f).max()), float(np.abs(new_g - g).max()))
        f, g = (f + new_f) / 2, (g + new_g) / 2
        if current == smoothing and moved < TOLERANCE * smoothing:
            break
        current = max(current / 2, smoothing)
    return float(_soft(cost - g, current).mean() + g.mean())


def _soft(values: Floats, smoothing: float) -> Floats:
    """The soft minimum -e log mean exp(-values / e) of each row, from its least value on: nothing underflows."""
    least = values.min(axis=1, keepdims=True)
    return np.asarray(least[:, 0] - smoothing * np.log(np.exp((least - values) / smoothing).mean(axis=1)))


def _batched(first: Floats, second: Floats, smoothing: float, seed: int) -> Estimate:
    rng = np.random.default_rng(seed)
    parts = [np.array_split(points[rng.permutation(len(points))], BATCHES) for points in (first, second)]
    found = [sinkhorn_divergence(a, b, smoothing=smoothing) for a, b in zip(*parts, strict=True)]
    point = float(np.mean(found))
    reach = float(student.ppf(0.975, BATCHES - 1) * np.std(found, ddof=1) / np.sqrt(BATCHES))
    return Estimate(point, point - reach, point + reach, 2 * len(first))
