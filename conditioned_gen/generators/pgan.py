"""A GAN for tables of patients that protects nobody: the yardstick for private ones.

pGAN (Venugopal et al., 2022) asks whether a model trained on generated patients does as well as one trained on real
ones, while generated patients are nobody's double (nearest-neighbour adversarial accuracy). Its name promises a privacy
that no mechanism guarantees, so here it asks for the promise of an infinite epsilon. Layers are ours: a conditional
Wasserstein GAN with gradient penalty (Gulrajani et al., 2017) whose critic sees categories and gaps drawn by the
generator's probabilities, with the gradient handed straight through (Bengio et al., 2013).
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
from conditioned_gen.generators import PGAN
from conditioned_gen.generators._critic import Critic
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted, load_network
from conditioned_gen.generators.wgan_gp import steepness
from conditioned_gen.table_vectors import TableVectors
from kg import GRN


@dataclass(frozen=True)
class Pgan:
    """Settings of the method. The weights kept are a running mean over the later steps."""

    method: ClassVar[Method] = PGAN
    hidden: int = 128
    critic_hidden: int = 128
    latent: int = 32
    steps: int = 1000
    critic_steps: int = 2
    batch: int = 64
    learning_rate: float = 1e-3
    penalty: float = 10.0
    memory: float = 0.99

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN | None = None,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> NetworkFitted:
        """Train on the records of a table. Raises `InputError` for cells, and unless epsilon is infinite."""
        view, table = private.table_vectors, private.unprotected_table()
        position = {name: code for code, name in enumerate(private.types)}
        types = np.array([position[name] for name in table.labels], dtype=np.int64)
        vectors = view.vectors(table.values)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalGenerator(view, len(private.types), latent=self.latent, hidden=self.hidden)
            network = self._trained(network, view, torch.from_numpy(vectors), torch.from_numpy(types), seed, progress)
        return NetworkFitted(
            method=self.method,
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            network=network,
            counts=np.bincount(types, minlength=len(private.types)).astype(np.float64),
            expected=True,
            settings={"steps": self.steps},
        )

    def _trained(
        self,
        network: ConditionalGenerator,
        view: TableVectors,
        vectors: torch.Tensor,
        types: torch.Tensor,
        seed: int,
        progress: Progress | None,
    ) -> ConditionalGenerator:
        rng = np.random.default_rng(seed)
        critic = Critic(view.width, network.types, hidden=self.critic_hidden)
        sharpen, improve = (
            torch.optim.Adam(module.parameters(), lr=self.learning_rate, betas=(0.0, 0.9))
            for module in (critic, network)
        )
        mean = deepcopy(network)
        for step in range(self.steps):
            for _ in range(self.critic_steps):
                rows = torch.randint(len(vectors), (self.batch,))
                with torch.no_grad():
                    made = self._made(network, view, types[rows], rng)
                loss = critic(made, types[rows]).mean() - critic(vectors[rows], types[rows]).mean()
                loss += self.penalty * steepness(critic, vectors[rows], made, types[rows])
                sharpen.zero_grad()
                torch.autograd.backward(loss)
                sharpen.step()
            rows = torch.randint(len(vectors), (self.batch,))
            improve.zero_grad()
            torch.autograd.backward(-critic(self._made(network, view, types[rows], rng), types[rows]).mean())
            improve.step()
            with torch.no_grad():
                for kept, now in zip(mean.parameters(), network.parameters(), strict=True):
                    kept.lerp_(now, 1 - self.memory)
            if progress is not None:
                progress(step + 1, self.steps)
        return mean

    def _made(
        self, network: ConditionalGenerator, view: TableVectors, types: torch.Tensor, rng: np.random.Generator
    ) -> torch.Tensor:
        """Records as the critic sees them, (batch, width)."""
        means = network(torch.randn(len(types), self.latent), types)
        drawn = torch.from_numpy(view.drawn(means.detach().numpy(), rng))
        seen: torch.Tensor = means + (drawn - means).detach()
        return seen


def load_fitted(folder: Path, description: Mapping[str, Any]) -> NetworkFitted:
    """Read what `NetworkFitted.save` wrote."""
    return load_network(folder, description, PGAN)


GENERATOR = Pgan()
