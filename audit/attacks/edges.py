"""The regulations of a graph, one by one: does the synthetic set show how a record's target follows its regulator?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._marginals import LEVELS, Pairs, dependence_tree, levels, log_ratios, most_varied
from audit.attacks._protocol import AttackView, register

VARIED = 200


@register
@dataclass(frozen=True)
class GraphEdges:
    """score(x) = sum over edges e = (regulator, target) of log p_S(x_e) - log p_R(x_e), in quartile levels.

    MAMA-MIA's attack with the public graph for its focal cliques: a generator conditioned on a graph has measured what
    happens along its edges, and everybody knows them. `contributions` gives the terms, so that one can ask which
    edges leak. Without a graph, the tree of dependences recovered from S stands in for it. R is the reference, or the
    queries themselves without one.
    """

    name: str = "edges"
    label: str = "Edges of the graph"
    explanation: str = "Asks of each regulation in the graph whether the synthetic set shows it as this record does."
    reference: str = "Golob, Pentyala, Maratkhan and De Cock, MAMA-MIA, 2024, on the edges of a regulatory network"
    needs_reference: bool = False
    needs_edges: bool = True

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        total = np.zeros(len(view.queries))
        for _, block in contributions(view):
            total += block.sum(axis=1)
        return total


def contributions(view: AttackView) -> Iterator[tuple[Pairs, npt.NDArray[np.float64]]]:
    """Blocks of edges (b, 2), as columns of `view.all_genes`, and of their terms in the score, (q, b)."""
    values = (*view.all_genes, view.population)
    pairs = known_edges(view)
    if not len(pairs):
        varied = most_varied(levels(*values).synthetic, VARIED)
        pairs = varied[dependence_tree(levels(*values).of(varied).synthetic)]
    ends, places = np.unique(pairs, return_inverse=True)
    cliques = levels(*(each[:, ends] for each in values)).pairs(places.reshape(pairs.shape))
    for columns, block in log_ratios(cliques, LEVELS**2):
        yield pairs[columns], block


def known_edges(view: AttackView) -> Pairs:
    """The edges whose two ends are features, as pairs of columns (e, 2), each once; self-regulation is left out."""
    at = {name: column for column, name in enumerate(view.features)}
    pairs = {(at[a], at[b]) for a, b, _ in view.edges if a in at and b in at and a != b}
    return np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2)
