"""A Wasserstein GAN whose critic is trained with DP-SGD: the generator only ever sees the noisy critic.

Xie et al. (2018); Arjovsky et al. (2017). The critic's loss, mean score of generated less mean score of real records,
splits in two. Real records enter through the channel alone: each one's gradient is clipped, summed and noised. The
gradient of generated records, the clamping of weights and every step of the generator are post-processing. Opacus
cannot differentiate a gradient penalty, so weights are clamped as in the first Wasserstein GAN. Few steps of the
critic can be paid for, and they are noisy, so that batches are large and the generator waits while the critic gets
ahead (Bie, Kamath and Zhang 2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from cohort import Cohort
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import DP_GAN
from conditioned_gen.generators._counts import release_counts
from conditioned_gen.generators._critic import Critic, twin
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted, load_network
from conditioned_gen.gradients import PerRecordLoss
from conditioned_gen.representation import Representation
from kg import GRN

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DpGan:
    """Settings of the method; constants all of them, so that none has to be paid for.

    The generator takes one step after every `critic_steps` of the critic. `bound` is what the critic's weights are
    clamped to; `batch` is the number of generated records in a step.
    """

    method: ClassVar[Method] = DP_GAN
    hidden: int = 64
    critic_hidden: int = 32
    latent: int = 8
    steps: int = 400
    sample_rate: float = 0.15
    clip: float = 1.0
    critic_steps: int = 2
    bound: float = 0.05
    batch: int = 256
    learning_rate: float = 1e-3
    critic_learning_rate: float = 2e-3
    count_share: float = 0.05

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> NetworkFitted:
        """Release numbers of types, then train. The graph and public cells are not used by this method."""
        counts = release_counts(private, share=self.count_share)
        view = private.representation
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalGenerator(view, len(private.types), latent=self.latent, hidden=self.hidden)
            critic = Critic(view.width, len(private.types), hidden=self.critic_hidden)
            self._train(network, critic, private, counts, progress)
        return NetworkFitted(
            method=self.method,
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            network=network,
            counts=counts,
            expected=True,
            settings={"steps": self.steps},
        )

    def _train(
        self,
        network: ConditionalGenerator,
        critic: Critic,
        private: PrivateCohort,
        counts: Floats,
        progress: Progress | None,
    ) -> None:
        clamp(critic, self.bound)
        free = twin(critic)
        channel = private.critic_steps(critic, steps=self.steps, sample_rate=self.sample_rate, clip=self.clip)
        loss = real_loss(private.representation)
        expected_batch = max(self.sample_rate * float(counts.sum()), 1.0)
        shares = torch.from_numpy(counts / counts.sum())
        sharpen = torch.optim.RMSprop(critic.parameters(), lr=self.critic_learning_rate)
        improve = torch.optim.RMSprop(network.parameters(), lr=self.learning_rate)
        for step in range(self.steps):
            real = channel.step(loss)
            made = self._generated(network, shares)
            sharpen.zero_grad()
            torch.autograd.backward(free(made[0].detach(), made[1]).mean())
            for parameter, gradient in zip(critic.parameters(), real, strict=True):
                parameter.grad = gradient / expected_batch + (0.0 if parameter.grad is None else parameter.grad)
            sharpen.step()
            clamp(critic, self.bound)
            if (step + 1) % self.critic_steps == 0:
                improve.zero_grad()
                torch.autograd.backward(-free(*self._generated(network, shares)).mean())
                improve.step()
            if progress is not None:
                progress(step + 1, self.steps)
        channel.close()

    def _generated(self, network: ConditionalGenerator, shares: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        types = torch.multinomial(shares, self.batch, replacement=True)
        return network(torch.randn(self.batch, self.latent), types), types


def real_loss(representation: Representation) -> PerRecordLoss:
    """The part of the critic's loss that real records have: minus the score of each, shape (n,)."""

    def loss(critic: nn.Module, values: torch.Tensor, types: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = critic(torch.from_numpy(representation.vectors(values.numpy())), types)
        return -scores

    return loss


def clamp(critic: nn.Module, bound: float) -> None:
    """Bring all weights and biases into [-bound, bound], which bounds how steep the critic can be."""
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.clamp_(-bound, bound)


def load_fitted(folder: Path, description: Mapping[str, Any]) -> NetworkFitted:
    """Read what `NetworkFitted.save` wrote."""
    return load_network(folder, description, DP_GAN)


GENERATOR = DpGan()
