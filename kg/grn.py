"""The gene regulatory network: a typed view on a `networkx.MultiDiGraph` whose parallel edges are evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape

import networkx as nx

from kg._record import merged
from kg._suggest import nearest
from kg.belief import edge_beliefs, edge_effect
from kg.model import Edge, Effect, Evidence, Gene, GeneKind
from kg.names import Resolution, resolve, resolver

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cut:
    """An edge left out of a restriction, and why."""

    edge: Edge
    reason: str


@dataclass(frozen=True, slots=True)
class Restriction:
    """The part of a GRN that lies within a cohort's genes, and what was cut."""

    grn: GRN
    cut: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class GrnStats:
    """Counts. `conflicting` edges have belief in both signs; `negated` ones have at least one negated statement."""

    genes: int
    edges: int
    evidence: int
    documents: int
    papers: int
    activation: int
    repression: int
    unknown: int
    conflicting: int
    negated: int
    retracted_only: int


class GRN:
    """Who regulates whom, with all the evidence. `len` is the number of edges (ordered pairs of genes).

    Nodes of `networkx` are CURIEs with attribute `gene`; parallel edges are keyed by evidence id and carry
    `evidence`. What is added is merged by id, so the order in which evidence comes does not matter.
    """

    def __init__(self) -> None:
        self._graph = nx.MultiDiGraph()
        self._edges: dict[Pair, Edge] = {}

    @classmethod
    def from_evidence(cls, evidence: Iterable[Evidence]) -> GRN:
        """The network of all this evidence."""
        grn = cls()
        grn.add(evidence)
        return grn

    def add(self, evidence: Iterable[Evidence]) -> int:
        """Add evidence; returns how many statements are new."""
        return sum(self._add(item) for item in evidence)

    def __len__(self) -> int:
        return sum(1 for _ in self._pairs())

    def __repr__(self) -> str:
        return f"GRN({len(self.genes):,} genes, {len(self):,} edges, {self._graph.number_of_edges():,} evidence)"

    def _repr_html_(self) -> str:
        return _html_table(self)

    @property
    def networkx(self) -> nx.MultiDiGraph:
        """The graph itself; change it through `add` only."""
        return self._graph

    @property
    def genes(self) -> tuple[Gene, ...]:
        """All genes and families, sorted by symbol and CURIE."""
        genes = (gene for _, gene in self._graph.nodes(data="gene"))
        return tuple(sorted(genes, key=lambda gene: (gene.symbol, gene.curie)))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every statement, sorted by id."""
        return tuple(sorted((item for _, _, item in self._graph.edges(data="evidence")), key=lambda item: item.id))

    def edges(self, min_belief: float = 0.0) -> tuple[Edge, ...]:
        """Edges of at least this belief, sorted by the symbols, then the CURIEs, of regulator and target."""
        edges = (self._edge(pair) for pair in self._pairs())
        return tuple(sorted((edge for edge in edges if edge.belief >= min_belief), key=_by_name))

    def edge(self, regulator: str | Gene, target: str | Gene) -> Edge:
        """The edge between two genes. Raises KeyError, with names like the ones asked for, where there is none."""
        pair = (self._node(regulator), self._node(target))
        if not self._graph.has_edge(*pair):
            raise KeyError(f"no edge from {self._symbol(pair[0])} to {self._symbol(pair[1])}")
        return self._edge(pair)

    def regulators(self, gene: str | Gene) -> tuple[Edge, ...]:
        """Edges into a gene, given by any of its names or as a Gene (see `find`); the most believed first."""
        node = self._node(gene)
        return tuple(sorted((self._edge((source, node)) for source in self._graph.predecessors(node)), key=_by_belief))

    def targets(self, gene: str | Gene) -> tuple[Edge, ...]:
        """Edges out of a gene, given by any of its names or as a Gene (see `find`); the most believed first."""
        node = self._node(gene)
        return tuple(sorted((self._edge((node, target)) for target in self._graph.successors(node)), key=_by_belief))

    def restrict(self, symbols: Collection[str], species: str = "human") -> Restriction:
        """The network among a cohort's genes, named by symbol; every other edge is listed with its reason.

        A gene that the cohort knows by a previous symbol (`FYB` for `FYB1`) is found, and in the restricted network
        genes have the cohort's symbols. Families are not expanded to their members: evidence about NF-kB is not
        evidence about each of its subunits.
        """
        named = _by_curie(symbols, species)
        kept: list[Evidence] = []
        cut: list[Cut] = []
        for edge in self.edges():
            reason = next(filter(None, (_why_cut(gene, named, species) for gene in (edge.regulator, edge.target))), "")
            if reason:
                cut.append(Cut(edge, reason))
            else:
                regulator, target = (replace(gene, symbol=named[gene.curie]) for gene in (edge.regulator, edge.target))
                kept.extend(replace(item, regulator=regulator, target=target) for item in edge.evidence)
        return Restriction(GRN.from_evidence(kept), tuple(cut))

    def stats(self) -> GrnStats:
        """Counts of the network."""
        edges, evidence = self.edges(), self.evidence
        effects = [edge.effect for edge in edges]
        return GrnStats(
            genes=self._graph.number_of_nodes(),
            edges=len(edges),
            evidence=len(evidence),
            documents=len({item.document for item in evidence}),
            papers=len({item.witness for item in evidence}),
            activation=effects.count(Effect.ACTIVATION),
            repression=effects.count(Effect.REPRESSION),
            unknown=effects.count(Effect.UNKNOWN),
            conflicting=sum(min(edge.beliefs.activation, edge.beliefs.repression) > 0 for edge in edges),
            negated=sum(any(item.negated for item in edge.evidence) for edge in edges),
            retracted_only=sum(_retracted_only(edge) for edge in edges),
        )

    def _add(self, item: Evidence) -> bool:
        pair = (self._add_gene(item.regulator), self._add_gene(item.target))
        known = self._graph.get_edge_data(*pair, key=item.id)
        self._edges.pop(pair, None)
        if known is not None:
            known["evidence"] = merged(known["evidence"], item)
            return False
        self._graph.add_edge(*pair, key=item.id, evidence=item)
        return True

    def _add_gene(self, gene: Gene) -> str:
        known = self._graph.nodes.get(gene.curie)
        self._graph.add_node(gene.curie, gene=gene if known is None else min(known["gene"], gene))
        return gene.curie

    def _pairs(self) -> Iterable[Pair]:
        return ((node, target) for node, targets in self._graph.adjacency() for target in targets)

    def _edge(self, pair: Pair) -> Edge:
        if pair not in self._edges:
            items = (data["evidence"] for data in self._graph.get_edge_data(*pair).values())
            evidence = tuple(sorted(items, key=lambda item: item.id))
            beliefs = edge_beliefs(evidence)
            regulator, target = (self._graph.nodes[node]["gene"] for node in pair)
            self._edges[pair] = Edge(regulator, target, edge_effect(beliefs), beliefs, evidence)
        return self._edges[pair]

    def _symbol(self, node: str) -> str:
        return str(self._graph.nodes[node]["gene"].symbol)

    def find(self, name: str) -> Gene:
        """The gene of the graph with this CURIE or symbol, else the one that `kg.resolve` takes the name for.

        Raises KeyError saying what the name was taken for and what in the graph is like it. A mouse gene is not
        answered with its human ortholog, nor the other way round, but the ortholog is named.
        """
        if name in self._graph:
            return self._gene(name)
        found = [gene for gene in self.genes if gene.symbol == name]
        if len(found) > 1:
            raise KeyError(f"{name} is the symbol of {', '.join(gene.curie for gene in found)}: use one of these")
        if found:
            return found[0]
        resolution = resolve(name)
        if resolution.gene is not None and resolution.gene.curie in self._graph:
            return self._gene(resolution.gene.curie)
        raise KeyError(self._why_missing(name, resolution))

    def _why_missing(self, name: str, resolution: Resolution) -> str:
        taken = resolution.gene
        if taken is None:
            said = f"{name} is not in the graph: {resolution.reason}"
        else:
            said = f"{name} ({taken.symbol}, {taken.curie}, {taken.species}) is not in the graph"
            same = [gene for gene in self.genes if resolver().same_gene(taken, gene)]
            if same:
                return f"{said}, but {same[0].symbol} ({same[0].curie}, {same[0].species}) is"
        near = nearest(name.lower(), ((item.symbol.lower(), item.symbol) for item in self.genes), 3)
        return said + (f"; did you mean {', '.join(near)}?" if near else "")

    def _gene(self, node: str) -> Gene:
        gene: Gene = self._graph.nodes[node]["gene"]
        return gene

    def _node(self, gene: str | Gene) -> str:
        if not isinstance(gene, Gene):
            return self.find(gene).curie
        if gene.curie not in self._graph:
            raise KeyError(f"{gene.symbol} ({gene.curie}) is not in the graph")
        return gene.curie


def _by_name(edge: Edge) -> tuple[str, ...]:
    return (edge.regulator.symbol, edge.target.symbol, edge.regulator.curie, edge.target.curie)


def _by_belief(edge: Edge) -> tuple[float | str, ...]:
    return (-edge.belief, *_by_name(edge))


def _by_curie(symbols: Collection[str], species: str) -> dict[str, str]:
    """A cohort's symbol for each gene it holds; where it has both, the approved symbol rather than a previous one."""
    named: dict[str, str] = {}
    for symbol in sorted(symbols):
        resolution = resolve(symbol, species)
        if resolution.gene and resolution.candidates[0].how in ("symbol", "previous"):
            gene = resolution.gene
            named[gene.curie] = symbol if symbol == gene.symbol else named.get(gene.curie, symbol)
    return named


