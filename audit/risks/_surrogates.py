"""Stand-ins for the generator, fitted on what it released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from audit.embedding import Axes
from audit.neighbours import Floats, nearest


class Surrogate(Protocol):
    """Any generator that learns from synthetic records and draws more like them."""

    def __call__(self, records: Floats, axes: Axes, count: int, *, seed: int) -> Floats:
        """Fit to `records` (s, w), whose principal axes are `axes`, and draw `count` records (count, w)."""


@dataclass(frozen=True)
class LocalMeans:
    """x = the mean of all s' in S within h of a random s, h ~ U(0, median of r_k), r_k to the k-th of S.

    One step of mean shift (Fukunaga and Hostetler 1975) with a flat kernel of random width. Where a generator emits
    several noisy versions of one training record, their mean is nearer to it than any of them; a record that stands
    alone stays as it is, because it may be the only version of somebody.
    """

    neighbours: int = 10

    def __call__(self, records: Floats, axes: Axes, count: int, *, seed: int) -> Floats:
        rng = np.random.default_rng(seed)
        places = axes.project(records)
        near = nearest(places, places, self.neighbours, skip_self=True)
        source = rng.integers(len(records), size=count)
        width = float(np.median(near.distances[:, -1])) * rng.random((count, 1))
        inside = np.column_stack([np.ones(count, dtype=bool), near.distances[source] <= width])
        parents = np.column_stack([source, near.indices[source]])
        return combine(records, parents, (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32))


def combine(records: Floats, parents: npt.NDArray[np.intp], weights: Floats) -> Floats:
    """Weighted sums of the rows `parents` (c, k) of `records` (s, w), shape (c, w)."""
    count, width = parents.shape
    starts = np.arange(0, count * width + 1, width)
    mix = sp.csr_matrix((weights.ravel(), parents.ravel(), starts), shape=(count, len(records)))
    return np.asarray(mix @ records, dtype=np.float32)
