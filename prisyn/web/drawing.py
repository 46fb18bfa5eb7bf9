"""What the script is told that draws networks: identifiers, symbols, signs and numbers, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kg import Edge, Gene
from kg.queries import Path

MOST_DRAWN = 80
"""Edges of a drawing; a picture of more is not read."""


def network(edges: Sequence[Edge], asked: Iterable[Gene] = ()) -> dict[str, Any]:
    """A network with the genes asked for set off, the most believed edges of it."""
    best = sorted(edges, key=lambda edge: -edge.belief)[:MOST_DRAWN]
    return {**nodes_and_edges(best, asked), "layout": "free", "of": len(edges)}


def ways(found: Sequence[Path]) -> dict[str, Any]:
    """Paths from one gene to another: each gene in the column of its first place on any path, the last one behind."""
    edges = list(dict.fromkeys(edge for path in found for edge in path.edges))[:MOST_DRAWN]
    columns: dict[str, int] = {}
    for path in found:
        for place, gene in enumerate(path.genes):
            columns[gene.curie] = min(place, columns.get(gene.curie, place))
    ends = (found[0].genes[0], found[0].genes[-1])
    columns[ends[1].curie] = max(len(path.edges) for path in found)
    whole = len({edge for path in found for edge in path.edges})
    return {**nodes_and_edges(edges, ends), "layout": "columns", "columns": columns, "of": whole}


def nodes_and_edges(edges: Iterable[Edge], asked: Iterable[Gene] = ()) -> dict[str, Any]:
    """The edges, and the genes at their ends."""
    there = list(edges)
    set_off = {gene.curie for gene in asked}
    genes = dict.fromkeys(each for edge in there for each in (edge.regulator, edge.target))
    return {
        "nodes": [
            {"id": each.curie, "symbol": each.symbol, "kind": str(each.kind), "asked": each.curie in set_off}
            for each in {gene.curie: gene for gene in genes}.values()
        ],
        "edges": [
            {
                "source": edge.regulator.curie,
                "target": edge.target.curie,
                "effect": str(edge.effect),
                "belief": round(edge.belief, 3),
            }
            for edge in there
        ],
    }
