"""Counts as one of few levels, by edges that no data has decided, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from cohort import Matrix, to_dense

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
EDGES = np.array([0, 1, 2, 4, 8, 16, 64])
"""Level l holds counts from EDGES[l] to EDGES[l + 1] - 1; the last one all from 16 on, which are drawn below 64."""
LEVELS = len(EDGES) - 1
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)


def count_levels(counts: Matrix) -> Codes:
    """The level of each count, shape (n, m)."""
    return np.asarray(np.searchsorted(EDGES[1:-1], to_dense(counts, np.float64), side="right"), dtype=np.intp)


def level_shares(proportions: Floats, log_mean: float, log_sd: float) -> Floats:
    """How often each level is expected of genes (m,), shape (m, levels): Poisson counts of log-normal libraries."""
    libraries = np.exp(log_mean + log_sd * _NODES)
    below = poisson.cdf(EDGES[1:-1] - 1, libraries[:, None, None] * proportions[:, None])
    mixed = np.tensordot(_WEIGHTS / _WEIGHTS.sum(), below, axes=1)
    return np.diff(mixed, axis=1, prepend=0.0, append=1.0)


def draw_counts(rng: np.random.Generator, levels: Codes) -> npt.NDArray[np.int64]:
    """A count within each level, shape (n, m), by probabilities that fall as 1 / (k (k + 1))."""
    low, high = EDGES[:-1][levels].astype(np.float64), EDGES[1:][levels].astype(np.float64)
    # From low to high - 1, P(K >= k) falls as 1 / k from 1 to low / high.
    inverse = 1 / np.maximum(low, 1.0) - rng.random(levels.shape) * (1 / np.maximum(low, 1.0) - 1 / high)
    return np.where(levels < 2, levels, np.floor(1 / inverse)).astype(np.int64)
