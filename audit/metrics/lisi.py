"""Local inverse Simpson's index: how well are both sets mixed around each record?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.metrics._draws import CONTROL, Floats, draw_trio, mean_estimate, pooled
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.neighbours import nearest
from audit.statistics import Estimate

MOST = 1500
PERPLEXITY = 30.0
STEPS = 60


@register
@dataclass(frozen=True)
class Lisi:
    """1 / sum of p^2 over both sets in Gaussian neighbourhoods of perplexity 30, averaged over all records.

    As many records of each set, on pooled principal axes, 90 neighbours (fewer where there are fewer). Not on a t-SNE
    or UMAP, which put likenesses of their own between records.
    """

    name: str = "lisi"
    label: str = "Local inverse Simpson's index"
    explanation: str = "Looks whether the neighbours of each record are of both sets or of one only."
    reference: str = "Korsunsky et al., Harmony, Nature Methods 2019"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        synthetic, real, other = trio.of(pooled(view))
        score = Score(
            key="lisi",
            label="Integration of synthetic with real records",
            goal="maximise",
            low=1.0,
            high=2.0,
            target=2.0,
            estimate=_estimate(synthetic, real),
            control=_estimate(other, real),
            control_label=CONTROL,
            reading="2: perfectly mixed; 1: two separate clouds. Real records reach a little less than 2.",
        )
        return Measured((score,), notes=(f"{trio.size} records a side, perplexity {PERPLEXITY:g}.",))


def _estimate(first: Floats, second: Floats) -> Estimate:
    of = np.repeat([0, 1], [len(first), len(second)])
    return mean_estimate(local_simpson(np.concatenate([first, second]), of), low=1.0, high=2.0)


def local_simpson(points: Floats, groups: npt.NDArray[np.intp], *, perplexity: float = PERPLEXITY) -> Floats:
    """The effective number of groups around each of points (n, d), whose groups (n,) are numbered from 0."""
    k = min(int(3 * perplexity), len(points) - 1)
    near = nearest(points, points, k, skip_self=True)
    weights = _weights(near.distances, min(perplexity, k / 3))
    shares = [np.where(groups[near.indices] == group, weights, 0.0).sum(axis=1) for group in np.unique(groups)]
    return np.asarray(1.0 / np.square(shares).sum(axis=0))


def _weights(distances: Floats, perplexity: float) -> Floats:
    """Weights exp(-b d) of rows (n, k), b chosen for each row by bisection so that their entropy is log(perplexity).

    Distances are taken from the nearest one on, so that the exponential cannot vanish for all of a row at once.
    """
    beyond = distances - distances[:, :1]
    scale = beyond.mean(axis=1, keepdims=True)
    beyond = np.divide(beyond, scale, out=np.zeros_like(beyond), where=scale > 0)
    low, high = np.full((len(beyond), 1), -20.0), np.full((len(beyond), 1), 20.0)
    for _ in range(STEPS):
        middle = (low + high) / 2
        wide = _entropy(_normalised(beyond, middle)) > np.log(perplexity)
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    return _normalised(beyond, (low + high) / 2)


def _normalised(beyond: Floats, log_rate: Floats) -> Floats:
    weights = np.exp(-np.exp(log_rate) * beyond)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _entropy(weights: Floats) -> Floats:
    return np.asarray(-(weights * np.log(np.maximum(weights, 1e-300))).sum(axis=1, keepdims=True))
