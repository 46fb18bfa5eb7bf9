"""What regulates a gene, and what it regulates: answered by a store without the rest of its graph."""

from __future__ import annotations

from collections.abc import Callable

from kg._find import find_gene
from kg.grn import GRN, by_belief
from kg.model import Edge, Gene
from kg.queries.filters import EVERYTHING, EdgeFilter
from kg.store import GraphStore

Graph = GRN | GraphStore


def regulators(graph: Graph, gene: str | Gene, where: EdgeFilter = EVERYTHING) -> tuple[Edge, ...]:
    """The edges into a gene that pass, the most believed first; the gene by any of its names (see `find`).

    Raises KeyError with what is like it for a gene that is not in the graph.
    """
    node = find(graph, gene)
    edges = graph.regulators(node) if isinstance(graph, GRN) else _stored(graph, target=node.curie)
    return tuple(edge for edge in edges if where.keeps(edge))


def targets(graph: Graph, gene: str | Gene, where: EdgeFilter = EVERYTHING) -> tuple[Edge, ...]:
    """The edges out of a gene that pass, the most believed first. Raises KeyError as `regulators` does."""
    node = find(graph, gene)
    edges = graph.targets(node) if isinstance(graph, GRN) else _stored(graph, regulator=node.curie)
    return tuple(edge for edge in edges if where.keeps(edge))


def edge_between(graph: Graph, regulator: str | Gene, target: str | Gene) -> Edge:
    """The edge from one gene to another with all its evidence. Raises KeyError for genes or an edge not there."""
    one, other = map(finder(graph), (regulator, target))
    if isinstance(graph, GRN):
        return graph.edge(one, other)
    found = _stored(graph, regulator=one.curie, target=other.curie)
    if not found:
        raise KeyError(f"no edge from {one.symbol} to {other.symbol}")
    return found[0]


def find(graph: Graph, gene: str | Gene) -> Gene:
    """The gene of a graph that a name stands for, as `GRN.find` says; a Gene is taken at its word."""
    return finder(graph)(gene)


def finder(graph: Graph) -> Callable[[str | Gene], Gene]:
    """As `find`, for many names: a store is asked for its genes once, at the first name."""
    genes: dict[str, Gene] = {}

    def find_one(gene: str | Gene) -> Gene:
        if isinstance(gene, Gene):
            return gene
        if isinstance(graph, GRN):
            return graph.find(gene)
        if not genes:
            genes.update((known.curie, known) for known in graph.genes())
        return find_gene(gene, genes)

    return find_one


def _stored(store: GraphStore, *, regulator: str | None = None, target: str | None = None) -> tuple[Edge, ...]:
    """The edges of a store between these ends, the most believed first, judged by the decisions on them alone."""
    evidence = list(store.evidence(regulator, target))
    decided = next(store.decisions(), None) is not None
    claims = sorted({item.claim for item in evidence}) if decided else []
    grn = GRN.from_evidence(evidence, (decision for claim in claims for decision in store.decisions(claim)))
    return tuple(sorted(grn.edges(), key=by_belief))
