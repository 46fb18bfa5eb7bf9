"""In which order genes follow from each other, where some of them regulate each other in circles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from conditioned_gen.networks.edges import EdgeArrays, Places


@dataclass(frozen=True, eq=False)
class Level:
    """Genes that follow from genes of earlier levels, and, where `cyclic`, from each other too.

    `targets` (t,) are their positions and `edges` those of all edges into them.
    """

    targets: Places
    edges: Places
    cyclic: bool


def levels(edges: EdgeArrays) -> list[Level]:
    """Genes with regulators, strongly connected component by component, in an order in which causes come first.

    Components of more than one gene are levels apart from those of single genes, so that only they are gone round.
    """
    shape = (edges.genes, edges.genes)
    graph = sp.csr_matrix((np.ones(len(edges)), (edges.regulators, edges.targets)), shape=shape)
    count, component = connected_components(graph, directed=True, connection="strong")
    looped = np.bincount(component, minlength=count)[component] > 1
    depth = _depths(component[edges.regulators], component[edges.targets], count)[component]
    regulated = np.unique(edges.targets)
    found = []
    for one in np.unique(depth[regulated]):
        for cyclic in (False, True):
            targets = regulated[(depth[regulated] == one) & (looped[regulated] == cyclic)]
            if len(targets):
                found.append(Level(targets, np.flatnonzero(np.isin(edges.targets, targets)), cyclic))
    return found


def _depths(sources: Places, sinks: Places, count: int) -> Places:
    """The longest way that leads to each of `count` components, by edges between different ones."""
    between = sources != sinks
    sources, sinks = sources[between], sinks[between]
    depth = np.zeros(count, dtype=np.intp)
    for _ in range(count):
        reached = depth.copy()
        np.maximum.at(reached, sinks, depth[sources] + 1)
        if np.array_equal(reached, depth):
            break
        depth = reached
    return depth
