"""Generators that are told, with noise, where their samples should move: the loop of GS-WGAN and DP-Sinkhorn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted

Guide = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Vectors (b, width) of types (b,) to the direction, of the same shape, against which they should move."""


@dataclass(frozen=True)
class Loop:
    """Public constants of the training of a generator network: `batch` samples at each of `steps` steps.

    `memory` is the decay of the running average of parameters that is handed over in the end, since noise in the
    gradients keeps the parameters themselves moving about.
    """

    steps: int
    batch: int = 64
    hidden: int = 64
    latent: int = 8
    learning_rate: float = 1e-3
    memory: float = 0.98


class Samples:
    """Types drawn in the released proportions and normal noise, from the global coins that `fit` has seeded."""

    def __init__(self, counts: npt.NDArray[np.float64], loop: Loop) -> None:
        self._shares, self._loop = torch.from_numpy(counts / counts.sum()), loop

    def draw(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Noise (batch, latent) and types (batch,)."""
        types = torch.multinomial(self._shares, self._loop.batch, replacement=True)
        return torch.randn(self._loop.batch, self._loop.latent), types


class Average:
    """A running average of a network's parameters."""

    def __init__(self, network: torch.nn.Module, memory: float) -> None:
        self._network, self._memory = network, memory
        self._mean = [parameter.detach().clone() for parameter in network.parameters()]
        self._seen = 0

    def update(self) -> None:
        """Take the parameters as they are now into the average; early ones are forgotten sooner."""
        self._seen += 1
        weight = max(1 - self._memory, 1 / self._seen)
        for mean, parameter in zip(self._mean, self._network.parameters(), strict=True):
            mean.lerp_(parameter.detach(), weight)

    def install(self) -> None:
        """Make the average the network's parameters."""
        with torch.no_grad():
            for mean, parameter in zip(self._mean, self._network.parameters(), strict=True):
                parameter.copy_(mean)


def follow(
    network: ConditionalGenerator,
    guide: Guide,
    counts: npt.NDArray[np.float64],
    loop: Loop,
    *,
    scale: float,
    progress: Progress | None,
) -> None:
    """Train the network for all steps on `scale` times what the guide says of its samples."""
    optimiser = torch.optim.Adam(network.parameters(), lr=loop.learning_rate, betas=(0.5, 0.99))
    samples, average = Samples(counts, loop), Average(network, loop.memory)
    for step in range(loop.steps):
        noise, types = samples.draw()
        vectors = network(noise, types)
        optimiser.zero_grad()
        vectors.backward(scale * guide(vectors.detach(), types))
        optimiser.step()
        average.update()
        if progress is not None:
            progress(step + 1, loop.steps)
    average.install()


def network_fitted(
    method: Method, private: PrivateCohort, network: ConditionalGenerator, counts: npt.NDArray[np.float64], loop: Loop
) -> NetworkFitted:
    """The product: the network, the released counts and the ledger; nothing of whoever guided it."""
    return NetworkFitted(
        method=method,
        genes=private.genes,
        types=private.types,
        label=private.label,
        ledger=private.ledger,
        network=network,
        counts=counts,
        expected=True,
        settings={"steps": loop.steps},
    )
