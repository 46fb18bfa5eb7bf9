"""A causal network whose targets are small trained functions of their own regulators.

With R(t) the regulators of gene t and `free` what a gene has of its own, each gene's deviation on log scale is

    u_t = free_t + f_t(u_R(t)),      f_t(x) = v_t x + a_t [tanh(W_t x + c_t) - tanh(c_t)]

so that f_t(0) = 0: a gene whose regulators are at their normal level is at its own. W_t has `hidden` rows. Targets are
grouped by their number of regulators, rounded up to a power of two, and a group is one batched matrix product over the
levels of its own regulators: memory and time grow with the number of edges (at most twice, for the rounding), and no
matrix of genes by genes is ever made.

Genes are computed in the order of `networks.levels`. Within a feedback loop each gene answers the others `ROUNDS`
times, starting from what each is by itself; later echoes are cut off. An intervention holds a gene in every round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from conditioned_gen.networks.edges import EdgeArrays
from conditioned_gen.networks.levels import levels

ROUNDS = 2
_START = 0.5


class EdgeNetwork(nn.Module):
    """Free parts (g, n) to deviations (g, n), along the edges alone.

    Before training, f_t is linear with the graph's prior weights, gain * sign * belief / sqrt(regulators). `hidden`
    units a target make it bend. The first units' weights are drawn from torch's generator, which the caller seeds.
    """

    def __init__(self, edges: EdgeArrays, *, hidden: int, gain: float, prior_sd: float = 2.0) -> None:
        super().__init__()
        self.edges, self.hidden, self.gain, self.prior_sd = edges, hidden, gain, prior_sd
        prior = edges.prior(gain)
        self._levels: list[tuple[list[_Targets], int]] = []
        for level in levels(edges):
            groups = [_Targets(edges, prior, targets, hidden) for targets in _alike(edges, level.targets, level.edges)]
            self._levels.append((groups, ROUNDS if level.cyclic else 1))
        self._groups = [group for groups, _ in self._levels for group in groups]
        self.groups = nn.ModuleList(self._groups)

    def forward(self, free: torch.Tensor, held: Mapping[int, float] | None = None) -> torch.Tensor:
        """Deviations (g, n); genes in `held`, by position, have that deviation instead of their own."""
        own, fixed = free, torch.zeros(self.edges.genes, dtype=torch.bool)
        if held:
            places = torch.tensor(list(held))
            values = torch.tensor(list(held.values()), dtype=free.dtype)
            own = free.index_copy(0, places, values[:, None].expand(-1, free.shape[1]))
            fixed[places] = True
        deviations = own
        for groups, rounds in self._levels:
            for _ in range(rounds):
                deviations = self._answered(own, deviations, groups, fixed)
        return deviations

    def responses(self, deviations: torch.Tensor) -> torch.Tensor:
        """What each gene's regulators, at the given deviations (g, n), make of it: f_t(u_R(t)), shape (g, n)."""
        padded = torch.cat([deviations, deviations.new_zeros(1, deviations.shape[1])])
        made = torch.zeros_like(deviations)
        for group in self._groups:
            made = made.index_copy(0, group.targets, group(padded))
        return made

    def penalty(self) -> torch.Tensor:
        """Minus the log prior of all weights: edges that are hardly believed are held near to nothing.

        Sum over edges of [(v - prior)^2 + |W|^2] / (2 s^2 belief^2) and of a^2 / (2 s^2) over units; s is `prior_sd`.
        """
        return sum((group.penalty() for group in self._groups), start=torch.zeros(())) / self.prior_sd**2

    def _answered(
        self, own: torch.Tensor, deviations: torch.Tensor, groups: list[_Targets], fixed: torch.Tensor
    ) -> torch.Tensor:
        padded = torch.cat([deviations, deviations.new_zeros(1, deviations.shape[1])])
        answered = deviations
        for group in groups:
            here = own[group.targets]
            values = torch.where(fixed[group.targets, None], here, here + group(padded))
            answered = answered.index_copy(0, group.targets, values)
        return answered


class _Targets(nn.Module):
    """The functions of targets that have about as many regulators; `index` (t, k) is padded with the position g."""

    def __init__(
        self, edges: EdgeArrays, prior: npt.NDArray[np.float64], targets: npt.NDArray[np.intp], hidden: int
    ) -> None:
        super().__init__()
        order = np.argsort(edges.targets, kind="stable")
        order = order[np.isin(edges.targets[order], targets)]
        counts = np.bincount(edges.targets[order], minlength=edges.genes)[targets]
        rows = np.repeat(np.arange(len(targets)), counts)
        columns = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        shape = (len(targets), _width(int(counts.max())))
        index, weights, beliefs = np.full(shape, edges.genes), np.zeros(shape), np.zeros(shape)
        index[rows, columns] = edges.regulators[order]
        weights[rows, columns], beliefs[rows, columns] = prior[order], edges.beliefs[order]
        # Plain attributes: they are made anew from the edges, and are no part of what is trained or saved.
        self.targets, self.index = torch.from_numpy(targets), torch.from_numpy(index)
        self.prior = torch.from_numpy(weights).float()
        self.precision = torch.from_numpy(np.where(beliefs > 0, beliefs, math.inf) ** -2.0).float()
        self.linear = nn.Parameter(self.prior.clone())
        inside = torch.from_numpy(beliefs > 0)[:, None, :]
        self.bend = nn.Parameter(_START * torch.randn(len(targets), hidden, shape[1]) * inside / math.sqrt(shape[1]))
        self.offset = nn.Parameter(_START * torch.randn(len(targets), hidden, 1))
        self.amplitude = nn.Parameter(torch.zeros(len(targets), hidden, 1))

    def forward(self, padded: torch.Tensor) -> torch.Tensor:
        """Levels of all genes and a row of zeros (g + 1, n) to what they make of the targets (t, n)."""
        # Whole rows are gathered, which is several times as fast as single numbers.
        inputs = padded.index_select(0, self.index.flatten()).reshape(*self.index.shape, -1)
        sums = torch.bmm(torch.cat([self.linear[:, None, :], self.bend], dim=1), inputs)
        units = torch.tanh(sums[:, 1:] + self.offset) - torch.tanh(self.offset)
        made: torch.Tensor = sums[:, 0] + (self.amplitude * units).sum(dim=1)
        return made

    def penalty(self) -> torch.Tensor:
        weights = (self.linear - self.prior) ** 2 + (self.bend**2).sum(dim=1)
        total: torch.Tensor = (weights * self.precision).sum() + (self.amplitude**2).sum()
        return total / 2


def _alike(
    edges: EdgeArrays, targets: npt.NDArray[np.intp], inside: npt.NDArray[np.intp]
) -> list[npt.NDArray[np.intp]]:
    """Targets in groups whose numbers of regulators have the same next power of two."""
    counts = np.bincount(edges.targets[inside], minlength=edges.genes)[targets]
    widths = np.array([_width(int(count)) for count in counts])
    return [targets[widths == width] for width in np.unique(widths)]


def _width(count: int) -> int:
    return 1 << (count - 1).bit_length()
