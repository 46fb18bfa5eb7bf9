"""The part of a network that connects a list of genes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import networkx as nx
from networkx.algorithms.approximation import steiner_tree

from kg.grn import GRN
from kg.model import Edge, Gene
from kg.queries._network import Network
from kg.queries.filters import EVERYTHING, EdgeFilter


class Join(StrEnum):
    """How genes are connected: by the edges among them alone, by as few others as will do, or by all that join two."""

    ALL = "all"
    CONNECT = "connect"
    BRIDGES = "bridges"


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Edges, sorted by name, that connect the genes asked for; `added` are the genes that were not asked for.

    `apart` are genes asked for that none of the edges touches.
    """

    asked: tuple[Gene, ...]
    added: tuple[Gene, ...]
    apart: tuple[Gene, ...]
    edges: tuple[Edge, ...]


def subgraph(
    grn: GRN,
    genes: Iterable[str | Gene],
    *,
    join: Join = Join.ALL,
    most: int = 20,
    where: EdgeFilter = EVERYTHING,
) -> Subgraph:
    """The edges that connect `genes`, given by any of their names, in the way of `join`.

    - `all`: every edge among them.
    - `connect`: a tree of as few edges as an approximation finds, whatever the edges' direction (Mehlhorn 1988: at most
      twice the best), of the more believed where equal; genes that nothing connects stay apart. An edge in the
      other direction beside one of the tree is shown too.
    - `bridges`: every edge among them and with the `most` genes that join most of them, two at least.

    Raises KeyError with what is like it for a name that is not in the graph.
    """
    asked = tuple(dict.fromkeys(grn.find(gene) if isinstance(gene, str) else gene for gene in genes))
    network = Network.of(grn, where)
    nodes = [gene.curie for gene in asked]
    if join is Join.CONNECT:
        edges = _tree(network, nodes)
    else:
        more = _bridges(network, nodes, most) if join is Join.BRIDGES else []
        edges = _among(network, {*nodes, *more}, set(nodes))
    touched = {gene for edge in edges for gene in (edge.regulator, edge.target)}
    return Subgraph(
        asked=asked,
        added=tuple(sorted(touched - set(asked), key=lambda gene: (gene.symbol, gene.curie))),
        apart=tuple(gene for gene in asked if gene not in touched),
        edges=edges,
    )


def _among(network: Network, inside: Collection[str], asked: Collection[str]) -> tuple[Edge, ...]:
    """The edges within `inside` that touch a gene asked for."""
    return tuple(
        edge
        for edge in network.edges
        if {edge.regulator.curie, edge.target.curie} <= set(inside)
        and (edge.regulator.curie in asked or edge.target.curie in asked)
    )


def _bridges(network: Network, nodes: Sequence[str], most: int) -> list[str]:
    """The genes with edges to or from most of `nodes`, those with the more believed edges first among equals."""
    joined: dict[str, dict[str, float]] = {}
    for node in nodes:
        for neighbours in (network.targets.get(node, {}), network.regulators.get(node, {})):
            for other, edge in neighbours.items():
                known = joined.setdefault(other, {})
                known[node] = max(edge.belief, known.get(node, 0.0))
    found = [other for other, known in joined.items() if len(known) > 1 and other not in set(nodes)]
    found.sort(key=lambda other: (-len(joined[other]), -sum(joined[other].values()), network.genes[other]))
    return found[:most]


def _tree(network: Network, nodes: Sequence[str]) -> tuple[Edge, ...]:
    graph = nx.Graph()
    for edge in network.edges:
        one, other = edge.regulator.curie, edge.target.curie
        cost = 2.0 - edge.belief
        if one != other and cost < graph.get_edge_data(one, other, {"cost": 3.0})["cost"]:
            graph.add_edge(one, other, cost=cost)
    pairs: set[frozenset[str]] = set()
    for part in nx.connected_components(graph):
        if len(within := part & set(nodes)) > 1:
            tree = steiner_tree(graph.subgraph(part).copy(), sorted(within), weight="cost", method="mehlhorn")
            pairs |= {frozenset(pair) for pair in tree.edges}
    return tuple(edge for edge in network.edges if frozenset((edge.regulator.curie, edge.target.curie)) in pairs)
