"""A conditional variational autoencoder that protects nobody: what `dp_cvae` would be without a promise.

Minibatches of the records themselves, with the Kullback-Leibler term brought in slowly so that the code is not
ignored, and library sizes by type. Counts are Poisson given library and proportions, so the overdispersion of real
counts has to come from the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch

from cohort import Cohort, to_dense
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import VAE
from conditioned_gen.generators._cvae import ConditionalVae, CvaeFitted, load_cvae, per_record_loss
from conditioned_gen.generators._open import OpenRecords, open_records
from conditioned_gen.hellinger import log_library
from kg import GRN

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Vae:
    """Settings of the method. `warming` is the share of the steps in which the Kullback-Leibler term grows to 1."""

    method: ClassVar[Method] = VAE
    hidden: int = 128
    latent: int = 16
    steps: int = 3000
    batch: int = 128
    learning_rate: float = 1e-3
    warming: float = 0.3

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> CvaeFitted:
        """Train on the records. The graph and public cells are not used. Raises `InputError` unless epsilon is inf."""
        records = open_records(private)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalVae(len(private.genes), len(private.types), hidden=self.hidden, latent=self.latent)
            self._train(network, records, progress)
        return CvaeFitted(
            method=self.method,
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            network=network,
            counts=records.counts,
            library=_libraries(records),
            settings={"steps": self.steps},
        )

    def _train(self, network: ConditionalVae, records: OpenRecords, progress: Progress | None) -> None:
        values, types = torch.from_numpy(to_dense(records.values)), torch.from_numpy(records.types)
        optimiser = torch.optim.Adam(network.parameters(), lr=self.learning_rate)
        for step in range(self.steps):
            rows = torch.randint(len(types), (self.batch,))
            share = min((step + 1) / max(self.warming * self.steps, 1.0), 1.0)
            draws = torch.randn(self.batch, self.latent)
            optimiser.zero_grad()
            loss = per_record_loss(network, values[rows], types[rows], draws, divergence_share=share).mean()
            torch.autograd.backward(loss)
            optimiser.step()
            if progress is not None:
                progress(step + 1, self.steps)


def _libraries(records: OpenRecords) -> Floats:
    """Mean and standard deviation of log total counts by type, shape (types, 2); absent types have those of all."""
    logs = log_library(records.values)
    rows = [logs[records.types == code] for code in range(len(records.counts))]
    return np.array([[some.mean(), some.std()] if len(some) > 1 else [logs.mean(), logs.std()] for some in rows])


def load_fitted(folder: Path, description: Mapping[str, Any]) -> CvaeFitted:
    """Read what `CvaeFitted.save` wrote."""
    return load_cvae(folder, description, VAE)


GENERATOR = Vae()
