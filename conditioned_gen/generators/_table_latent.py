"""From noisy mean products of scores to the correlations of the normal variables beneath them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from conditioned_gen.generators._table_scores import Marginal, Scores, as_ordered, clipped, draw

Floats = npt.NDArray[np.float64]
Order = npt.NDArray[np.intp]
_MOST = 0.98
_ROUNDS = 6
_DRAWN = 4000
_LEAST_EIGENVALUE = 1e-3
_CONTINUOUS = 0.95
"""Scores that keep so much of the normal variable's variance are taken for the variable itself."""


def denoised(matrix: Floats, error: float) -> Floats:
    """A symmetric matrix (d, d) whose entries carry independent errors of this size, shrunk along its eigenvectors.

    An eigenvalue theta of the truth is seen as theta + error^2 d / theta where it exceeds error sqrt(d), and drowns
    where it does not; sqrt(lambda^2 - 4 error^2 d), or 0, is the estimate of least squared error (Shabalin and Nobel,
    2013, for a spiked Wigner matrix). The diagonal is known, and stays 0.
    """
    values, axes = np.linalg.eigh(matrix)
    shrunk = np.sign(values) * np.sqrt(np.maximum(values**2 - 4 * error**2 * len(matrix), 0.0))
    clean: Floats = (axes * shrunk) @ axes.T
    np.fill_diagonal(clean, 0.0)
    return clean


def order_of(marginal: Marginal, products: Floats, scores: Scores, place: int) -> Order:
    """Leaves in their order along the normal axis: their own, or for categories without one that along which their
    products with all other scores vary most (the first axis of a correspondence analysis)."""
    leaves = marginal.halvings.leaves
    if not marginal.unordered:
        return np.arange(leaves)
    rows = products[scores.places[place]][:leaves]
    shares = np.maximum(marginal.shares.mean(axis=0), 1e-3)
    left, sizes, _ = np.linalg.svd(rows / np.sqrt(shares)[:, None], full_matrices=False)
    if sizes[0] < 1e-9:
        return np.arange(leaves)
    axis = left[:, 0] / np.sqrt(shares)
    return np.argsort(axis * np.sign(axis[np.argmax(np.abs(axis))]), kind="stable")


def latent_correlations(products: Floats, scores: Scores, orders: Sequence[Order], code: int) -> Floats:
    """Correlations of the normal variables of one type, shape (d, d): one for each column's values, then one for its
    gaps where it has them.

    Scores of a variable that takes few values are its conditional means, of variance a < 1, and E[m_i m_j] = a_i a_j r
    to first order in r; for two such variables r = sin(E[m_i m_j] / (a_i a_j)), which is exact for even odds. A
    product with a missing value is 0, so the mean is taken over the released share of records that have both.
    """
    collapse, sizes, present, gap_of = _dimensions(scores, orders, code)
    means = collapse @ products @ collapse.T
    both = np.clip(np.outer(present, present) + _joint_gaps(means, scores, gap_of, code), 0.05, 1.0)
    found = np.clip(means / both / np.outer(sizes, sizes), -np.pi / 2, np.pi / 2)
    coarse = sizes < _CONTINUOUS
    found = np.where(np.outer(coarse, coarse), np.sin(found), found)
    return _proper(np.clip(found, -_MOST, _MOST))


