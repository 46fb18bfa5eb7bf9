"""A conditional Wasserstein GAN with gradient penalty that protects nobody, in the manner of scGAN.

Gulrajani et al. (2017); Marouf et al. (2020). The generator gives a cell's expected counts, the critic sees counts
drawn around them. The weights kept are a running mean over the later steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from cohort import Cohort
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import WGAN_GP
from conditioned_gen.generators._critic import Critic, drawn
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted, load_network
from conditioned_gen.generators._open import OpenRecords, open_records
from conditioned_gen.representation import CellVectors
from kg import GRN


@dataclass(frozen=True)
class WganGp:
    """Settings of the method. Types are drawn in proportion to `balance` powers of their numbers, so that small ones
    are seen."""

    method: ClassVar[Method] = WGAN_GP
    hidden: int = 128
    critic_hidden: int = 128
    latent: int = 32
    steps: int = 1500
    critic_steps: int = 4
    batch: int = 64
    learning_rate: float = 5e-4
    penalty: float = 10.0
    balance: float = 0.5
    memory: float = 0.995

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> NetworkFitted:
        """Train on the records. The graph and public cells are not used. Raises `InputError` unless epsilon is inf."""
        records = open_records(private)
        view = CellVectors(private.genes)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalGenerator(view, len(private.types), latent=self.latent, hidden=self.hidden)
            network = self._train(network, view, records, np.random.default_rng(seed), progress)
        return NetworkFitted(
            method=self.method,
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            network=network,
            counts=records.counts,
            expected=True,
            settings={"steps": self.steps},
        )

    def _train(
        self,
        network: ConditionalGenerator,
        view: CellVectors,
        records: OpenRecords,
        rng: np.random.Generator,
        progress: Progress | None,
    ) -> ConditionalGenerator:
        vectors, types = torch.from_numpy(view.vectors(records.values)), torch.from_numpy(records.types)
        chances = torch.from_numpy(records.counts ** (self.balance - 1))[types]
        critic = Critic(view.width, network.types, hidden=self.critic_hidden)
        sharpen, improve = (
            torch.optim.Adam(module.parameters(), lr=self.learning_rate, betas=(0.0, 0.9))
            for module in (critic, network)
        )
        mean = deepcopy(network)
        for step in range(self.steps):
            for _ in range(self.critic_steps):
                rows = torch.multinomial(chances, self.batch, replacement=True)
                with torch.no_grad():
                    made = drawn(view, network(torch.randn(self.batch, self.latent), types[rows]), rng)
                loss = critic(made, types[rows]).mean() - critic(vectors[rows], types[rows]).mean()
                loss += self.penalty * steepness(critic, vectors[rows], made, types[rows])
                sharpen.zero_grad()
                torch.autograd.backward(loss)
                sharpen.step()
            rows = torch.multinomial(chances, self.batch, replacement=True)
            made = drawn(view, network(torch.randn(self.batch, self.latent), types[rows]), rng)
            improve.zero_grad()
            torch.autograd.backward(-critic(made, types[rows]).mean())
            improve.step()
            with torch.no_grad():
                for kept, now in zip(mean.parameters(), network.parameters(), strict=True):
                    kept.lerp_(now, 1 - self.memory)
            if progress is not None:
                progress(step + 1, self.steps)
        return mean


def steepness(critic: Critic, real: torch.Tensor, made: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
    """Mean of (|gradient| - 1)^2 at random points between real and made records, in the critic's own scale."""
    share = torch.rand(len(real), 1)
    between = (share * real + (1 - share) * made).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between, types).sum(), between, create_graph=True)
    excess: torch.Tensor = (torch.linalg.vector_norm(slope, dim=1) / critic.scale - 1) ** 2
    return excess.mean()


def load_fitted(folder: Path, description: Mapping[str, Any]) -> NetworkFitted:
    """Read what `NetworkFitted.save` wrote."""
    return load_network(folder, description, WGAN_GP)


GENERATOR = WganGp()
