"""The gene regulatory network: genes, and between ordered pairs of them edges that are views over evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

import networkx as nx

from kg._find import find_gene
from kg._record import merged
from kg.belief import edge_beliefs, edge_effect
from kg.curation import Curation, Decision, Judgement, edge_curation, judgements
from kg.model import Edge, Effect, Evidence, Gene, GeneKind
from kg.names import resolve

Pair = tuple[str, str]

NOBODY = Judgement()
_ONE_UNJUDGED = Curation(unjudged=1)


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

    What is added is merged by id, so the order in which evidence comes does not matter. Decisions of curators stand
    beside the evidence and are seen in each edge's `curation`.
    """

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self._decisions = tuple(decisions)
        self._judged = judgements(self._decisions)
        self._genes: dict[str, Gene] = {}
        self._targets: dict[str, dict[str, dict[str, Evidence]]] = {}
        self._regulators: dict[str, dict[str, None]] = {}
        self._edges: dict[Pair, Edge] = {}
        self._sorted: tuple[Edge, ...] | None = None
        self._networkx: nx.MultiDiGraph | None = None

    @classmethod
    def from_evidence(cls, evidence: Iterable[Evidence], decisions: Iterable[Decision] = ()) -> GRN:
        """The network of all this evidence, judged by these decisions (of other claims they may be, too)."""
        grn = cls(decisions)
        grn.add(evidence)
        return grn

    def add(self, evidence: Iterable[Evidence]) -> int:
        """Add evidence; returns how many statements are new."""
        self._sorted = self._networkx = None
        return sum(self._add(item) for item in evidence)

    def __len__(self) -> int:
        return sum(map(len, self._targets.values()))

    def __repr__(self) -> str:
        return f"GRN({len(self._genes):,} genes, {len(self):,} edges, {sum(1 for _ in self._statements()):,} evidence)"

    def _repr_html_(self) -> str:
        return _html_table(self)

    @property
    def networkx(self) -> nx.MultiDiGraph:
        """The same as a graph of networkx, made when first asked for; changing it changes nothing here.

        Nodes are CURIEs with attribute `gene`; parallel edges are statements, keyed by their id, with `evidence`.
        """
        if self._networkx is None:
            graph = nx.MultiDiGraph()
            graph.add_nodes_from((curie, {"gene": gene}) for curie, gene in self._genes.items())
            graph.add_edges_from(
                (item.regulator.curie, item.target.curie, item.id, {"evidence": item}) for item in self._statements()
            )
            self._networkx = graph
        return self._networkx

    @property
    def genes(self) -> tuple[Gene, ...]:
        """All genes and families, sorted by symbol and CURIE."""
        return tuple(sorted(self._genes.values(), key=lambda gene: (gene.symbol, gene.curie)))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every statement, sorted by id."""
        return tuple(sorted(self._statements(), key=lambda item: item.id))

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions it was made with."""
        return self._decisions

    def edges(self, min_belief: float = 0.0) -> tuple[Edge, ...]:
        """Edges of at least this belief, sorted by the symbols, then the CURIEs, of regulator and target."""
        if self._sorted is None:
            self._sorted = tuple(sorted((self._edge(*pair) for pair in self._pairs()), key=_by_name))
        return self._sorted if min_belief <= 0 else tuple(edge for edge in self._sorted if edge.belief >= min_belief)

    def edge(self, regulator: str | Gene, target: str | Gene) -> Edge:
        """The edge between two genes. Raises KeyError, with names like the ones asked for, where there is none."""
        one, other = self._node(regulator), self._node(target)
        if other not in self._targets.get(one, {}):
            raise KeyError(f"no edge from {self._genes[one].symbol} to {self._genes[other].symbol}")
        return self._edge(one, other)

    def regulators(self, gene: str | Gene) -> tuple[Edge, ...]:
        """Edges into a gene, given by any of its names or as a Gene (see `find`); the most believed first."""
        node = self._node(gene)
        return tuple(sorted((self._edge(source, node) for source in self._regulators.get(node, ())), key=by_belief))

    def targets(self, gene: str | Gene) -> tuple[Edge, ...]:
        """Edges out of a gene, given by any of its names or as a Gene (see `find`); the most believed first."""
        node = self._node(gene)
        return tuple(sorted((self._edge(node, target) for target in self._targets.get(node, ())), key=by_belief))

    def find(self, name: str) -> Gene:
        """The gene of the graph with this CURIE or symbol, else the one that `kg.resolve` takes the name for.

        Raises KeyError saying what the name was taken for and what in the graph is like it. A mouse gene is not
        answered with its human ortholog, nor the other way round, but the ortholog is named.
        """
        return find_gene(name, self._genes)

    def judgement(self, item: Evidence) -> Judgement:
        """Who holds what about the claim of a statement."""
        return self._judged.get(item.claim, NOBODY) if self._judged else NOBODY

    def of(self, edges: Iterable[Edge]) -> GRN:
        """The network of these of its edges alone, with all their evidence and the decisions on it."""
        return GRN.from_evidence((item for edge in edges for item in edge.evidence), self._decisions)

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
        return Restriction(GRN.from_evidence(kept, self._decisions), tuple(cut))

    def stats(self) -> GrnStats:
        """Counts of the network."""
        edges = [self._edge(*pair) for pair in self._pairs()]
        effects = [edge.effect for edge in edges]
        return GrnStats(
            genes=len(self._genes),
            edges=len(edges),
            evidence=sum(len(edge.evidence) for edge in edges),
            documents=len({item.document for item in self._statements()}),
            papers=len({item.witness for item in self._statements()}),
            activation=effects.count(Effect.ACTIVATION),
            repression=effects.count(Effect.REPRESSION),
            unknown=effects.count(Effect.UNKNOWN),
            conflicting=sum(min(edge.beliefs.activation, edge.beliefs.repression) > 0 for edge in edges),
            negated=sum(any(item.negated for item in edge.evidence) for edge in edges),
            retracted_only=sum(_retracted_only(edge) for edge in edges),
        )

    def _add(self, item: Evidence) -> bool:
        regulator, target = self._add_gene(item.regulator), self._add_gene(item.target)
        statements = self._targets.setdefault(regulator, {}).setdefault(target, {})
        self._regulators.setdefault(target, {})[regulator] = None
        self._edges.pop((regulator, target), None)
        known = statements.get(item.id)
        statements[item.id] = item if known is None else merged(known, item)
        return known is None

    def _add_gene(self, gene: Gene) -> str:
        known = self._genes.setdefault(gene.curie, gene)
        if known is not gene and gene < known:
            self._genes[gene.curie] = gene
        return gene.curie

    def _pairs(self) -> Iterator[Pair]:
        return ((regulator, target) for regulator, targets in self._targets.items() for target in targets)

    def _statements(self) -> Iterator[Evidence]:
        return (item for targets in self._targets.values() for items in targets.values() for item in items.values())

    def _edge(self, regulator: str, target: str) -> Edge:
        known = self._edges.get((regulator, target))
        if known is None:
            statements = self._targets[regulator][target]
            evidence = tuple(statements[key] for key in sorted(statements))
            beliefs = edge_beliefs(evidence, self._judged)
            genes = self._genes[regulator], self._genes[target]
            known = Edge(*genes, edge_effect(beliefs), beliefs, evidence, self._curation(evidence))
            self._edges[regulator, target] = known
        return known

    def _curation(self, evidence: Sequence[Evidence]) -> Curation:
        # Most edges rest on one statement that nobody has judged: its claim need not be worked out to be counted.
        if len(evidence) == 1 and not self._judged:
            return _ONE_UNJUDGED
        return edge_curation(evidence, self._judged)

    def _node(self, gene: str | Gene) -> str:
        if not isinstance(gene, Gene):
            return self.find(gene).curie
        if gene.curie not in self._genes:
            raise KeyError(f"{gene.symbol} ({gene.curie}) is not in the graph")
        return gene.curie


def _by_name(edge: Edge) -> tuple[str, ...]:
    return (edge.regulator.symbol, edge.target.symbol, edge.regulator.curie, edge.target.curie)


def by_belief(edge: Edge) -> tuple[float | str, ...]:
    """The order in which edges are shown: the most believed first, then by name."""
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
    # Few edges have a retracted paper, and telling the kinds of papers apart takes longer than counting edges.
    return any(item.retracted for item in edge.evidence) and edge.support.retracted_only


def _html_table(grn: GRN, rows: int = 10) -> str:
    strongest = sorted(grn.edges(), key=by_belief)[:rows]
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