@dataclass(frozen=True)
class Copula:
    """All of the model but its correlations: how records of it would have been measured.

    `counts` (types,) weigh the types where products of all together were released; `reach` clips scores.
    """

    scores: Scores
    orders: Sequence[Order]
    counts: Floats
    reach: float

    def fitted(self, released: Floats, rng: np.random.Generator) -> Floats:
        """Correlations (types, d, d) whose records give mean products `released` (1 or types, width, width).

        Where drawn records, measured like private ones, give others, the difference is added to what is decoded
        (the method of simulated moments; McFadden, 1989). Nothing private is looked at.
        """
        wanted, seed = released.copy(), int(rng.integers(2**32))
        correlations = self._decoded(wanted)
        for _ in range(_ROUNDS):
            wanted += released - self._measured(correlations, np.random.default_rng(seed), len(released))
            correlations = self._decoded(wanted)
        return correlations

    def _decoded(self, products: Floats) -> Floats:
        apart = len(products) > 1
        codes = range(len(self.counts))
        return np.stack(
            [latent_correlations(products[code if apart else 0], self.scores, self.orders, code) for code in codes]
        )

    def _measured(self, correlations: Floats, rng: np.random.Generator, groups: int) -> Floats:
        """Mean products of drawn records by type, or of all types in their released proportions."""
        shares = np.full(len(self.counts), 1.0) if groups > 1 else self.counts
        sizes = np.maximum(np.rint(shares / shares.sum() * _DRAWN * groups), 1).astype(int)
        types = np.repeat(np.arange(len(self.counts)), sizes)
        codes = draw(self.scores.marginals, self.orders, correlations, types, rng)
        columns = self.scores.schema.columns
        coordinates = np.hstack([column.encode(codes[:, place]) for place, column in enumerate(columns)])
        rows = clipped(self.scores.of(coordinates, types), self.reach)
        parts = [rows[types == code] for code in range(groups)] if groups > 1 else [rows]
        found = np.stack([part.T @ part / len(part) for part in parts])
        owners = self.scores.owners
        found[:, owners[:, None] == owners] = 0.0
        return found


def _dimensions(
    scores: Scores, orders: Sequence[Order], code: int
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.intp]]:
    """For each normal variable: how scores add up to its own (d, width), their variance, the share of records that
    have it, and where the variable of its gaps stands (-1: none)."""
    rows, sizes, present, gap_of = [], [], [], []
    for place, marginal in enumerate(scores.marginals):
        part, ordered = scores.places[place], as_ordered(marginal, orders[place])
        values = np.zeros(scores.width)
        values[part.start : part.start + (marginal.halvings.leaves if marginal.unordered else 1)] = 1.0
        if marginal.unordered:
            values[part.start + orders[place]] = ordered.atoms[code]
        gap = float(np.clip(marginal.gaps[code], 0.0, 0.999))
        rows.append(values)
        sizes.append(ordered.variances[code])
        present.append(1 - gap)
        gap_of.append(len(rows) if marginal.halvings.column.nullable else -1)
        if marginal.halvings.column.nullable:
            rows.append(np.eye(scores.width)[part.stop - 1])
            sizes.append((1 - gap) * marginal.gap_atoms[code, 0] ** 2 + gap * marginal.gap_atoms[code, 1] ** 2)
            present.append(1.0)
            gap_of.append(-1)
    return np.stack(rows), np.maximum(np.array(sizes), 1e-2), np.array(present), np.array(gap_of)


def _joint_gaps(means: Floats, scores: Scores, gap_of: npt.NDArray[np.intp], code: int) -> Floats:
    """Covariances of having values, shape (d, d): the scores of a gap are linear in its indicator."""
    having = np.flatnonzero(gap_of >= 0)
    columns = [marginal for marginal in scores.marginals if marginal.halvings.column.nullable]
    steps = np.array([marginal.gap_atoms[code, 1] - marginal.gap_atoms[code, 0] for marginal in columns])
    found = np.zeros_like(means)
    found[np.ix_(having, having)] = means[np.ix_(gap_of[having], gap_of[having])] / np.outer(steps, steps)
    np.fill_diagonal(found, 0.0)
    return found


def _proper(found: Floats) -> Floats:
    """The correlation matrix after this one's negative eigenvalues are set to a small one."""
    np.fill_diagonal(found, 1.0)
    values, axes = np.linalg.eigh((found + found.T) / 2)
    positive = (axes * np.maximum(values, _LEAST_EIGENVALUE)) @ axes.T
    scale = 1 / np.sqrt(np.diag(positive))
    return np.asarray(positive * np.outer(scale, scale))
