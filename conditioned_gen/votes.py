"""Noisy votes on generated samples: the barrier between teachers, who know private records, and a student."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from conditioned_gen.ensemble import Ensemble
from conditioned_gen.ledger import Entry
from conditioned_gen.mechanisms import GRID_BITS, Noise


class VoteChannel:
    """How many teachers take each sample for real, with noise, for a fixed number of steps.

    Each teacher is trained on its own share of the units and has one vote on each of b samples. A unit that is added
    or removed changes one teacher, and each of that teacher's b votes by at most 1: the L2 sensitivity of a batch of
    counts is sqrt(b). Votes are whole numbers and the noise is Gaussian and independent of them, so nothing is gained
    or lost where teachers agree (unlike data-dependent bounds, whose own value would have to be released).
    """

    def __init__(self, teachers: Ensemble, noise: Noise, entry: Entry) -> None:
        self.__teachers, self.__noise, self.__entry = teachers, noise, entry
        self.__steps_left = entry.steps

    def step(self, samples: torch.Tensor, types: torch.Tensor) -> npt.NDArray[np.float64]:
        """Show the teachers vectors (b, width) of types (b,), train those whose turn it is, and count, shape (b,)."""
        if self.__steps_left <= 0:
            raise RuntimeError("all the steps that were charged have been taken")
        self.__steps_left -= 1
        if len(samples) != self.__entry.coordinates:
            raise ValueError(f"votes on {len(samples)} samples, where {self.__entry.coordinates} were charged")
        noise = self.__noise.gaussian(len(samples), self.__entry.noise * 2.0**GRID_BITS) / 2.0**GRID_BITS
        self.__teachers.train(samples, types)
        votes = (self.__teachers.scores(samples.detach(), types) > 0).sum(dim=0)
        counts: npt.NDArray[np.float64] = votes.numpy() + noise
        return counts