def _why_cut(gene: Gene, named: Mapping[str, str], species: str) -> str:
    if gene.kind is GeneKind.FAMILY:
        return f"{gene.symbol} is a family or complex, not one gene"
    if gene.species != species:
        return f"{gene.symbol} is a {gene.species} gene, not a {species} one"
    return "" if gene.curie in named else f"{gene.symbol} is not among the cohort's genes"


def _retracted_only(edge: Edge) -> bool:
    return all(item.retracted for item in edge.evidence)


def _html_table(grn: GRN, rows: int = 10) -> str:
    strongest = sorted(grn.edges(), key=_by_belief)[:rows]
    note = f"the {len(strongest)} best believed edges" if len(strongest) < len(grn) else ""
    head = "".join(f"<th>{name}</th>" for name in ("regulator", "target", "effect", "belief", "papers", "evidence"))
    body = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(str(cell))}</td>"
            for cell in (
                edge.regulator.symbol,
                edge.target.symbol,
                edge.effect,
                f"{edge.belief:.2f}",
                len(edge.papers),
                _shown(edge.best),
            )
        )
        + "</tr>"
        for edge in strongest
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div><p>{escape(repr(grn))}{note and '; ' + note}</p>{table}</div>"


def _shown(item: Evidence) -> str:
    text = " ".join(item.quote.split())
    text = text if len(text) <= 120 else f"{text[:117]}..."
    return f"{text} [{', '.join(item.marks)}]" if item.marks else text
