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
BLOCK_ELEMENTS = 1 << 20
CACHED_ELEMENTS = 1 << 16
FEWEST_ROWS = 256
LARGEST_GROUP = 64
GROUPS_A_NEIGHBOUR = 8
EPSILON = float(np.finfo(np.float32).eps)
FAR = np.float32(1e30)


@dataclass(frozen=True, eq=False)
class Neighbours:
    """`distances` (q, k), Euclidean, rising, float64; `indices` (q, k) into the points searched."""

    distances: npt.NDArray[np.float64]
    indices: npt.NDArray[np.intp]


def nearest(queries: Floats, points: Floats, k: int, *, skip_self: bool = False) -> Neighbours:
    """The k nearest of `points` (p, d) to each of `queries` (q, d), by exact search; k is cut to what there is.

    Candidates come from float32 products, widened by the bound on their rounding error; their distances are then taken
    anew from differences in float64, because |x|^2 + |z|^2 - 2xz loses all digits exactly where it matters, at
    near-copies. Points at equal distance come in their order. `skip_self`: queries and points are the same set and a
    point is not its own neighbour.
    """
    count = len(points)
    k = max(min(k, count - skip_self), 1)
    step = min(max(BLOCK_ELEMENTS // count, FEWEST_ROWS), max(len(queries), 1))
    folded = _Folded(points, k, step)
    distances, indices = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.intp)
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        own = np.arange(start, start + len(block)) if skip_self else None
        near = folded.candidates(block, own)
        exact = _distances(block, points, near)
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        distances[start : start + step] = np.take_along_axis(exact, order, axis=1)
        indices[start : start + step] = np.take_along_axis(near, order, axis=1)
    return Neighbours(distances, indices)


class _Folded:
    """Points (p, d) laid out so that one float32 product gives |z|^2 - 2xz, up to its rounding error.

    The error of a product of length d + 1 is at most e (|z|^2 + 2 |x| |z|) <= e (2 |z|^2 + |x|^2) with e = (d + 1)
    float32 epsilons (Higham 2002, section 3.1). The first part is taken off the norms, so the products bound from
    below; the second is added to the limit below which a point is a candidate. No true neighbour is ever missed.
    """

    def __init__(self, points: Floats, k: int, rows: int) -> None:
        self.count, self.k = len(points), k
        self.group = min(max(self.count // (GROUPS_A_NEIGHBOUR * k), 1), LARGEST_GROUP)
        self.centre = points.mean(axis=0, dtype=np.float64)
        width = points.shape[1]
        self.error = EPSILON * (width + 1)
        padded = -(-self.count // self.group) * self.group
        self.transposed = np.zeros((width + 1, padded), dtype=np.float32)
        centred = self.transposed[:width, : self.count]
        np.subtract(points.T, self.centre[:, None], out=centred, casting="same_kind")
        self.transposed[width, : self.count] = np.einsum("ij,ij->j", centred, centred) * (1 - 2 * self.error)
        # Not infinite: a matrix product multiplies what it pads its blocks with too, and 0 * inf is invalid.
        self.transposed[width, self.count :] = FAR
        # One block for all products: fresh pages for each would cost a tenth of the product itself.
        self.products = np.empty((rows, padded), dtype=np.float32)

    def candidates(self, block: Floats, own: npt.NDArray[np.intp] | None) -> npt.NDArray[np.intp]:
        """Points that may be among the k nearest of each row, rising, filled up with `count`; shape (b, at least k).

        The smallest of every group of products is taken first. At least k groups reach down to the k-th smallest of
        these minima, so only groups below it, error included, need be looked into.
        """
        moved = np.ones((len(block), len(self.transposed)), dtype=np.float32)
        np.subtract(block, self.centre, out=moved[:, :-1], casting="same_kind")
        norms = np.einsum("ij,ij->i", moved[:, :-1], moved[:, :-1])
        moved[:, :-1] *= -2
        products = np.matmul(moved, self.transposed, out=self.products[: len(block)])
        if own is not None:
            products[np.arange(len(block)), own] = np.inf
        grouped = products.reshape(len(block), self.group, -1)
        minima = grouped.min(axis=1)
        limit = np.partition(minima, self.k - 1, axis=1)[:, self.k - 1]
        reach = np.sqrt(norms) + np.sqrt(np.maximum(limit + norms, 0))
        limit = limit + 2 * self.error * (norms + 2 * reach**2)
        row, at = np.nonzero(minima <= limit[:, None])
        place, inside = np.nonzero(grouped[row, :, at] <= limit[row, None])
        return _rectangle(row[place], inside * minima.shape[1] + at[place], len(block), self.count)


def _rectangle(
    row: npt.NDArray[np.intp], column: npt.NDArray[np.intp], rows: int, filling: int
) -> npt.NDArray[np.intp]:
    """Columns by row, rising, filled up to equal length; `row` rises."""
    counts = np.bincount(row, minlength=rows)
    result = np.full((rows, counts.max()), filling, dtype=np.intp)
    result[row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)] = column
    result.sort(axis=1)
    return result


def _distances(block: Floats, points: Floats, near: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Distances (b, c) of each row to its candidates; infinite where `near` is only filled up."""
    result = np.empty(near.shape)
    wide = block.astype(np.float64)[:, None]
    step = max(CACHED_ELEMENTS // max(wide.size, 1), 1)
    for start in range(0, near.shape[1], step):
        chosen = np.minimum(near[:, start : start + step], len(points) - 1)
        difference = points[chosen] - wide
        result[:, start : start + step] = np.einsum("ijk,ijk->ij", difference, difference)
    result[near == len(points)] = np.inf
    return np.sqrt(result, out=result)


def squared_distances(first: Floats, second: Floats) -> npt.NDArray[np.float64]:
    """All squared Euclidean distances, shape (a, b), float64, never negative."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    centre = b.mean(axis=0)
    a, b = a - centre, b - centre
    squares = a @ (-2 * b.T)
    squares += np.einsum("ij,ij->i", a, a)[:, None]
    squares += np.einsum("ij,ij->i", b, b)
    return np.asarray(np.maximum(squares, 0.0, out=squares))
