"""Distributions of many discrete columns that are known by pairs along a forest, from noisy tables of counts.

On a forest, tables that agree on the columns they share are those of a distribution (Wainwright and Jordan 2008), and
the one of greatest entropy is the product of all conditionals down the trees. So there is nothing to iterate over the
whole, as Private-PGM (McKenna, Sheldon and Miklau 2019) has to for other graphs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
_FLOOR = 1e-3
_ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Forest:
    """`parents` (m,) by column, -1 for roots; `order` (m,) names each column after its parent."""

    parents: Codes
    order: Codes

    @classmethod
    def spanning(cls, size: int, pairs: Sequence[tuple[float, int, int]]) -> Forest:
        """The spanning forest of greatest weight among `pairs` (weight, one, other); those of weight <= 0 are left out.

        Kruskal's algorithm for the edges; trees are then hung up by their first column.
        """
        root = list(range(size))

        def find(column: int) -> int:
            while root[column] != column:
                root[column] = root[root[column]]
                column = root[column]
            return column

        near: list[list[int]] = [[] for _ in range(size)]
        for _, one, other in sorted((-weight, one, other) for weight, one, other in pairs if weight > 0):
            if find(one) != find(other):
                root[find(one)] = find(other)
                near[one].append(other)
                near[other].append(one)
        parents, order = np.full(size, -1, dtype=np.intp), []
        seen = [False] * size
        for start in range(size):
            waiting = [] if seen[start] else [start]
            while waiting:
                column = waiting.pop()
                seen[column] = True
                order.append(column)
                for child in near[column]:
                    if not seen[child]:
                        parents[child] = column
                        waiting.append(child)
        return cls(parents, np.array(order, dtype=np.intp))

    def cells(self, levels: Codes) -> npt.NDArray[np.bool_]:
        """Which cells (m, k, k) of the tables parent x own can be: columns have `levels` (m,) of the k there are."""
        there = np.arange(levels.max()) < levels[:, None]
        above = np.where(self.parents[:, None] < 0, np.arange(levels.max()) == 0, there[self.parents])
        return np.asarray(above[:, :, None] & there[:, None, :])


def consistent(tables: Floats, forest: Forest, levels: Codes, totals: Floats) -> Floats:
    """Noisy tables (types, m, k, k) of equal noise made non-negative, of the same `totals` (types,), and in agreement.

    A column's own marginal is the mean of those that its table and its children's have, weighted by how many noisy
    cells each sums up, at the nearest point of the simplex. Tables move to the nearest ones with these marginals, and
    where that makes cells negative, on by iterative proportional fitting (Deming and Stephan 1940).
    """
    cells, parents = forest.cells(levels), forest.parents
    own = np.where(cells, tables, 0.0).sum(axis=2)
    inner = np.flatnonzero(parents >= 0)
    weights = 1.0 / np.where(parents < 0, 1, levels[parents])
    summed, weight = own * weights[:, None], weights.copy()
    above = np.where(cells, tables, 0.0).sum(axis=3)[:, inner] / levels[inner, None]
    for place, parent in enumerate(parents[inner]):
        summed[:, parent] += above[:, place]
    np.add.at(weight, parents[inner], 1.0 / levels[inner])
    there = np.asarray(cells.any(axis=1))
    single = nearest(summed / weight[:, None], there, totals[:, None])
    upper = np.where(parents[:, None] < 0, totals[:, None, None] * (np.arange(there.shape[1]) == 0), single[:, parents])
    fitted = np.where(cells, tables, 0.0)
    fitted += cells * ((upper - fitted.sum(axis=3)) / levels[:, None])[..., None]
    fitted += cells * ((single - fitted.sum(axis=2)) * weights[:, None])[..., None, :]
    fitted = np.maximum(fitted, _FLOOR * upper[..., None] * single[..., None, :] / totals[:, None, None, None])
    for _ in range(_ROUNDS):
        fitted *= _ratio(upper, fitted.sum(axis=3))[..., None]
        fitted *= _ratio(single, fitted.sum(axis=2))[..., None, :]
    return fitted


def _ratio(wanted: Floats, found: Floats) -> Floats:
    return np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 0)


def nearest(rows: Floats, there: npt.NDArray[np.bool_], totals: Floats) -> Floats:
    """The nearest non-negative rows (..., k) that add up to `totals` (...) and are 0 where nothing is `there`.

    rows - t cut at 0, with the one t for which the sum is right (Held, Wolfe and Crowder 1974).
    """
    masked = np.where(there, rows, -np.inf)
    falling = -np.sort(-masked, axis=-1)
    finite = np.isfinite(falling)
    sums = np.cumsum(np.where(finite, falling, 0.0), axis=-1)
    thresholds = (sums - totals[..., None]) / np.arange(1, rows.shape[-1] + 1)
    used = (finite & (falling > thresholds)).sum(axis=-1, keepdims=True)
    cut = np.take_along_axis(thresholds, np.maximum(used - 1, 0), axis=-1)
    return np.asarray(np.where(there, np.maximum(np.where(there, rows, 0.0) - cut, 0.0), 0.0))


def draw_levels(rng: np.random.Generator, tables: Floats, types: Codes, forest: Forest) -> Codes:
    """Levels (n, m) for records of `types` (n,), drawn down the trees from tables (types, m, k, k)."""
    levels = np.zeros((len(types), tables.shape[1]), dtype=np.intp)
    bounds = np.cumsum(tables, axis=-1)
    for column in forest.order:
        parent = forest.parents[column]
        above = levels[:, parent] if parent >= 0 else np.zeros(len(types), dtype=np.intp)
        rows = bounds[types, column, above]
        levels[:, column] = (rng.random((len(types), 1)) * rows[:, -1:] >= rows[:, :-1]).sum(axis=1)
    return levels
