"""Exact nearest neighbours by blocked matrix products: one implementation for every attack and metric.

Distances stay distances. Nothing here passes through `exp`, which underflows to one and the same zero as soon as
records are a few dozen units apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
BLOCK_ELEMENTS = 1 << 24
SPARE = 8


@dataclass(frozen=True, eq=False)
class Neighbours:
    """`distances` (q, k), Euclidean, rising, float64; `indices` (q, k) into the points searched."""

    distances: npt.NDArray[np.float64]
    indices: npt.NDArray[np.intp]


def nearest(queries: Floats, points: Floats, k: int, *, skip_self: bool = False) -> Neighbours:
    """The k nearest of `points` (p, d) to each of `queries` (q, d); k is cut to what there is.

    Candidates come from float32 products; their distances are then taken anew from differences in float64, because
    |x|^2 + |z|^2 - 2xz loses all digits exactly where it matters, at near-copies. `skip_self`: queries and points are
    the same set and a point is not its own neighbour.
    """
    count = len(points)
    k = max(min(k, count - skip_self), 1)
    wanted = min(k + SPARE + skip_self, count)
    centre = points.mean(axis=0)
    centred = np.asarray(points - centre, dtype=np.float32)
    norms = np.einsum("ij,ij->i", centred, centred)
    step = max(BLOCK_ELEMENTS // count, 1)
    distances, indices = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.intp)
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        product = norms - 2 * (np.asarray(block - centre, dtype=np.float32) @ centred.T)
        if skip_self:
            rows = np.arange(len(block))
            product[rows, rows + start] = np.inf
        near = np.sort(np.argpartition(product, wanted - 1, axis=1)[:, :wanted], axis=1)
        exact = _distances(block, points, near)
        if skip_self:
            exact[near == (np.arange(len(block)) + start)[:, None]] = np.inf
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        distances[start : start + step] = np.take_along_axis(exact, order, axis=1)
        indices[start : start + step] = np.take_along_axis(near, order, axis=1)
    return Neighbours(distances, indices)


def _distances(block: Floats, points: Floats, near: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    result = np.empty(near.shape)
    wide = points.astype(np.float64)
    for column in range(near.shape[1]):
        difference = block - wide[near[:, column]]
        result[:, column] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return result


def squared_distances(first: Floats, second: Floats) -> npt.NDArray[np.float64]:
    """All squared Euclidean distances, shape (a, b), float64, never negative."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    centre = b.mean(axis=0)
    a, b = a - centre, b - centre
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.maximum(squares, 0.0))
