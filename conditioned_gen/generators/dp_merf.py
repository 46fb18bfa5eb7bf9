"""DP-MERF: one noisy mean embedding, and a generator network that reproduces it.

Harder, Adamczewski and Park (2021). Random Fourier features phi(v) = sqrt(2 / d) [cos(W v), sin(W v)] with rows of W
drawn from N(0, I / width^2) approximate a Gaussian kernel, so that the sum of phi over a type's records tells where
its records lie. A record v of type c contributes phi(v) (x) e_c and e_c, whose norms are 1 whatever the record is;
these are released in one sum, and the network is trained to meet it for as long as one likes.

Their code takes the kernel's width as the median distance between private records, which is a release that nobody
pays for. Here it is a constant: a vector's norm is at most 1, and so two records lie at most 2 apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch

from cohort import Cohort
from conditioned_gen.barrier import Block, PrivateCohort, Records
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import DP_MERF
from conditioned_gen.generators._network import ConditionalGenerator, NetworkFitted, load_network
from conditioned_gen.representation import Representation
from kg import GRN

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DpMerf:
    """Settings of the method; constants all of them, so that none has to be paid for.

    `features` is d, the length of an embedding. Each of `steps` generates 2 x `batch` records of each type.
    """

    method: ClassVar[Method] = DP_MERF
    features: int = 2000
    width: float = 1.0
    hidden: int = 128
    latent: int = 8
    steps: int = 600
    batch: int = 16
    learning_rate: float = 2e-3
    count_weight: float = 0.2
    expected: bool = False

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> NetworkFitted:
        """Release the embedding, then train. The graph and public cells are not used by this method."""
        frequencies = random_frequencies(private.representation.width, self.features, width=self.width, seed=seed)
        release = private.release_sum(
            "embedding",
            [
                embedding_block(private.representation, frequencies),
                Block("counts", _one, width=1, radius=1.0, weight=self.count_weight, per_type=True),
            ],
            share=private.share_left,
        )
        counts = np.maximum(release.sums["counts"].ravel(), 1.0)
        noise = release.noise["embedding"] * math.sqrt(self.features)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalGenerator(
                private.representation, len(private.types), latent=self.latent, hidden=self.hidden
            )
            self._train(network, frequencies, release.sums["embedding"] / counts[:, None], counts, noise, progress)
        return NetworkFitted(
            method=self.method,
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            network=network,
            counts=counts,
            expected=self.expected,
            settings={"features": self.features, "width": self.width, "steps": self.steps},
        )

    def _train(
        self,
        network: ConditionalGenerator,
        frequencies: Floats,
        embeddings: Floats,
        counts: Floats,
        noise: float,
        progress: Progress | None,
    ) -> None:
        """Least squares between generated and released embeddings (types, d), by what noise and sampling leave of each.

        The product of the errors of two independent batches has the squared error as its mean; the square of one
        batch's error has its variance beside, and would reward records that are all alike.
        """
        weights = torch.from_numpy(1 / (1 / counts + (noise / counts) ** 2)).float()
        weights /= weights.sum()
        target, waves = torch.from_numpy(embeddings).float(), torch.from_numpy(frequencies).float()
        codes = torch.arange(len(counts)).repeat_interleave(2 * self.batch)
        optimiser = torch.optim.Adam(network.parameters(), lr=self.learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.steps)
        for step in range(self.steps):
            made = network(torch.randn(len(codes), self.latent), codes) @ waves
            features = torch.cat([made.cos(), made.sin()], dim=1) / math.sqrt(frequencies.shape[1])
            error = features.reshape(len(counts), 2, self.batch, -1).mean(dim=2) - target[:, None]
            loss = ((error[:, 0] * error[:, 1]).sum(dim=1) * weights).sum()
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            if progress is not None:
                progress(step + 1, self.steps)


def random_frequencies(length: int, features: int, *, width: float, seed: int) -> Floats:
    """W' of shape (length, features / 2): public, from the seed and the representation's length alone."""
    return np.random.default_rng(seed).standard_normal((length, features // 2)) / width


def embedding_block(representation: Representation, frequencies: Floats) -> Block:
    """What each record adds to the embedding: phi of its vector, of norm 1, in the coordinates of its type."""

    def embed(records: Records) -> Floats:
        # A sparse product goes row by row; a dense one may round a row by how many there are.
        angles = sp.csr_matrix(representation.vectors(records.values)).astype(np.float64) @ frequencies
        return np.hstack([np.cos(angles), np.sin(angles)]) / math.sqrt(frequencies.shape[1])

    return Block("embedding", embed, width=2 * frequencies.shape[1], radius=1.0, per_type=True)


def _one(records: Records) -> Floats:
    return np.ones((len(records.types), 1))


def load_fitted(folder: Path, description: Mapping[str, Any]) -> NetworkFitted:
    """Read what `NetworkFitted.save` wrote."""
    return load_network(folder, description, DP_MERF)


GENERATOR = DpMerf()
