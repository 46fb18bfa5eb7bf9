"""Local inverse Simpson's index: how well are both sets mixed around each record?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.graph import Neighbourhoods
from audit.metrics._draws import CONTROL, Floats, Rows, near_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, around

PERPLEXITY = 30.0
STEPS = 60
PERMUTATIONS = 99


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
        trio, graph = near_trio(view)
        found, p_value = mixing_test(graph, "synthetic", "real", seed=view.seed)
        control, control_p = mixing_test(graph, "other", "real", seed=view.seed)
        score = Score(
            key="lisi",
            label="Integration of synthetic with real records",
            goal="maximise",
            low=1.0,
            high=2.0,
            target=2.0,
            estimate=found,
            control=control,
            control_label=CONTROL,
            p_value=p_value,
            control_p_value=control_p,
            reading="2: perfectly mixed; 1: two separate clouds. Real records reach a little less than 2.",
        )
        return Measured((score,), notes=(f"{trio.size} records a side, perplexity {PERPLEXITY:g}.",))


def mixing_test(graph: Neighbourhoods, first: str, second: str, *, seed: int) -> tuple[Estimate, float]:
    """The mean index of two sets of a graph, and the p-value of "mixed as if it were drawn by lot who is whose".

    Neighbours share neighbours, so that records are not independent; the interval adds to their standard error what
    the mean varies by when it is drawn by lot anew.
    """
    neighbours, weights = neighbourhoods(graph, first, second)
    of_second = np.arange(len(neighbours)) >= len(graph.sets[first])
    found = simpson(of_second[neighbours], weights)
    rng = np.random.default_rng(seed)
    draws = [simpson(rng.permutation(of_second)[neighbours], weights).mean() for _ in range(PERMUTATIONS)]
    spread = float(np.hypot(np.std(draws), found.std() / np.sqrt(len(found))))
    p_value = float((1 + np.sum(np.asarray(draws) <= found.mean())) / (1 + PERMUTATIONS))
    return around(float(found.mean()), spread, len(neighbours), low=1.0, high=2.0), p_value


def neighbourhoods(
    graph: Neighbourhoods, first: str, second: str, *, perplexity: float = PERPLEXITY
) -> tuple[Rows, Floats]:
    """The neighbours of each record of two sets among both, and their weights, both (n, k), k = 3 perplexities."""
    k = min(int(3 * perplexity), sum(len(graph.sets[name]) for name in (first, second)) - 1)
    near = [graph.near_either(queries, first, second, k) for queries in (first, second)]
    distances = np.concatenate([part.distances for part in near])
    return np.concatenate([part.indices for part in near]), _weights(distances, min(perplexity, k / 3))


def simpson(second: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """The effective number of sets, 1 to 2, in each neighbourhood: `second` (n, k) says which neighbours are whose."""
    share = np.where(second, weights, 0.0).sum(axis=1)
    return np.asarray(1.0 / (share**2 + (1 - share) ** 2))


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
