"""Training a causal network on cells that may be looked at: public ones, or, where nothing is promised, private ones.

Maximum likelihood with an amortised posterior (variational autoencoder; Kingma and Welling 2014), whose decoder is the
causal model: an encoder that is thrown away afterwards guesses a cell's draws z from its counts and type,

    loss = mean over cells of  -E_q[log NB(counts | L exp(level + u(z)), shape)] + w KL(q(z) | N(0, 1))
           + penalty of the edges / cells

with w rising to 1 over the first third of the steps. L is the cell's own total.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch
from torch import nn

from cohort import to_dense
from conditioned_gen.networks.cells import CausalCells, SharedControl
from conditioned_gen.networks.edges import EdgeArrays
from conditioned_gen.networks.trained import EdgeNetwork

Progress = Callable[[int, int], None]
_PRIOR_COUNTS = 200.0
_CLEARER = 10.0


@dataclass(frozen=True)
class Training:
    """`latent` shared draws a cell, `width` of controller and half of the encoder, `hidden` units a target.

    `gain` is the prior strength of edges and `prior_sd` how far a certain one may lie from it. `steps` batches of
    `batch` cells each; without a step, edges keep their prior.
    """

    latent: int = 16
    width: int = 64
    hidden: int = 4
    gain: float = 0.3
    prior_sd: float = 2.0
    steps: int = 800
    batch: int = 256
    learning_rate: float = 4e-3


def train(
    counts: sp.csr_matrix,
    codes: npt.NDArray[np.intp],
    edges: EdgeArrays,
    *,
    types: int,
    settings: Training,
    seed: int,
    measured: npt.NDArray[np.bool_] | None = None,
    progress: Progress | None = None,
) -> CausalCells:
    """The model of counts (n, g) of cells of types `codes` (n,). Cells without counts are left out.

    Genes that are not `measured` (g,) say nothing: what leads to them keeps the graph's prior.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        control = SharedControl(edges, latent=settings.latent, width=settings.width)
        network = EdgeNetwork(edges, hidden=settings.hidden, gain=settings.gain, prior_sd=settings.prior_sd)
        cells = CausalCells(control, network, types=types)
        cells.level.data = _levels(counts, codes, types)
        _fit(cells, counts, codes, settings, measured, progress)
    return cells.eval()


class _Encoder(nn.Module):
    def __init__(self, genes: int, types: int, settings: Training) -> None:
        super().__init__()
        width = 2 * settings.width
        self.types = types
        self.layers = nn.Sequential(nn.Linear(genes + types, width), nn.ReLU(), nn.Linear(width, 2 * settings.latent))

    def forward(self, roots: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        onehot = nn.functional.one_hot(types, self.types).float()
        mean, log_variance = self.layers(torch.cat([_CLEARER * roots, onehot], dim=1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 3)


def _fit(
    cells: CausalCells,
    counts: sp.csr_matrix,
    codes: npt.NDArray[np.intp],
    settings: Training,
    measured: npt.NDArray[np.bool_] | None,
    progress: Progress | None,
) -> None:
    counts, codes = _with_counts(counts, codes)
    if not settings.steps:
        return
    encoder = _Encoder(counts.shape[1], len(cells.level), settings)
    slow = [cells.level]
    quick = [p for p in (*encoder.parameters(), *cells.parameters()) if p is not cells.level]
    rates = [settings.learning_rate, settings.learning_rate / 3]
    optimiser = torch.optim.Adam([{"params": quick}, {"params": slow}])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=settings.steps)
    seen = torch.ones(counts.shape[1]) if measured is None else torch.from_numpy(measured).float()
    rows = torch.empty(0, dtype=torch.long)
    for step in range(settings.steps):
        if len(rows) < min(settings.batch, len(codes)):
            rows = torch.cat([rows, torch.randperm(len(codes))])
        here, rows = rows[: settings.batch].numpy(), rows[settings.batch :]
        weight = min(1.0, 3 * step / settings.steps)
        some, types = torch.from_numpy(to_dense(counts[here])), torch.from_numpy(codes[here])
        loss = _loss(cells, encoder, some, types, seen, weight) + cells.network.penalty() / len(codes)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        if progress is not None:
            progress(step + 1, settings.steps)


def _loss(
    cells: CausalCells,
    encoder: _Encoder,
    counts: torch.Tensor,
    types: torch.Tensor,
    seen: torch.Tensor,
    weight: float,
) -> torch.Tensor:
    totals = counts.sum(dim=1, keepdim=True)
    mean, log_variance = encoder((counts / totals).sqrt(), types)
    draws = mean + torch.randn_like(mean) * (log_variance / 2).exp()
    log_means = totals.log() + cells.level[types] + cells.deviations(draws)
    likelihood = _negative_binomial(counts, log_means, cells.log_shape) @ seen
    divergence = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(dim=1)
    loss: torch.Tensor = (weight * divergence - likelihood).mean()
    return loss


def _negative_binomial(counts: torch.Tensor, log_means: torch.Tensor, log_shape: torch.Tensor) -> torch.Tensor:
    """Log probability of each count up to a constant, for a mean and a shape (variance mean + mean^2 / shape)."""
    shape, both = log_shape.exp(), torch.logaddexp(log_shape, log_means)
    return torch.lgamma(counts + shape) - torch.lgamma(shape) + shape * (log_shape - both) + counts * (log_means - both)


def _with_counts(counts: sp.csr_matrix, codes: npt.NDArray[np.intp]) -> tuple[sp.csr_matrix, npt.NDArray[np.intp]]:
    rows = np.flatnonzero(np.diff(counts.indptr))
    return counts[rows], codes[rows]


def _levels(counts: sp.csr_matrix, codes: npt.NDArray[np.intp], types: int) -> torch.Tensor:
    """Log proportions by type, drawn to those of all cells as if by 200 counts."""
    onehot = sp.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(types, len(codes)))
    sums = np.asarray((onehot @ counts).todense(), dtype=np.float64)
    overall = (sums.sum(axis=0) + 0.1) / (sums.sum() + 0.1 * sums.shape[1])
    proportions = (sums + _PRIOR_COUNTS * overall) / (sums.sum(axis=1, keepdims=True) + _PRIOR_COUNTS)
    return torch.from_numpy(np.log(proportions)).float()
