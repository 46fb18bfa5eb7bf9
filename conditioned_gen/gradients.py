"""Noisy gradients of a generator's own parameters: the barrier's place for DP-SGD."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from opacus import GradSampleModule
from torch import nn

from cohort import to_dense
from conditioned_gen.barrier import Records
from conditioned_gen.clipping import bounded_sum
from conditioned_gen.ledger import Entry
from conditioned_gen.mechanisms import GRID_BITS, Noise

PerRecordLoss = Callable[[nn.Module, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""Module, counts (n, g), type positions (n,) and secret normal draws (n, d) to losses (n,), record by record."""


class GradientChannel:
    """Hands out noisy sums of clipped per-record gradients, one per step, for a fixed number of steps.

    Each step draws a Poisson subsample with secret coins, clips each record's whole gradient to norm `clip`, cuts it
    to a grid (which cannot lengthen it), adds the gradients up and adds noise of sd `noise`, also to an empty
    subsample. A record's gradient depends on that record, the module and the record's own secret draws: coupling
    those draws between neighbouring cohorts, adding or removing one record moves the sum by at most `clip`. Draws
    from a public seed, dealt out by position, would shift for all later records and void that argument.
    """

    def __init__(self, module: nn.Module, records: Records, noise: Noise, entry: Entry, *, draws: int) -> None:
        # Opacus multiplies gradients by the batch size unless told that losses are summed.
        self.__module = GradSampleModule(module, loss_reduction="sum")
        self.__records = records
        self.__noise = noise
        self.__entry = entry
        self.__draws = draws
        self.__steps_left = entry.steps

    def step(self, loss: PerRecordLoss) -> list[torch.Tensor]:
        """One noisy gradient sum, a tensor for each trainable parameter of the module, in order."""
        if self.__steps_left <= 0:
            raise RuntimeError("all the steps that were charged have been taken")
        self.__steps_left -= 1
        parameters = [p for p in self.__module.parameters() if p.requires_grad]
        size = sum(p.numel() for p in parameters)
        chosen = np.flatnonzero(self.__noise.choose(len(self.__records.types), self.__entry.sample_rate))
        total = np.zeros(size, np.int64)
        if len(chosen):
            some = Records(self.__records.values[chosen], self.__records.types[chosen])
            draws = self.__noise.normal(len(chosen) * self.__draws).reshape(len(chosen), self.__draws)
            total = clipped_gradient_sum(self.__module, loss, some, draws, self.__entry.sensitivity)
        scale = self.__entry.noise / self.__entry.sensitivity * 2.0**GRID_BITS
        noisy = (total + self.__noise.gaussian(size, scale)) * (self.__entry.sensitivity / 2.0**GRID_BITS)
        pieces = torch.split(torch.from_numpy(noisy.astype(np.float32)), [p.numel() for p in parameters])
        return [piece.reshape(p.shape) for piece, p in zip(pieces, parameters, strict=True)]

    def close(self) -> None:
        """Take the hooks off the module, so that it can be saved and sampled from."""
        self.__module.remove_hooks()


def clipped_gradient_sum(
    module: GradSampleModule, loss: PerRecordLoss, records: Records, draws: npt.NDArray[np.float64], clip: float
) -> npt.NDArray[np.int64]:
    """Sum over records of gradients clipped to norm `clip`, in units of clip / 2**GRID_BITS, shape (parameters,)."""
    return bounded_sum(gradient_rows(module, loss, records, draws), clip)


def gradient_rows(
    module: GradSampleModule, loss: PerRecordLoss, records: Records, draws: npt.NDArray[np.float64]
) -> list[torch.Tensor]:
    """Each record's gradient, unclipped: a piece (n, p) for each trainable parameter, in order."""
    counts, types = torch.from_numpy(to_dense(records.values)), torch.from_numpy(records.types)
    module.zero_grad(set_to_none=True)
    with warnings.catch_warnings():
        # Inputs are data and need no gradients, which is what the hook announces.
        warnings.filterwarnings("ignore", message="Full backward hook is firing")
        torch.autograd.backward(loss(module, counts, types, torch.from_numpy(draws.astype(np.float32))).sum())
    rows = [p.grad_sample.flatten(1) for p in module.parameters() if p.requires_grad]
    module.zero_grad(set_to_none=True)
    return rows
