"""How one gene may act on another: chains of edges, the shortest first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import networkx as nx

from kg.grn import GRN
from kg.model import Edge, Effect, Gene
from kg.queries._network import Network
from kg.queries.filters import EVERYTHING, EdgeFilter

LONGEST = 12
"""Edges; more than this is no explanation, and listing them does not end."""


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of edges, each from the target of the one before. It is a chain of statements, no proven cascade."""

    edges: tuple[Edge, ...]

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The genes along the path, both ends included."""
        return (self.edges[0].regulator, *(edge.target for edge in self.edges))

    @property
    def effect(self) -> Effect:
        """The product of the signs: repression where an odd number of edges repress, unknown where any is unknown."""
        return sign_product([edge.effect for edge in self.edges])

    @property
    def belief(self) -> float:
        """The product of the edges' beliefs: the probability that all exist, were they independent."""
        return math.prod(edge.belief for edge in self.edges)


def paths(
    grn: GRN,
    source: str | Gene,
    target: str | Gene,
    *,
    most: int = 5,
    longest: int = 4,
    where: EdgeFilter = EVERYTHING,
) -> tuple[Path, ...]:
    """Up to `most` paths without a gene twice, of at most `longest` edges: the shortest first, then the most believed.

    Genes are given by any of their names. Raises KeyError for a gene that is not in the graph, ValueError where
    `longest` is not in 1 to `LONGEST` or both ends are one gene (see `motifs.feedback_loops`). Shortest simple paths
    are those of Yen (1971), over the genes through which a path of that length can lead.
    """
    start, end = (grn.find(gene).curie if isinstance(gene, str) else gene.curie for gene in (source, target))
    if not 1 <= longest <= LONGEST:
        raise ValueError(f"paths of {longest} edges: ask for 1 to {LONGEST}")
    if start == end:
        raise ValueError("a path leads from one gene to another; feedback loops lead back")
    network = Network.of(grn, where)
    graph = _between(network, start, end, longest)
    if start not in graph or end not in graph:
        return ()
    found = _simple_paths(graph, start, end, longest)
    return tuple(
        Path(tuple(network.targets[one][other] for one, other in pairwise(nodes))) for nodes in islice(found, most)
    )


def sign_product(effects: Sequence[Effect]) -> Effect:
    """The sign of effects one after the other."""
    if Effect.UNKNOWN in effects:
        return Effect.UNKNOWN
    return Effect.REPRESSION if effects.count(Effect.REPRESSION) % 2 else Effect.ACTIVATION


def _between(network: Network, start: str, end: str, longest: int) -> nx.DiGraph:
    """The edges on walks of at most `longest` edges from start to end."""
    ahead, behind = _distances(network.targets, start, longest), _distances(network.regulators, end, longest)
    graph = nx.DiGraph()
    for node, far in ahead.items():
        for target, edge in network.targets.get(node, {}).items():
            if far + 1 + behind.get(target, longest) <= longest and node != target:
                graph.add_edge(node, target, cost=_cost(edge))
    return graph


def _distances(neighbours: dict[str, dict[str, Edge]], start: str, longest: int) -> dict[str, int]:
    """Edges from start to every gene within `longest`, breadth first."""
    found, ring = {start: 0}, [start]
    for distance in range(1, longest + 1):
        ring = [node for gene in ring for node in neighbours.get(gene, ()) if node not in found]
        found |= dict.fromkeys(ring, distance)
        ring = list(dict.fromkeys(ring))
    return found


def _cost(edge: Edge) -> float:
    # One for the edge; what disbelief adds over all of a path stays below one, so that it only decides between equals.
    return 1.0 + min(-math.log(edge.belief), 30.0) / (30.0 * 2 * LONGEST)


def _simple_paths(graph: nx.DiGraph, start: str, end: str, longest: int) -> Iterator[list[str]]:
    try:
        for nodes in nx.shortest_simple_paths(graph, start, end, weight="cost"):
            if len(nodes) > longest + 1:
                return
            yield nodes
    except nx.NetworkXNoPath:
        return
