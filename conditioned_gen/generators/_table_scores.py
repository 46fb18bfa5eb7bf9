"""A record of a table as normal scores: what `table_copula` correlates, and draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from cohort import TableSchema
from conditioned_gen.multiresolution import Halvings

Floats = npt.NDArray[np.float64]
_LARGEST = 2.5
"""Scores beyond it count as it: 1 % of a normal variable, which would otherwise decide the clip radius."""


@dataclass(frozen=True)
class Marginal:
    """How one column is distributed in each type: shares of its leaves (types, leaves) and of gaps (types,)."""

    halvings: Halvings
    shares: Floats
    gaps: Floats

    @property
    def unordered(self) -> bool:
        """Whether its values have no order: more than two categories."""
        return self.halvings.column.kind == "categorical" and self.halvings.leaves > 2

    @cached_property
    def atoms(self) -> Floats:
        """The mean of a normal variable within each leaf's part of it, shape (types, leaves)."""
        return atom_scores(self.shares)

    @property
    def variances(self) -> Floats:
        """Of the scores among values that are there, shape (types,): below 1 for what takes few values."""
        return np.asarray(np.sum(self.shares * self.atoms**2, axis=1))

    @property
    def gap_atoms(self) -> Floats:
        """Scores of being there and of being missing, shape (types, 2)."""
        gaps = np.clip(self.gaps, 1e-3, 1 - 1e-3)
        return atom_scores(np.stack([1 - gaps, gaps], axis=1))


def atom_scores(shares: Floats) -> Floats:
    """E[g | g in its interval] for a standard normal g cut into intervals of these shares along the last axis."""
    above = np.clip(np.cumsum(shares, axis=-1), 0.0, 1.0)
    edges = np.concatenate([np.zeros_like(above[..., :1]), above], axis=-1)
    heights = np.exp(-0.5 * ndtri(np.clip(edges, 1e-12, 1 - 1e-12)) ** 2) / np.sqrt(2 * np.pi)
    heights[..., 0], heights[..., -1] = 0.0, 0.0
    return np.asarray(np.clip(-np.diff(heights, axis=-1) / np.maximum(shares, 1e-9), -_LARGEST, _LARGEST))


