"""Small networks that each see one share of the private units: critics and teachers. Never handed out.

Each unit falls into one share by a secret coin of its own, once. A network's parameters are a function of the records
of its share, of the samples that it was shown and of public coins; it is trained in turn, whether it is asked anything
or not. So adding or removing one unit changes one network, and nothing about the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from conditioned_gen.units import Positions, Units

_SLOPE = 0.2


@dataclass(frozen=True)
class EnsembleSettings:
    """Public constants: `members` networks in `rounds` groups, of which one group is trained at a time.

    `warm_up` times all groups are trained before the first question, `updates` times one group before each. Batches
    have `batch` private and as many generated records, and `penalty` weighs the critics' gradient penalty.
    """

    members: int
    rounds: int = 1
    updates: int = 1
    warm_up: int = 20
    hidden: int = 32
    batch: int = 16
    learning_rate: float = 2e-3
    penalty: float = 10.0

    def __post_init__(self) -> None:
        if self.members < 1 or self.rounds < 1 or self.members % self.rounds:
            raise ValueError(f"{self.members} networks do not make {self.rounds} equal groups")


class Bank(nn.Module):
    """m networks side by side: vectors (m, b, width) and types (m, b) to scores (m, b), one hidden layer each."""

    def __init__(self, members: int, width: int, types: int, hidden: int, coins: torch.Generator) -> None:
        super().__init__()

        def uniform(*shape: int, fan: int) -> nn.Parameter:
            return nn.Parameter((2 * torch.rand(*shape, generator=coins) - 1) / math.sqrt(fan))

        self.first = uniform(members, width, hidden, fan=width)
        self.types = uniform(members, types, hidden, fan=types)
        self.last = uniform(members, hidden, 1, fan=hidden)

    def hidden(self, vectors: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """What the hidden units are given, shape (m, b, hidden)."""
        shifts = torch.take_along_dim(self.types, types.unsqueeze(-1), dim=1)
        # Vectors have norm 1 over hundreds of coordinates; the factor gives hidden units inputs of order 1.
        return math.sqrt(vectors.shape[-1]) * torch.bmm(vectors, self.first) + shifts

    def forward(self, vectors: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        hidden = nn.functional.leaky_relu(self.hidden(vectors, types), _SLOPE)
        return torch.bmm(hidden, self.last).squeeze(-1)

    def slopes(self, vectors: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """The gradients of the scores with respect to the vectors, shape (m, b, width), in closed form.

        With one hidden layer they are W1' (w2 * slope), so a penalty on them needs no second differentiation.
        """
        slope = torch.where(self.hidden(vectors, types).detach() > 0, 1.0, _SLOPE)
        through = slope * self.last.transpose(1, 2)
        return math.sqrt(vectors.shape[-1]) * torch.bmm(through, self.first.transpose(1, 2))


class Ensemble:
    """The networks of all shares. `shares` (n units,) says which network sees a unit; `seed` is public."""

    def __init__(
        self,
        units: Units,
        shares: Positions,
        *,
        types: int,
        settings: EnsembleSettings,
        loss: Literal["wasserstein", "logistic"],
        seed: int,
    ) -> None:
        self._units, self._settings, self._loss = units, settings, loss
        share = shares[units.owner]
        self._rows = np.argsort(share, kind="stable")
        self._sizes = np.bincount(share, minlength=settings.members)
        self._starts = np.cumsum(self._sizes) - self._sizes
        coins = torch.Generator().manual_seed(seed)
        self._coins = np.random.default_rng(seed)
        width, each = units.width, settings.members // settings.rounds
        self._banks = [Bank(each, width, types, settings.hidden, coins) for _ in range(settings.rounds)]
        self._optimisers = [
            torch.optim.Adam(bank.parameters(), lr=settings.learning_rate, betas=(0.5, 0.9)) for bank in self._banks
        ]
        self._turn = 0

    def train(self, samples: torch.Tensor, types: torch.Tensor) -> None:
        """Show the networks whose turn it is generated vectors (b, width) with types (b,), beside private ones."""
        updates = self._settings.updates if self._turn else self._settings.warm_up * self._settings.rounds
        for _ in range(updates):
            self._update(self._turn % self._settings.rounds, samples.detach(), types)
            self._turn += 1

    def scores(self, samples: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """What each network says of each sample, shape (members, b); 0 from a network without records."""
        with torch.no_grad():
            found = torch.cat([bank(*_repeated(bank, samples, types)) for bank in self._banks])
        return found * self._seeing(slice(None))[:, None]

    def slopes(self, samples: torch.Tensor, types: torch.Tensor, members: npt.NDArray[np.bool_]) -> torch.Tensor:
        """The gradients of the chosen networks' scores with respect to samples, shape (chosen, b, width)."""
        with torch.no_grad():
            found = [
                bank.slopes(*_repeated(bank, samples, types))[torch.from_numpy(chosen)]
                for bank, chosen in zip(self._banks, np.split(members, len(self._banks)), strict=True)
                if chosen.any()
            ]
        if not found:
            return torch.zeros((0, *samples.shape))
        return torch.cat(found) * self._seeing(members)[:, None, None]

    def _seeing(self, members: slice | npt.NDArray[np.bool_]) -> torch.Tensor:
        return torch.from_numpy((self._sizes[members] > 0).astype(np.float32))

    def _update(self, turn: int, samples: torch.Tensor, types: torch.Tensor) -> None:
        bank, each = self._banks[turn], self._settings.members // self._settings.rounds
        group = slice(turn * each, (turn + 1) * each)
        real, real_types = self._private_batch(group)
        some = torch.from_numpy(self._coins.integers(len(samples), size=(each, self._settings.batch)))
        mixing = torch.from_numpy(self._coins.random((each, self._settings.batch, 1), dtype=np.float32))
        fake, fake_types = samples[some], types[some]
        truth, invention = bank(real, real_types), bank(fake, fake_types)
        if self._loss == "wasserstein":
            lengths = torch.linalg.vector_norm(bank.slopes(mixing * real + (1 - mixing) * fake, real_types), dim=2)
            loss = (invention - truth + self._settings.penalty * (lengths - 1) ** 2).mean(dim=1)
        else:
            loss = (nn.functional.softplus(-truth) + nn.functional.softplus(invention)).mean(dim=1)
        self._optimisers[turn].zero_grad()
        torch.autograd.backward((loss * self._seeing(group)).sum())
        self._optimisers[turn].step()

    def _private_batch(self, group: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch (m, b, width) with types (m, b), each network's from its own share; the coins do not know sizes."""
        sizes, starts = self._sizes[group, None], self._starts[group, None]
        places = (self._coins.random((len(sizes), self._settings.batch)) * sizes).astype(np.intp) + starts
        shape = places.shape
        if not len(self._rows):
            return torch.zeros((*shape, self._units.width)), torch.zeros(shape, dtype=torch.int64)
        # A network without records is shown zeros, not its neighbour's records.
        seeing = self._seeing(group)
        vectors, types = self._units.batch(self._rows[np.minimum(places, len(self._rows) - 1).ravel()])
        return vectors.reshape(*shape, -1) * seeing[:, None, None], types.reshape(shape) * seeing.long()[:, None]


def _repeated(bank: Bank, samples: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    members = len(bank.first)
    return samples.expand(members, *samples.shape), types.expand(members, *types.shape)
