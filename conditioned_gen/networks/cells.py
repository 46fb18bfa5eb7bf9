"""Counts of cells whose genes follow from each other along a graph: regulators first, then their targets.

    free    = controller(draws)                      of regulators and of genes that nothing regulates
    u       = EdgeNetwork(free)                      (n, g), deviations on log scale
    counts  ~ Poisson(L exp(level[type] + u) G)      G ~ Gamma(shape, 1 / shape), mean 1: each gene's noise of its own

so that counts given u are negative binomial. The type is a cause outside the graph: it sets levels, not edges.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from conditioned_gen.networks.edges import EdgeArrays, Places
from conditioned_gen.networks.trained import EdgeNetwork

_FARTHEST = 4.0
_CHUNK = 256


class SharedControl(nn.Module):
    """Draws (n, latent) to free parts (n, g) of the genes `roots`, which vary together; all others have none."""

    def __init__(self, edges: EdgeArrays, *, latent: int, width: int) -> None:
        super().__init__()
        self.genes, self.latent, self.width = edges.genes, latent, width
        self.roots = torch.from_numpy(roots(edges))
        self.layers = nn.Sequential(nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, len(self.roots)))

    def forward(self, draws: torch.Tensor) -> torch.Tensor:
        return draws.new_zeros(len(draws), self.genes).index_copy(1, self.roots, self.layers(draws))


class OwnNoise(nn.Module):
    """Draws (n, g) to free parts: independent noise for each gene, less of it where regulators explain a part."""

    def __init__(self, deviation: torch.Tensor) -> None:
        super().__init__()
        self.latent = len(deviation)
        self.deviation = nn.Parameter(deviation, requires_grad=False)

    def forward(self, draws: torch.Tensor) -> torch.Tensor:
        return self.deviation * draws


class CausalCells(nn.Module):
    """The model of the module's text. `level` (types, g) is the log proportion of a gene at deviation 0."""

    def __init__(self, control: SharedControl | OwnNoise, network: EdgeNetwork, *, types: int) -> None:
        super().__init__()
        self.control, self.network = control, network
        genes = network.edges.genes
        self.level = nn.Parameter(torch.zeros(types, genes))
        self.log_shape = nn.Parameter(torch.ones(genes))

    def deviations(self, draws: torch.Tensor, held: Mapping[int, float] | None = None) -> torch.Tensor:
        """Deviations (n, g) at standard normal draws (n, latent)."""
        deviations: torch.Tensor = self.network(self.control(draws).T, held)
        return deviations.T.clamp(-_FARTHEST, _FARTHEST)

    def log_mean_fold(self, *, chunks: int = 8) -> torch.Tensor:
        """log E[exp(u)] of each gene, shape (g,): how far its average lies above its level.

        From `chunks` times 256 fixed draws, a chunk at a time, since each holds a number for every draw and edge.
        """
        fixed = torch.Generator().manual_seed(0)
        sums = torch.zeros(self.network.edges.genes)
        with torch.no_grad():
            for _ in range(chunks):
                sums += self.deviations(torch.randn(_CHUNK, self.control.latent, generator=fixed)).exp().sum(dim=0)
        return (sums / (chunks * _CHUNK)).log()


def roots(edges: EdgeArrays) -> Places:
    """Positions of genes that are drawn: those that regulate, and those that nothing regulates."""
    drawn = np.ones(edges.genes, dtype=bool)
    drawn[edges.targets] = False
    drawn[edges.regulators] = True
    return np.flatnonzero(drawn)
