"""GraphML, for networkx, Cytoscape, Gephi and yEd."""

from __future__ import annotations

from pathlib import Path

import networkx as nx

from kg.formats._format import Format
from kg.grn import GRN


def write(grn: GRN, path: Path) -> None:
    """Nodes are CURIEs with symbol, species and kind; edges have effect, the three beliefs, and papers (a count)."""
    graph = nx.DiGraph()
    for gene in sorted(grn.genes):
        graph.add_node(gene.curie, symbol=_text(gene.symbol), species=gene.species, kind=gene.kind.value)
    for edge in grn.edges():
        graph.add_edge(
            edge.regulator.curie,
            edge.target.curie,
            effect=edge.effect.value,
            belief=round(edge.beliefs.regulation, 6),
            belief_activation=round(edge.beliefs.activation, 6),
            belief_repression=round(edge.beliefs.repression, 6),
            papers=len(edge.papers),
        )
    nx.write_graphml_xml(graph, path, prettyprint=True)


def _text(text: str) -> str:
    """Control characters have no place in XML."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


FORMAT = Format("graphml", loses="the evidence: sentences, papers' numbers, readers", write=write)
