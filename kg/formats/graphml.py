"""GraphML, for networkx, Cytoscape, Gephi and yEd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import networkx as nx

from kg.formats._attributes import Nodes, claim_of
from kg.formats._edges import evidence_of, supporting_papers
from kg.formats._format import STATEMENTS, Format, ImportResult
from kg.formats._graphml import read_elements
from kg.formats._names import Names
from kg.formats._text import collect, one_line
from kg.grn import GRN
from kg.model import Evidence


def write(grn: GRN, path: Path) -> None:
    """Nodes are CURIEs with symbol, species and kind; edges have effect, the three beliefs, and papers.

    `papers` is a count of all papers and documents, `pmids` lists the papers that support the edge. Edges that nothing
    supports have belief 0, and are not read back.
    """
    graph = nx.DiGraph()
    for gene in sorted(grn.genes):
        graph.add_node(gene.curie, symbol=one_line(gene.symbol), species=gene.species, kind=gene.kind.value)
    for edge in grn.edges():
        graph.add_edge(
            edge.regulator.curie,
            edge.target.curie,
            effect=edge.effect.value,
            belief=round(edge.beliefs.regulation, 6),
            belief_activation=round(edge.beliefs.activation, 6),
            belief_repression=round(edge.beliefs.repression, 6),
            papers=len(edge.papers),
            pmids=";".join(supporting_papers(edge)),
        )
    nx.write_graphml_xml(graph, path, prettyprint=True)


def read(path: Path, names: Names) -> ImportResult:
    """One statement for each paper of an edge, or one of unknown paper.

    Of graphs of other programs, a node is known by its id where that is a CURIE, else by its symbol, name or label; an
    edge's effect, belief and papers by the attributes in `kg.formats._attributes`. A file with a document type
    definition is refused unread: it can name other files, and entities that grow without end.
    """
    nodes = Nodes(names)

    def edges() -> Iterator[tuple[int, Mapping[str, str]]]:
        for line, kind, element in read_elements(path):
            if kind == "edge":
                yield line, element
            else:
                nodes.add(element["@id"], element["@id"], element)

    def parse(element: Mapping[str, str]) -> list[Evidence]:
        if element.get("@directed") == "false":
            raise ValueError("the edge has no direction")
        regulator, target = nodes.gene(element["@source"], "regulator"), nodes.gene(element["@target"], "target")
        return list(evidence_of(claim_of(element, regulator, target), "graphml"))

    return collect(path, edges(), parse, "a GraphML file of directed edges")


FORMAT = Format("graphml", "networkx, Cytoscape, Gephi, yEd", STATEMENTS, write, read)
