"""The edges that a question is about, by their ends."""

from __future__ import annotations

from collections.abc import Iterable

from kg.grn import GRN
from kg.model import Edge, Gene
from kg.queries.filters import EVERYTHING, EdgeFilter, filtered


class Network:
    """Edges that pass a filter and are believed at all: what is only denied or retracted leads nowhere.

    `targets[r][t]` and `regulators[t][r]` are the edge from r to t, all by CURIE, in the order of `GRN.edges`.
    """

    def __init__(self, edges: Iterable[Edge]) -> None:
        self.edges = tuple(edge for edge in edges if edge.belief > 0)
        self.genes: dict[str, Gene] = {}
        self.targets: dict[str, dict[str, Edge]] = {}
        self.regulators: dict[str, dict[str, Edge]] = {}
        for edge in self.edges:
            regulator, target = edge.regulator.curie, edge.target.curie
            self.genes[regulator], self.genes[target] = edge.regulator, edge.target
            self.targets.setdefault(regulator, {})[target] = edge
            self.regulators.setdefault(target, {})[regulator] = edge

    @classmethod
    def of(cls, grn: GRN, where: EdgeFilter = EVERYTHING) -> Network:
        """The network of a graph's edges that pass."""
        return cls(filtered(grn, where))
