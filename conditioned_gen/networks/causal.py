"""A causal network over genes with one weight per edge of the graph.

Each gene's deviation u (on log scale) from its type's level follows from its regulators and noise of its own,

    u_target = sum over regulators of weight * u_regulator + e_target,        that is, u = W u + e.

W is sparse: memory and time grow with the number of edges. Cycles among regulators are allowed; their weights are
held small enough for (I - W) to be invertible. An intervention replaces a gene's equation by a constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from conditioned_gen.networks.edges import EdgeArrays, Floats
from kg import GRN

KNOCKOUT_FLOOR = 0.1
"""A knocked-out regulator's log deviation is log(floor / (1 + floor)), not minus infinity."""
_CYCLE_BOUND = 0.5


@dataclass(frozen=True, eq=False)
class CausalNetwork:
    """`weights[target, regulator]`, shape (g, g), CSR with one entry per edge and none on the diagonal.

    `spread` is the standard deviation of each gene's deviation; a gene with regulators gets the part of it that
    they do not explain as noise of its own.
    """

    weights: sp.csr_matrix
    spread: float

    @classmethod
    def from_grn(cls, grn: GRN, genes: Sequence[str], *, gain: float, spread: float) -> CausalNetwork:
        """Weights gain * sign * belief / sqrt(regulators of the target), for the graph's edges among `genes`.

        Self-regulation is left out: a gene's deviation is already its own. Edges of unknown sign get the graph's
        mean sign.
        """
        edges = EdgeArrays.of(grn, genes)
        weights = sp.csr_matrix((edges.prior(gain), (edges.targets, edges.regulators)), shape=(len(genes), len(genes)))
        return cls(_calmed(weights), spread)

    @property
    def edges(self) -> int:
        """Number of edges."""
        return int(self.weights.nnz)

    def noise_sd(self) -> Floats:
        """Standard deviation of each gene's own noise e, shape (g,): what its regulators leave of `spread`."""
        explained = np.asarray(self.weights.multiply(self.weights).sum(axis=1)).ravel()
        return self.spread * np.sqrt(np.maximum(1.0 - explained, 0.1))

    def propagate(self, noise: Floats, *, held: Mapping[int, float] | None = None) -> Floats:
        """Deviations u that solve u = W u + e for noise e of shape (g, n); genes in `held` are fixed instead."""
        if not self.edges:
            return _fixed(noise.copy(), held)
        if not held:
            solved: Floats = self._solver.solve(noise)
            return solved
        keep = np.ones(len(noise))
        keep[list(held)] = 0.0
        system = sp.identity(len(noise), format="csc") - sp.diags_array(keep) @ self.weights
        solved = splu(sp.csc_matrix(system)).solve(_fixed(noise.copy(), held))
        return _fixed(solved, held)

    def descendants(self, gene: int) -> npt.NDArray[np.intp]:
        """Positions of the genes that an intervention on `gene` can reach, itself included."""
        from scipy.sparse.csgraph import breadth_first_order

        reached = breadth_first_order(self.weights.T.tocsr(), gene, return_predecessors=False)
        return np.sort(reached).astype(np.intp)

    @cached_property
    def _solver(self) -> splu:
        return splu(sp.csc_matrix(sp.identity(self.weights.shape[0], format="csc") - self.weights))


def held_deviation(fold: float) -> float:
    """The log deviation of a gene held at `fold` times its normal level (0: knocked out, 1: as it is, 2: doubled)."""
    return float(np.log((fold + KNOCKOUT_FLOOR) / (1.0 + KNOCKOUT_FLOOR)))


def _fixed(values: Floats, held: Mapping[int, float] | None) -> Floats:
    for gene, value in (held or {}).items():
        values[gene] = value
    return values


def _calmed(weights: sp.csr_matrix) -> sp.csr_matrix:
    """Weights in which no feedback loop can grow: within a cycle, each row's absolute sum is at most one half."""
    _, component = connected_components(weights, directed=True, connection="strong")
    entries = weights.tocoo()
    inside = component[entries.row] == component[entries.col]
    loads = np.bincount(entries.row[inside], np.abs(entries.data[inside]), minlength=weights.shape[0])
    scale = np.minimum(1.0, _CYCLE_BOUND / np.maximum(loads, 1e-12))
    data = np.where(inside, entries.data * scale[entries.row], entries.data)
    return sp.csr_matrix((data, (entries.row, entries.col)), shape=weights.shape)
