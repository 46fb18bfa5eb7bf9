"""An insider who draws another participant's class out of the shared classifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from audit.collaborative._protocol import Collaborator, Round, cross_entropy


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the insider's generator makes after the last round, records (n, p), and that last round."""

    records: npt.NDArray[np.float64]
    last: Round


@dataclass(frozen=True)
class InsiderGan:
    """Each round, a generator learns to be called the victim's class by the shared model; what it makes is handed in as
    a class of its own, `fake`, so that the victim has to teach the model what tells the real ones apart.

    `wanted` and `fake` are class numbers of the shared model; `weight` is how much the insider's gradient of fakes
    counts against that of records it owns. The generator is a perceptron of one hidden layer from `latent` normal
    numbers, and the model is never altered but through updates, as any participant's.

    Hitaj, Ateniese and Perez-Cruz, Deep models under the GAN: information leakage from collaborative deep learning,
    CCS 2017.
    """

    wanted: int
    fake: int
    rounds: int = 150
    steps: int = 5
    batch: int = 64
    latent: int = 16
    hidden: int = 64
    learning_rate: float = 2e-3

    def attack(
        self,
        first: Round,
        *,
        features: int,
        classes: int,
        seed: int,
        own: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> Drawn:
        """Take part in training from its `first` round on; `own` are the insider's records (n, p) and targets."""
        chance = torch.Generator().manual_seed(seed)
        generator = _generator(self.latent, self.hidden, features, chance)
        optimiser = torch.optim.Adam(generator.parameters(), lr=self.learning_rate, betas=(0.5, 0.999))
        fakes_are = torch.eye(classes)[[self.fake]].expand(self.batch, -1)
        now = first
        for _ in range(self.rounds):
            self._learn(generator, optimiser, now.shared, classes, chance)
            made = self._make(generator, self.batch, chance)
            records, targets = (made, fakes_are) if own is None else _joined(own, (made, fakes_are))
            now = now.finish(now.shared.gradient(records, targets))
        return Drawn(self._make(generator, 512, chance).double().numpy(), now)

    def _learn(
        self,
        generator: nn.Module,
        optimiser: torch.optim.Optimizer,
        shared: Collaborator,
        classes: int,
        chance: torch.Generator,
    ) -> None:
        """Some steps towards being taken for the wanted class."""
        wanted = torch.eye(classes)[[self.wanted]]
        for _ in range(self.steps):
            optimiser.zero_grad()
            made = generator(torch.randn(self.batch, self.latent, generator=chance))
            torch.autograd.backward(cross_entropy(shared.logits(made), wanted).mean())
            optimiser.step()

    def _make(self, generator: nn.Module, count: int, chance: torch.Generator) -> torch.Tensor:
        with torch.no_grad():
            made: torch.Tensor = generator(torch.randn(count, self.latent, generator=chance))
        return made


def _joined(
    first: tuple[torch.Tensor, torch.Tensor], second: tuple[torch.Tensor, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.cat([first[0], second[0]]), torch.cat([first[1], second[1]])


def _generator(latent: int, hidden: int, features: int, chance: torch.Generator) -> nn.Sequential:
    """A perceptron whose weights come from a source of chance of one's own."""
    layers = nn.Linear(latent, hidden), nn.Linear(hidden, features)
    with torch.no_grad():
        for layer in layers:
            for parameter in layer.parameters():
                parameter.copy_((torch.rand(parameter.shape, generator=chance) * 2 - 1) / layer.in_features**0.5)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1])
