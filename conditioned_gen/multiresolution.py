"""How one column is distributed, measured from coarse to fine.

The range is halved again and again. At each level a record adds +1 (lower half) or -1 (upper half) to the node it
falls into, so that it contributes one number a level, whatever the number of nodes. Coarse levels get more of the
budget: they tell means, and there is less noise left in them than in a histogram's sum of noisy bins (Xiao, Wang and
Gehrke, 2010, measure the same Haar coefficients). A missing value is a split of its own, before all others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cohort import Column

Floats = npt.NDArray[np.float64]
FINEST = 64
FADING = 0.7
"""What of a level's squared weight the next finer one has."""
SPREAD = 0.3
"""Prior variance of a split, as a share of the node: even odds of any split have 1/3."""
LIKENESS = 0.1
"""Prior variance of a type's split around that of all types together."""


@dataclass(frozen=True)
class Halvings:
    """The nested halves of one column's range, `leaves` of them at the end, and a split for gaps where it has them."""

    column: Column

    @property
    def leaves(self) -> int:
        """Cells told apart: one for each value where these are few."""
        levels = self.column.levels
        return FINEST if levels is None else min(levels, FINEST)

    @property
    def exact(self) -> bool:
        """Whether a leaf is one value."""
        return self.column.levels == self.leaves

    @property
    def depth(self) -> int:
        """Number of halvings."""
        return math.ceil(math.log2(self.leaves)) if self.leaves > 1 else 0

    @property
    def width(self) -> int:
        """Coordinates: one for each node, and one for gaps."""
        return int(2**self.depth) - 1 + self.column.nullable

    @cached_property
    def weights(self) -> Floats:
        """Weight of each coordinate, shape (width,); those that one record touches have squares that add up to 1."""
        squares = [1.0] * self.column.nullable + [FADING**level for level in range(self.depth)]
        scaled = np.sqrt(np.array(squares) / max(sum(squares), 1e-12))
        nodes = [1] * self.column.nullable + [2**level for level in range(self.depth)]
        return np.repeat(scaled, nodes)

    def cells(self, coordinates: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """The leaf of each record (n,), from its vector's part for this column, and where it has none."""
        gone = np.zeros(len(coordinates), dtype=bool)
        values = coordinates
        if self.column.nullable:
            gone, values = coordinates[:, -1] > 0.5, coordinates[:, :-1]
        if self.column.kind == "categorical":
            return values.argmax(axis=1), gone | (values.max(axis=1) < 0.5)
        shares = (values[:, 0] + 1) / 2
        return np.clip(np.floor(shares * self.leaves + 1e-9), 0, self.leaves - 1).astype(np.intp), gone

    def measure(self, coordinates: Floats) -> Floats:
        """What each record adds, shape (n, width), of norm at most 1."""
        leaf, gone = self.cells(coordinates)
        rows = np.zeros((len(leaf), self.width))
        there = np.flatnonzero(~gone)
        start = int(self.column.nullable)
        if start:
            rows[:, 0] = np.where(coordinates[:, -1] > 0.5, -1.0, 1.0)
        for level in range(self.depth):
            node = leaf[there] >> (self.depth - level)
            upper = (leaf[there] >> (self.depth - level - 1)) & 1
            rows[there, start + node] = 1.0 - 2.0 * upper
            start += 2**level
        return rows * self.weights

    def shares(self, sums: Floats, counts: Floats, noise: float) -> tuple[Floats, Floats]:
        """From noisy sums (types, width) of what records added: shares of leaves (types, leaves) among values that are
        there, adding up to 1, and shares of gaps (types,).

        Each split is a normal estimate with the noise and the sampling error, shrunk to its prior: that of all types
        together for a type, and even halves for all types together.
        """
        found, error = sums / self.weights, noise / self.weights
        pooled = self._shares(found.sum(axis=0)[None], counts.sum()[None], error * math.sqrt(len(counts)), None)
        if len(counts) == 1:
            return pooled
        return self._shares(found, counts, error, pooled)

    def _shares(
        self, found: Floats, counts: Floats, error: Floats, prior: tuple[Floats, Floats] | None
    ) -> tuple[Floats, Floats]:
        sizes, start = counts[:, None], int(self.column.nullable)
        gaps = np.zeros(len(counts))
        spread = SPREAD if prior is None else LIKENESS
        if start:
            even = np.zeros((1, 1)) if prior is None else 1 - 2 * prior[1][:, None]
            gaps = (1 - _split(found[:, :1], sizes, error[0], even, spread)[:, 0]) / 2
        sizes = sizes * (1 - gaps[:, None])
        expected = self._padded(np.ones((1, self.leaves)) if prior is None else prior[0])
        for level in range(self.depth):
            halves = expected.reshape(1, 2 ** (level + 1), -1).sum(axis=2)
            lower, upper = halves[:, ::2], halves[:, 1::2]
            even = (lower - upper) / np.maximum(lower + upper, 1e-12)
            part = slice(start, start + 2**level)
            split = _split(found[:, part], sizes, error[start], even, spread)
            split = np.where(upper <= 0, 1.0, split)
            sizes = np.stack([sizes * (1 + split) / 2, sizes * (1 - split) / 2], axis=2).reshape(len(counts), -1)
            start += 2**level
        leaves = sizes[:, : self.leaves] + 1e-9
        return leaves / leaves.sum(axis=1, keepdims=True), gaps

    def _padded(self, leaves: Floats) -> Floats:
        """Shares of leaves (1, leaves) with nothing in those that there are not, shape (1, 2^depth)."""
        return np.pad(leaves, ((0, 0), (0, 2**self.depth - self.leaves)))


def _split(found: Floats, sizes: Floats, error: float, even: Floats, spread: float) -> Floats:
    """(lower - upper) / size of each node, in [-1, 1]: the measured difference, shrunk to `even`."""
    variance = error**2 + np.maximum(sizes, 1.0)
    trust = spread * sizes**2 / (spread * sizes**2 + variance)
    measured = found / np.maximum(sizes, 1e-9)
    return np.asarray(np.clip(even + trust * (measured - even), -1.0, 1.0))
