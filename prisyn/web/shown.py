"""What is seen of the edges around a gene: filtered as asked, and what of it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kg import GRN, Edge, Gene
from kg.queries import EdgeFilter, regulators, targets
from prisyn.web.drawing import nodes_and_edges

MOST_DRAWN = 24
"""Edges in each direction that are drawn; a picture of more is not read. The tables have all of them."""

MOST_LISTED, MOST_OF_ALL = 100, 1_000
"""Edges in each direction that a page lists at first, and when asked for more; a file has all of them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The edges of a network into and out of `gene` that a filter keeps, the best believed first, and how many it
    hides.
    """

    gene: Gene
    regulators: tuple[Edge, ...]
    targets: tuple[Edge, ...]
    hidden: int
    within: GRN = field(repr=False)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All of them; an edge of the gene onto itself once."""
        return tuple(dict.fromkeys((*self.regulators, *self.targets)))

    @property
    def drawn(self) -> tuple[Edge, ...]:
        """Those that are drawn."""
        return tuple(dict.fromkeys((*self.regulators[:MOST_DRAWN], *self.targets[:MOST_DRAWN])))

    @property
    def grn(self) -> GRN:
        """What is seen, as a network that can be exported."""
        return self.within.of(self.edges)


def shown(grn: GRN, gene: Gene, where: EdgeFilter) -> Shown:
    """What is seen around a gene of a network."""
    kept = regulators(grn, gene, where), targets(grn, gene, where)
    edges = len(grn.regulators(gene)) + len(grn.targets(gene))
    return Shown(gene, *kept, hidden=edges - sum(map(len, kept)), within=grn)


def elements(gene: Gene, edges: Sequence[Edge]) -> dict[str, Any]:
    """What is drawn around a gene, and on which side of it."""
    into = [edge.regulator.curie for edge in edges if edge.target == gene and edge.regulator != gene]
    out = [edge.target.curie for edge in edges if edge.regulator == gene and edge.target != gene]
    return {
        **nodes_and_edges(edges, [gene]),
        "layout": "star",
        "focus": gene.curie,
        "regulators": [curie for curie in into if curie not in out],
        "both": [curie for curie in into if curie in out],
        "targets": [curie for curie in out if curie not in into],
    }
