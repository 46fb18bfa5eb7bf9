"""The conditional variational autoencoder of `vae` and `dp_cvae`: network, loss, and the fitted model.

Encoder and decoder see a cell's root proportions and its type; the decoder gives proportions, and the loss is the
multinomial cross-entropy per count plus the Kullback-Leibler term (Kingma and Welling 2014; Sohn et al. 2015).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from cohort import Cohort
from conditioned_gen.generator import Method
from conditioned_gen.ledger import Ledger
from conditioned_gen.sampling import draw_labels, positions, refuse_do, synthetic_cohort
from conditioned_gen.storage import read_arrays, read_ledger, write_model

Floats = npt.NDArray[np.float64]


class ConditionalVae(nn.Module):
    """Counts (n, g), type positions (n,), normal draws (n, l) to log proportions (n, g) and the posterior's moments."""

    def __init__(self, genes: int, types: int, *, hidden: int, latent: int) -> None:
        super().__init__()
        self.types, self.hidden, self.latent = types, hidden, latent
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


def per_record_loss(
    module: nn.Module,
    counts: torch.Tensor,
    types: torch.Tensor,
    draws: torch.Tensor,
    *,
    divergence_share: float = 1.0,
) -> torch.Tensor:
    """Multinomial cross-entropy per count plus (a share of) the Kullback-Leibler term per count, shape (n,)."""
    log_proportions, mean, log_variance = module(counts, types, draws)
    totals = counts.sum(dim=1).clamp_min(1.0)
    reconstruction = -(counts * log_proportions).sum(dim=1) / totals
    divergence = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(dim=1)
    losses: torch.Tensor = reconstruction + divergence_share * divergence / totals
    return losses


@dataclass(frozen=True, eq=False)
class CvaeFitted:
    """A trained decoder with the numbers of cells by type and their library sizes.

    `library` are mean and standard deviation of the log total counts by type, shape (types, 2).
    """

    method: Method
    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    network: ConditionalVae
    counts: Floats
    library: Floats
    settings: dict[str, Any] = field(default_factory=dict)

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
        codes = positions(drawn, self.types)
        rng = np.random.default_rng(seed)
        latent = torch.from_numpy(rng.standard_normal((len(codes), self.network.latent)).astype(np.float32))
        with torch.no_grad():
            proportions = self.network.decode(latent, torch.from_numpy(codes)).double().numpy()
        middle, spread = self.library[codes].T
        libraries = np.exp(middle + spread * rng.standard_normal(len(codes)))
        counts = rng.poisson(libraries[:, None] * proportions)
        return synthetic_cohort(counts, genes=self.genes, labels=drawn, label=self.label)

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
            settings={**self.settings, "hidden": self.network.hidden, "latent": self.network.latent},
            arrays={**weights, "counts": self.counts, "library": self.library},
        )


def load_cvae(folder: Path, description: Mapping[str, Any], method: Method) -> CvaeFitted:
    """Read what `CvaeFitted.save` wrote."""
    genes, types, settings = tuple(description["genes"]), tuple(description["types"]), dict(description["settings"])
    network = ConditionalVae(
        len(genes), len(types), hidden=int(settings.pop("hidden")), latent=int(settings.pop("latent"))
    )
    shapes = {f"network.{name}": tuple(value.shape) for name, value in network.state_dict().items()}
    arrays = read_arrays(folder, description, {**shapes, "counts": (len(types),), "library": (len(types), 2)})
    network.load_state_dict({name: torch.from_numpy(arrays[f"network.{name}"]) for name in network.state_dict()})
    return CvaeFitted(
        method=method,
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        network=network,
        counts=arrays["counts"],
        library=arrays["library"],
        settings=settings,
    )
