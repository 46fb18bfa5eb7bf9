"""Sums over units of bounded vectors: what `PrivateCohort.release_sum` adds up before it adds noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from conditioned_gen.mechanisms import GRID_BITS

Floats = npt.NDArray[np.float64]
_GRID = 2.0**GRID_BITS


@dataclass(frozen=True, slots=True)
class Records:
    """Some records on the private side: raw counts (n, g), CSR, or a table's coordinates (n, width), dense; and the
    position of each one's type (n,)."""

    values: Any
    types: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Block:
    """Part of the vector that each record contributes to a sum.

    `of` maps records to rows (n, k), each row a function of its own record and of public or released values alone.
    Rows are clipped to L2 norm `radius` and scaled to norm at most `weight`; with `per_type` they are added up
    within each type (an outer product with the record's one-hot type, which has the same norm).
    """

    name: str
    of: Callable[[Records], npt.NDArray[Any]]
    width: int
    radius: float
    weight: float = 1.0
    per_type: bool = False

    def __post_init__(self) -> None:
        bounds = (self.radius, self.weight)
        if self.width < 1 or not all(math.isfinite(bound) and bound > 0 for bound in bounds):
            raise ValueError(f"block {self.name!r}: width {self.width}, radius and weight {bounds} bound nothing")


@dataclass(frozen=True, slots=True)
class Release:
    """Noisy sums by block name, in the block's own units, shape (k,) or (types, k), and the noise's sd in them."""

    sums: dict[str, Floats]
    noise: dict[str, float]


@dataclass(frozen=True, slots=True)
class Contributor:
    """A donor's records with the weight 1 / their number, or single cells (weight None) that are units themselves."""

    records: Iterator[Records]
    weight: float | None


def contribution(unit: Contributor, blocks: Sequence[Block], types: int) -> npt.NDArray[np.int64]:
    """What these records add to the sum, in grid units: one donor's vector, or the sum of single cells' vectors."""
    summed = sum(
        np.concatenate([_block_sum(records, unit.weight, block, types) for block in blocks]) for records in unit.records
    )
    whole: npt.NDArray[np.int64] = np.trunc(summed).astype(np.int64)
    return whole


def _block_sum(records: Records, weight: float | None, block: Block, types: int) -> Floats:
    rows = np.asarray(block.of(records), dtype=np.float64).reshape(len(records.types), block.width)
    rows = _clip(rows, block.radius) * (block.weight / block.radius)
    # A cell is cut to the grid by itself; a donor once, as a whole, in `contribution`.
    rows = np.trunc(rows * _GRID) if weight is None else rows * (weight * _GRID)
    if not block.per_type:
        return np.asarray(rows.sum(axis=0))
    onehot = sp.csr_matrix((np.ones(len(rows)), (records.types, np.arange(len(rows)))), shape=(types, len(rows)))
    return np.asarray(onehot @ rows).ravel()


def _clip(rows: Floats, radius: float) -> Floats:
    """Rows shortened to norm <= radius. Rows that are not finite become zero: they may not decide the sum."""
    rows = np.where(np.isfinite(rows).all(axis=1, keepdims=True), rows, 0.0)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    # The slack of 2**-40 covers the rounding of the norm itself, so that the bound holds in exact arithmetic.
    bound = radius * (1 - 2.0**-40)
    clipped: Floats = rows * (bound / np.maximum(norms, bound))
    return clipped
