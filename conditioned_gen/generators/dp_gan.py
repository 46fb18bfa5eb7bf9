"""A GAN whose critic is trained with DP-SGD: the generator only ever sees the noisy critic.

Xie et al. (2018); Bie, Kamath and Zhang (2023). The critic's logistic loss splits in two. Real records enter through
the channel alone: each one's gradient is clipped, summed and noised. The gradients of generated records, clipped alike
lest they outweigh the real ones, and every step of the generator are post-processing. Few steps of the critic can be
paid for, and they are noisy, so that batches are large. The logistic loss needs no bound on the critic's slope:
weights clamped as in the first Wasserstein GAN drove the generator into a single gene, and Opacus cannot differentiate
a gradient penalty.
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
from conditioned_gen.generators._critic import Critic, drawn, twin
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted, load_network
from conditioned_gen.gradients import PerRecordLoss
from conditioned_gen.representation import CellVectors, Representation
from kg import GRN

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DpGan:
    """Settings of the method; constants all of them, so that none has to be paid for.

    The generator takes one step after every `critic_steps` of the critic; `batch` is the number of generated records
    in a step.
    """

    method: ClassVar[Method] = DP_GAN
    hidden: int = 64
    critic_hidden: int = 32
    latent: int = 8
    steps: int = 200
    sample_rate: float = 0.15
    clip: float = 1.0
    critic_steps: int = 1
    batch: int = 256
    learning_rate: float = 2e-3
    critic_learning_rate: float = 5e-3
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
            self._train(network, critic, private, counts, np.random.default_rng(seed), progress)
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
        rng: np.random.Generator,
        progress: Progress | None,
    ) -> None:
        free, view = twin(critic), CellVectors(private.genes)
        channel = private.critic_steps(critic, steps=self.steps, sample_rate=self.sample_rate, clip=self.clip)
        loss = real_loss(private.representation)
        expected_batch = max(self.sample_rate * float(counts.sum()), 1.0)
        shares = torch.from_numpy(counts / counts.sum())
        sharpen, improve = (
            torch.optim.Adam(module.parameters(), lr=rate, betas=(0.5, 0.9))
            for module, rate in ((critic, self.critic_learning_rate), (network, self.learning_rate))
        )
        for step in range(self.steps):
            types = torch.multinomial(shares, self.batch, replacement=True)
            made = drawn(view, network(torch.randn(self.batch, self.latent), types), rng)
            real, fake = channel.step(loss), clipped_mean(free, made.detach(), types, clip=self.clip)
            for parameter, noisy, free_of_charge in zip(critic.parameters(), real, fake, strict=True):
                parameter.grad = noisy / expected_batch + free_of_charge
            sharpen.step()
            if (step + 1) % self.critic_steps == 0:
                improve.zero_grad()
                torch.autograd.backward(nn.functional.softplus(-free(made, types)).mean())
                improve.step()
            if progress is not None:
                progress(step + 1, self.steps)
        channel.close()


def real_loss(representation: Representation) -> PerRecordLoss:
    """The part of the critic's loss that real records have: log(1 + exp(-score)) of each, shape (n,)."""

    def loss(critic: nn.Module, values: torch.Tensor, types: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = critic(torch.from_numpy(representation.vectors(values.numpy())), types)
        return nn.functional.softplus(-scores)

    return loss


def clipped_mean(critic: Critic, made: torch.Tensor, types: torch.Tensor, *, clip: float) -> list[torch.Tensor]:
    """Mean over generated records (n, width) of the gradient of log(1 + exp(score)), each clipped to norm `clip`."""

    def loss(parameters: dict[str, torch.Tensor], vector: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
        score: torch.Tensor = torch.func.functional_call(critic, parameters, (vector[None], code[None]))
        return nn.functional.softplus(score)[0]

    parameters = {name: value.detach() for name, value in critic.named_parameters()}
    rows = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(parameters, made, types)
    norms = torch.sqrt(sum(piece.flatten(1).square().sum(dim=1) for piece in rows.values()))
    factors = clip / norms.clamp_min(clip) / len(made)
    return [torch.einsum("n,n...->...", factors, rows[name]) for name in parameters]


def load_fitted(folder: Path, description: Mapping[str, Any]) -> NetworkFitted:
    """Read what `NetworkFitted.save` wrote."""
    return load_network(folder, description, DP_GAN)


GENERATOR = DpGan()