@dataclass(frozen=True)
class Scores:
    """Records as rows of scores (n, width), each with mean about 0 within its type.

    A column of numbers, or of two categories, has its normal score; one of more categories an indicator less its
    share for each of them, since nothing orders them yet; a column with gaps one score more, for being missing.
    """

    schema: TableSchema
    marginals: tuple[Marginal, ...]

    @cached_property
    def owners(self) -> npt.NDArray[np.intp]:
        """The column of each score, shape (width,)."""
        widths = [self._values(m) + m.halvings.column.nullable for m in self.marginals]
        return np.repeat(np.arange(len(widths)), widths)

    @property
    def width(self) -> int:
        return len(self.owners)

    @cached_property
    def places(self) -> list[slice]:
        """Where each column's scores stand; those of values first, then that of gaps."""
        ends = np.cumsum(np.bincount(self.owners, minlength=len(self.marginals))).tolist()
        return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]

    @cached_property
    def pairs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Pairs of scores of different columns."""
        first, second = np.triu_indices(self.width, 1)
        apart = self.owners[first] != self.owners[second]
        return first[apart], second[apart]

    def of(self, coordinates: Floats, types: npt.NDArray[np.intp]) -> Floats:
        """Scores (n, width) of vectors (n, features' width) of these types; each row from its own record alone."""
        parts = zip(self.marginals, self.schema.places.values(), strict=True)
        return np.hstack([_scored(marginal, coordinates[:, place], types) for marginal, place in parts])

    def expected_square(self, counts: Floats) -> float:
        """The mean squared length of a row, from released numbers alone."""
        found = np.zeros(len(counts))
        for marginal in self.marginals:
            there = 1 - marginal.gaps
            varies = 1 - np.sum(marginal.shares**2, axis=1) if marginal.unordered else marginal.variances
            found += there * varies
            if marginal.halvings.column.nullable:
                found += np.sum(np.stack([there, marginal.gaps], axis=1) * marginal.gap_atoms**2, axis=1)
        return float(np.average(found, weights=counts))

    @staticmethod
    def _values(marginal: Marginal) -> int:
        return marginal.halvings.leaves if marginal.unordered else 1


def clipped(rows: Floats, reach: float) -> Floats:
    """Rows shortened to length `reach`, each by itself."""
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return np.asarray(rows * np.minimum(1.0, reach / np.maximum(lengths, 1e-12)))


def _scored(marginal: Marginal, coordinates: Floats, types: npt.NDArray[np.intp]) -> Floats:
    leaf, gone = marginal.halvings.cells(coordinates)
    if marginal.unordered:
        values = -marginal.shares[types]
        values[np.arange(len(leaf)), leaf] += 1.0
    else:
        values = marginal.atoms[types, leaf][:, None]
    values = np.where(gone[:, None], 0.0, values)
    if not marginal.halvings.column.nullable:
        return np.asarray(values)
    missing = (coordinates[:, -1] > 0.5).astype(np.intp)
    return np.column_stack([values, marginal.gap_atoms[types, missing]])


def _drawn(
    marginal: Marginal, order: npt.NDArray[np.intp], latent: Floats, gap: Floats | None, types: npt.NDArray[np.intp]
) -> Floats:
    """Codes (n,) of normal variables (n,): the inverse of normal scores. `order` (leaves,) is the order of the leaves
    along the normal axis; where `gap` lies in its upper tail, the value is missing."""
    codes = np.empty(len(latent))
    uniform = np.clip(ndtr(latent), 1e-12, 1 - 1e-12)
    halvings = marginal.halvings
    for code in np.unique(types):
        rows = np.flatnonzero(types == code)
        shares = marginal.shares[code, order]
        below = np.cumsum(shares) - shares
        spot = np.clip(np.searchsorted(below, uniform[rows], side="right") - 1, 0, len(order) - 1)
        leaf = order[spot]
        inside = np.clip((uniform[rows] - below[spot]) / shares[spot], 0.0, 1.0 - 1e-9)
        found = (
            leaf + halvings.column.low if halvings.exact else halvings.column.codes((leaf + inside) / halvings.leaves)
        )
        if gap is not None:
            found = np.where(gap[rows] > ndtri(1 - np.clip(marginal.gaps[code], 1e-12, 1 - 1e-12)), np.nan, found)
        codes[rows] = found
    return codes


def draw(
    marginals: Sequence[Marginal],
    orders: Sequence[npt.NDArray[np.intp]],
    correlations: Floats,
    types: npt.NDArray[np.intp],
    rng: np.random.Generator,
) -> Floats:
    """Codes (n, columns) of records of these types (n,): normal variables with `correlations` (types, d, d), of each
    column's values and then of its gaps, sent through the marginals."""
    normal = rng.standard_normal((len(types), correlations.shape[1]))
    for code in np.unique(types):
        rows = types == code
        normal[rows] = normal[rows] @ np.linalg.cholesky(correlations[code]).T
    codes, place = [], 0
    for marginal, order in zip(marginals, orders, strict=True):
        nullable = marginal.halvings.column.nullable
        codes.append(_drawn(marginal, order, normal[:, place], normal[:, place + 1] if nullable else None, types))
        place += 1 + nullable
    return np.column_stack(codes)


def as_ordered(marginal: Marginal, order: npt.NDArray[np.intp]) -> Marginal:
    """The same marginal with its leaves in another order."""
    return Marginal(marginal.halvings, marginal.shares[:, order], marginal.gaps)


def marginals_of(
    schema: TableSchema, sums: Floats, counts: Floats, noise: float, parts: Sequence[slice]
) -> tuple[Marginal, ...]:
    """Each column's marginal from the released halvings (types, sum of widths)."""
    found = []
    for column, part in zip(schema.columns, parts, strict=True):
        halvings = Halvings(column)
        shares, gaps = halvings.shares(sums[:, part], counts, noise)
        found.append(Marginal(halvings, np.broadcast_to(shares, (len(counts), halvings.leaves)), gaps))
    return tuple(found)
