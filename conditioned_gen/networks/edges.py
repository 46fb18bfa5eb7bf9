"""The graph's edges among a panel of genes, as arrays that networks are built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg import GRN, Edge

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class EdgeArrays:
    """Positions of regulators and targets (e,), expected signs in [-1, 1] and beliefs in (0, 1], among `genes` genes.

    Each pair is there once, and no gene regulates itself: its deviation is already its own.
    """

    genes: int
    regulators: Places
    targets: Places
    signs: Floats
    beliefs: Floats

    @classmethod
    def of(cls, grn: GRN, genes: Sequence[str]) -> EdgeArrays:
        """The graph's edges among `genes`; of several between the same two symbols, the best believed."""
        position = {gene: i for i, gene in enumerate(genes)}
        edges = edges_within(grn, genes)
        best: dict[tuple[int, int], int] = {}
        for number, edge in enumerate(edges):
            pair = position[edge.regulator.symbol], position[edge.target.symbol]
            if pair not in best or edge.belief > edges[best[pair]].belief:
                best[pair] = number
        chosen = list(best.values())
        pairs = np.array(list(best), dtype=np.intp).reshape(-1, 2)
        beliefs = np.array([edges[number].belief for number in chosen])
        return cls(len(genes), pairs[:, 0], pairs[:, 1], edge_signs(edges)[chosen], beliefs)

    def __len__(self) -> int:
        return len(self.regulators)

    def prior(self, gain: float) -> Floats:
        """Weights gain * sign * belief / sqrt(regulators of the target), shape (e,)."""
        regulators = np.bincount(self.targets, minlength=self.genes)
        weights: Floats = gain * self.signs * self.beliefs / np.sqrt(np.maximum(regulators[self.targets], 1))
        return weights


def edges_within(grn: GRN, genes: Sequence[str]) -> list[Edge]:
    """The graph's believed edges between two different genes of `genes`, in the graph's order."""
    inside = set(genes)
    return [
        edge
        for edge in grn.edges()
        if edge.belief > 0
        and edge.regulator.symbol in inside
        and edge.target.symbol in inside
        and edge.regulator.symbol != edge.target.symbol
    ]


def edge_signs(edges: Sequence[Edge]) -> Floats:
    """Expected sign of each edge in [-1, 1]; edges without a sign get the mean of those that have one."""
    support = np.array([[edge.beliefs.activation, edge.beliefs.repression] for edge in edges]).reshape(-1, 2)
    total = support.sum(axis=1)
    signed = total > 0
    signs: Floats = np.divide(support[:, 0] - support[:, 1], total, out=np.zeros(len(edges)), where=signed)
    signs[~signed] = signs[signed].mean() if signed.any() else 0.0
    return signs
