"""Generators that are told, with noise, where their samples should move: the loop of GS-WGAN and DP-Sinkhorn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.utils import parametrize

from cohort import Cohort
from conditioned_gen.axes import public_view
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted
from conditioned_gen.representation import CellVectors, Vectors

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

    def __init__(self, network: nn.Module, memory: float) -> None:
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


class _Along(nn.Module):
    """Weights or biases that are a fixed middle plus what lies along axes (width, k), orthonormal columns."""

    def __init__(self, axes: torch.Tensor, middle: torch.Tensor) -> None:
        super().__init__()
        self.axes, self.middle = axes, middle

    def forward(self, along: torch.Tensor) -> torch.Tensor:
        return self.middle + self.axes @ along

    def right_inverse(self, whole: torch.Tensor) -> torch.Tensor:
        return self.axes.T @ (whole - self.middle)


def start_from_public(network: ConditionalGenerator, private: PrivateCohort, public: Cohort | None) -> Vectors | None:
    """Confine the network to public cells' mean and the axes along which they vary; returns these, (width, k).

    What private records say is then asked along these axes alone, and noise off them is not let in (cf. Zhou, Wu and
    Banerjee, 2021; Kairouz et al., 2021, who project gradients on public subspaces). The library size is an axis of its
    own. Without public cells, or for a table, nothing is done and all coordinates are asked for. `network_fitted` makes
    the network an ordinary one again.
    """
    if public is None or not isinstance(private.representation, CellVectors):
        return None
    private.take_as_public(f"cells of other people ({len(public)})")
    view = public_view(public, private.genes)
    axes = np.zeros((private.representation.width, view.axes.shape[1] + 1), np.float32)
    axes[:-1, :-1], axes[-1, -1] = view.axes, 1.0
    middle = torch.from_numpy(np.append(np.nan_to_num(view.middle), 0.0).astype(np.float32))
    along = torch.from_numpy(axes)
    parametrize.register_parametrization(network.last, "weight", _Along(along, torch.zeros(())))
    parametrize.register_parametrization(network.last, "bias", _Along(along, middle))
    return axes


def seen(vectors: torch.Tensor, axes: Vectors | None) -> torch.Tensor:
    """Vectors (b, width) as they are shown to whoever judges them: along the axes, if there are any."""
    return vectors if axes is None else vectors @ torch.from_numpy(axes)


def follow(
    network: ConditionalGenerator,
    guide: Guide,
    counts: npt.NDArray[np.float64],
    loop: Loop,
    *,
    axes: Vectors | None,
    scale: float,
    progress: Progress | None,
) -> None:
    """Train the network for all steps on `scale` times what the guide says of its samples."""
    optimiser = torch.optim.Adam(network.parameters(), lr=loop.learning_rate, betas=(0.5, 0.99))
    samples, average = Samples(counts, loop), Average(network, loop.memory)
    for step in range(loop.steps):
        noise, types = samples.draw()
        vectors = seen(network(noise, types), axes)
        optimiser.zero_grad()
        torch.autograd.backward(vectors, scale * guide(vectors.detach(), types))
        optimiser.step()
        average.update()
        if progress is not None:
            progress(step + 1, loop.steps)
    average.install()


def network_fitted(
    method: Method, private: PrivateCohort, network: ConditionalGenerator, counts: npt.NDArray[np.float64], loop: Loop
) -> NetworkFitted:
    """The product: the network, the released counts and the ledger; nothing of whoever guided it."""
    for name in ("weight", "bias"):
        if parametrize.is_parametrized(network.last, name):
            parametrize.remove_parametrizations(network.last, name)
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
