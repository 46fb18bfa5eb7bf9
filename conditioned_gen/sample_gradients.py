"""Noisy gradients at generated samples: the barrier between what judges a generator and the generator.

A generator shows its samples and is told, with noise, in which direction each should move. Who judges them - a loss
against private records, or critics trained on them - stays on the private side for good.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from conditioned_gen.clipping import bounded_sum
from conditioned_gen.ensemble import Ensemble
from conditioned_gen.ledger import Entry
from conditioned_gen.mechanisms import GRID_BITS, Noise
from conditioned_gen.units import Units

BatchLoss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""Samples (b, width), their types (b,), private vectors (m, width), m > 0, and types (m,) to one number."""


class LossGradients:
    """Gradients of a loss between samples and a Poisson subsample of units, for a fixed number of steps.

    Each step draws units with secret coins, differentiates the loss of all their records with respect to all samples,
    clips that gradient as a whole to norm c, cuts it to a grid (which cannot lengthen it) and adds noise, also where
    no unit was drawn and the gradient is 0. Let a unit be added: while its coin says no, nothing changes; if it says
    yes, one vector of norm <= c becomes another, whatever the loss is, so the sensitivity is 2 c, not c.
    """

    def __init__(self, loss: BatchLoss, units: Units, noise: Noise, entry: Entry) -> None:
        self.__loss, self.__units, self.__noise, self.__entry = loss, units, noise, entry
        self.__steps_left = entry.steps

    def step(self, samples: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """The noisy gradient at vectors (b, width) of types (b,), same shape: the way down is against it."""
        self.__steps_left = _one_less(self.__steps_left)
        _check_shape(samples, self.__entry)
        noise = self.__noise.gaussian(self.__entry.coordinates, _scale(self.__entry, self.__entry.sensitivity / 2))
        drawn = self.__noise.choose(self.__units.number, self.__entry.sample_rate)
        rows = np.flatnonzero(drawn[self.__units.owner])
        total = np.zeros(samples.numel(), np.int64)
        if len(rows):
            moved = samples.detach().requires_grad_()
            value = self.__loss(moved, types, *self.__units.batch(rows))
            (gradient,) = torch.autograd.grad(value, moved)
            total = bounded_sum([gradient.reshape(1, -1)], self.__entry.sensitivity / 2)
        return _ungridded(total + noise, self.__entry.sensitivity / 2, samples)


class CriticGradients:
    """Sums of critics' gradients, each critic trained on its own share of the units, for a fixed number of steps.

    Each step trains the critics whose turn it is, chooses critics with secret coins at the sample rate, clips each
    one's gradient at each of b samples to norm 1, adds the chosen critics up and adds noise, also where none was
    chosen. One critic's gradients at a batch are one vector of norm <= sqrt(b). A unit that is added changes the
    critic of its share into any other, so its vector into any other of that length: the sensitivity of a batch is
    2 sqrt(b). Whom a critic was trained on, and when, does not depend on the coins of the steps; so given what was
    released, each step is a fresh Poisson subsample of critics, of which one was exchanged (`Entry.exchanges`).
    """

    def __init__(self, critics: Ensemble, members: int, noise: Noise, entry: Entry) -> None:
        self.__critics, self.__members, self.__noise, self.__entry = critics, members, noise, entry
        self.__steps_left = entry.steps

    def step(self, samples: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """The noisy sum of the gradients of minus the chosen critics' scores at vectors (b, width) of types (b,)."""
        self.__steps_left = _one_less(self.__steps_left)
        _check_shape(samples, self.__entry)
        bound = self.__entry.sensitivity / 2
        noise = self.__noise.gaussian(self.__entry.coordinates, _scale(self.__entry, bound))
        self.__critics.train(samples, types)
        chosen = self.__noise.choose(self.__members, self.__entry.sample_rate)
        slopes = self.__critics.slopes(samples.detach(), types, chosen)
        lengths = torch.linalg.vector_norm(slopes, dim=2, keepdim=True)
        total = bounded_sum([(-slopes / lengths.clamp_min(1.0)).flatten(1)], bound)
        return _ungridded(total + noise, bound, samples)


def _one_less(steps: int) -> int:
    if steps <= 0:
        raise RuntimeError("all the steps that were charged have been taken")
    return steps - 1


def _check_shape(samples: torch.Tensor, entry: Entry) -> None:
    if samples.numel() != entry.coordinates:
        raise ValueError(f"{samples.numel()} coordinates of samples, where {entry.coordinates} were charged")


def _scale(entry: Entry, bound: float) -> float:
    """The noise's sd in units of the grid, on which `bound` is 2**GRID_BITS."""
    return entry.noise / bound * 2.0**GRID_BITS


def _ungridded(total: npt.NDArray[np.int64], bound: float, like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy((total * (bound / 2.0**GRID_BITS)).astype(np.float32)).reshape(like.shape)
