"""What a participant can do about it: clip each record's gradient, add Gaussian noise, and keep account."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import torch
from scipy.optimize import brentq

from audit.collaborative._protocol import Gradient
from audit.statistics import gaussian_dp_delta, gaussian_dp_epsilon

Unit: TypeAlias = Literal["record", "participant"]


class Defence(Protocol):
    """Makes the one update that is shared out of the gradients of single records."""

    def shared(self, gradients: Gradient, *, number: int) -> Gradient:
        """Gradients (n, ...) of n records to an update (...), in round `number`."""


@dataclass(frozen=True)
class Undefended:
    """The plain mean."""

    def shared(self, gradients: Gradient, *, number: int) -> Gradient:
        return tuple(piece.mean(dim=0) for piece in gradients)


@dataclass(frozen=True)
class GaussianNoise:
    """Gradients clipped to norm `clip`, and N(0, (clip / mu)^2) added to each coordinate of what is shared.

    Unit "record": (sum of the records' clipped gradients + noise) / n, which hides whether one record was there; n is
    public and every record is taken each round (Abadi et al. 2016, without sampling). What many records have in common,
    such as the look of a class, is not hidden by it. Unit "participant": clipped mean gradient + noise, which hides
    whether the participant's data were there at all (McMahan et al. 2018, for one participant).

    One round is mu-GDP and T rounds are sqrt(T) mu-GDP, for adding or removing one unit (Dong, Roth and Su 2022). Noise
    is drawn in floating point, and from `seed` where one is given so that attacks can be compared on equal terms: this
    is what an audit measures against, not a barrier to put in front of people's data.
    """

    clip: float
    mu: float
    unit: Unit = "record"
    seed: int | None = None

    @classmethod
    def for_epsilon(
        cls, epsilon: float, *, delta: float, rounds: int, clip: float, unit: Unit = "record", seed: int | None = None
    ) -> GaussianNoise:
        """The noise with which `rounds` rounds together are (epsilon, delta)-DP."""
        whole = brentq(lambda mu: gaussian_dp_delta(mu, epsilon) - delta, 1e-6, 100.0, xtol=1e-12)
        return cls(clip, float(whole) / math.sqrt(rounds), unit, seed)

    def epsilon(self, rounds: int, *, delta: float) -> float:
        """What `rounds` rounds have cost together."""
        return gaussian_dp_epsilon(math.sqrt(rounds) * self.mu, delta)

    def shared(self, gradients: Gradient, *, number: int) -> Gradient:
        units = gradients if self.unit == "record" else tuple(piece.mean(dim=0, keepdim=True) for piece in gradients)
        norms = torch.sqrt(torch.stack([(piece.flatten(1) ** 2).sum(dim=1) for piece in units]).sum(dim=0))
        factors = self.clip / torch.clamp_min(norms, self.clip)
        chance = self._chance(number)
        sums = [torch.tensordot(factors, piece, dims=1) for piece in units]
        noise = [torch.randn(total.shape, generator=chance) * (self.clip / self.mu) for total in sums]
        return tuple((total + extra) / len(norms) for total, extra in zip(sums, noise, strict=True))

    def _chance(self, number: int) -> torch.Generator:
        """Fresh noise for round `number`: from the operating system, or from the seed and the number."""
        chance = torch.Generator()
        if self.seed is None:
            chance.seed()
        else:
            chance.manual_seed(self.seed * 1_000_003 + number)
        return chance
