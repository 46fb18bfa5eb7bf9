"""A conditional variational autoencoder trained with DP-SGD: the method most people would try first.

Encoder and decoder see a cell's root proportions and its type; the decoder gives proportions, and the loss is the
multinomial cross-entropy per count plus the Kullback-Leibler term. Type counts and library sizes are released once;
all that is left of the budget goes into gradients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from cohort import Cohort, make_cohort
from conditioned_gen.barrier import Block, PrivateCohort, Records
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import DP_CVAE
from conditioned_gen.hellinger import log_library
from conditioned_gen.ledger import Ledger
from conditioned_gen.sampling import draw_labels, refuse_do
from conditioned_gen.storage import read_arrays, read_ledger, write_model
from kg import GRN

Floats = npt.NDArray[np.float64]
_LOG_CENTRE, _LOG_RADIUS = 7.0, 7.0


class ConditionalVae(nn.Module):
    """Counts (n, g), type positions (n,), normal draws (n, l) to log proportions (n, g) and the posterior's moments."""

    def __init__(self, genes: int, types: int, *, hidden: int, latent: int) -> None:
        super().__init__()
        self.types, self.latent = types, latent
        self.encoder = nn.Sequential(nn.Linear(genes + types, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent + types, hidden), nn.ReLU(), nn.Linear(hidden, genes))

    def forward(
        self, counts: torch.Tensor, types: torch.Tensor, draws: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        onehot = nn.functional.one_hot(types, self.types).float()
        totals = counts.sum(dim=1, keepdim=True).clamp_min(1.0)
        mean, log_variance = self.encoder(torch.cat([(counts / totals).sqrt(), onehot], dim=1)).chunk(2, dim=1)
        log_variance = log_variance.clamp(-8, 8)
        code = mean + draws * (0.5 * log_variance).exp()
        return torch.log_softmax(self.decoder(torch.cat([code, onehot], dim=1)), dim=1), mean, log_variance

    def decode(self, code: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """Proportions (n, g) at latent codes (n, l)."""
        onehot = nn.functional.one_hot(types, self.types).float()
        return torch.softmax(self.decoder(torch.cat([code, onehot], dim=1)), dim=1)


def per_record_loss(module: nn.Module, counts: torch.Tensor, types: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    """Multinomial cross-entropy per count plus the Kullback-Leibler term per count, shape (n,)."""
    log_proportions, mean, log_variance = module(counts, types, draws)
    totals = counts.sum(dim=1).clamp_min(1.0)
    reconstruction = -(counts * log_proportions).sum(dim=1) / totals
    divergence = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(dim=1)
    losses: torch.Tensor = reconstruction + divergence / totals
    return losses


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
        counts, library_mean, library_sd = self._release_counts(private)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ConditionalVae(len(private.genes), len(private.types), hidden=self.hidden, latent=self.latent)
            self._train(network, private, expected_batch=self.sample_rate * float(counts.sum()), progress=progress)
        return CvaeFitted(
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            network=network,
            counts=counts,
            library_mean=library_mean,
            library_sd=library_sd,
            settings={"hidden": self.hidden, "latent": self.latent, "steps": self.steps},
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

    def _release_counts(self, private: PrivateCohort) -> tuple[Floats, float, float]:
        def library(records: Records) -> Floats:
            scaled = (log_library(records.values) - _LOG_CENTRE) / _LOG_RADIUS
            return np.column_stack([scaled, scaled**2])

        release = private.release_sum(
            "types",
            [
                Block("counts", lambda r: np.ones((len(r.types), 1)), width=1, radius=1.0, per_type=True),
                Block("library", library, width=2, radius=float(np.sqrt(2)), weight=0.5),
            ],
            share=self.count_share * private.share_left,
        )
        counts = np.maximum(release.sums["counts"].ravel(), 1.0)
        first, second = release.sums["library"] / counts.sum()
        variance = max(float(second - first**2) * _LOG_RADIUS**2, 0.05)
        return counts, _LOG_CENTRE + _LOG_RADIUS * float(first), min(float(np.sqrt(variance)), 1.0)


@dataclass(frozen=True, eq=False)
class CvaeFitted:
    """A trained decoder with released type counts and library sizes (mean and sd of log totals)."""

    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    network: ConditionalVae
    counts: Floats
    library_mean: float
    library_sd: float
    settings: dict[str, Any] = field(default_factory=dict)
    method: ClassVar[Method] = DP_CVAE

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Cohort:
        """As `conditioned_gen.Fitted.sample`; interventions are refused, since this method knows no causes."""
        refuse_do(do, self.genes, method=self.method.name)
        drawn = draw_labels(n, labels, self.types, self.counts, unit=self.ledger.unit)
        codes = np.array([self.types.index(label) for label in drawn], dtype=np.intp)
        rng = np.random.default_rng(seed)
        latent = torch.from_numpy(rng.standard_normal((len(codes), self.network.latent)).astype(np.float32))
        with torch.no_grad():
            proportions = self.network.decode(latent, torch.from_numpy(codes)).double().numpy()
        libraries = np.exp(self.library_mean + self.library_sd * rng.standard_normal(len(codes)))
        counts = rng.poisson(libraries[:, None] * proportions)
        return make_cohort(
            counts,
            genes=self.genes,
            labels=drawn,
            label=self.label,
            cells=[f"synthetic-{row}" for row in range(len(drawn))],
        )

    def save(self, folder: str | Path) -> None:
        """As `conditioned_gen.Fitted.save`."""
        weights = {f"network.{name}": value.numpy() for name, value in self.network.state_dict().items()}
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings={**self.settings, "library_mean": self.library_mean, "library_sd": self.library_sd},
            arrays={**weights, "counts": self.counts},
        )


def load_fitted(folder: Path, description: Mapping[str, Any]) -> CvaeFitted:
    """Read what `save` wrote."""
    genes, types, settings = tuple(description["genes"]), tuple(description["types"]), dict(description["settings"])
    network = ConditionalVae(len(genes), len(types), hidden=int(settings["hidden"]), latent=int(settings["latent"]))
    shapes = {f"network.{name}": tuple(value.shape) for name, value in network.state_dict().items()}
    arrays = read_arrays(folder, description, {**shapes, "counts": (len(types),)})
    network.load_state_dict({name: torch.from_numpy(arrays[f"network.{name}"]) for name in network.state_dict()})
    return CvaeFitted(
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        network=network,
        counts=arrays["counts"],
        library_mean=float(settings.pop("library_mean")),
        library_sd=float(settings.pop("library_sd")),
        settings=settings,
    )


GENERATOR = DpCvae()
