"""A conditional variational autoencoder trained with DP-SGD: the method most people would try first.

The network is that of `_cvae`. Type counts and library sizes are released once; all that is left of the budget goes
into gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from cohort import Cohort
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import DP_CVAE
from conditioned_gen.generators._counts import release_sizes
from conditioned_gen.generators._cvae import ConditionalVae, CvaeFitted, load_cvae, per_record_loss
from kg import GRN


@dataclass(frozen=True)
class DpCvae:
    """Settings of the method; constants all of them, so that none has to be paid for."""

    method: ClassVar[Method] = DP_CVAE
    hidden: int = 64
    latent: int = 8
    steps: int = 300
    sample_rate: float = 0.15
    clip: float = 0.1
    learning_rate: float = 1e-2
    count_share: float = 0.1

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> CvaeFitted:
        """Release counts and library sizes, then train. The graph and public cells are not used by this method."""
        counts, library = release_sizes(private, share=self.count_share)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalVae(len(private.genes), len(private.types), hidden=self.hidden, latent=self.latent)
            self._train(network, private, expected_batch=self.sample_rate * float(counts.sum()), progress=progress)
        return CvaeFitted(
            method=self.method,
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            network=network,
            counts=counts,
            library=np.tile(library, (len(private.types), 1)),
            settings={"steps": self.steps},
        )

    def _train(
        self, network: ConditionalVae, private: PrivateCohort, *, expected_batch: float, progress: Progress | None
    ) -> None:
        channel = private.model_steps(
            network, steps=self.steps, sample_rate=self.sample_rate, clip=self.clip, draws=self.latent
        )
        optimiser = torch.optim.Adam(network.parameters(), lr=self.learning_rate)
        for step in range(self.steps):
            gradients = channel.step(per_record_loss)
            for parameter, gradient in zip(network.parameters(), gradients, strict=True):
                parameter.grad = gradient / max(expected_batch, 1.0)
            optimiser.step()
            if progress is not None:
                progress(step + 1, self.steps)
        channel.close()


def load_fitted(folder: Path, description: Mapping[str, Any]) -> CvaeFitted:
    """Read what `save` wrote."""
    return load_cvae(folder, description, DP_CVAE)


GENERATOR = DpCvae()
