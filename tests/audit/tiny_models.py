"""Models small enough to train in a test, behind the handles that attacks know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

Floats = npt.NDArray[np.floating[Any]]
FEATURES, LATENT = 30, 12


class Vae(nn.Module):
    """A Gaussian variational autoencoder of records (n, 30) with 12 latent coordinates."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 2 * LATENT))
        self.decoder = nn.Sequential(nn.Linear(LATENT, 64), nn.ReLU(), nn.Linear(64, FEATURES))

    def negative_elbo(self, records: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Squared error at noise variance .1 plus the Kullback-Leibler term, shape (n,)."""
        mean, log_variance = self.encoder(records).chunk(2, dim=1)
        said = self.decoder(mean + noise * (0.5 * log_variance).exp())
        divergence = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(dim=1)
        return 5 * ((said - records) ** 2).sum(dim=1) + divergence


@dataclass(frozen=True, eq=False)
class VaeHandle:
    """A `LatentModel` and a `LossModel`."""

    vae: Vae
    latent: int = LATENT
    noise_size: int = LATENT
    steps: int = 1

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        return self.vae.decoder(codes)

    def losses(self, records: Floats, *, noise: Floats, step: int) -> npt.NDArray[np.float64]:
        with torch.no_grad():
            losses = self.vae.negative_elbo(*(torch.as_tensor(np.asarray(a, np.float32)) for a in (records, noise)))
        return losses.double().numpy()


@dataclass(frozen=True)
class VaeTraining:
    """A `Refit` whose many passes over few records overfit by design."""

    passes: int = 300

    def __call__(self, records: Floats, *, seed: int) -> VaeHandle:
        chance = torch.Generator().manual_seed(seed)
        vae = seeded(Vae(), chance)
        optimiser = torch.optim.Adam(vae.parameters(), lr=3e-3)
        data = torch.as_tensor(np.asarray(records, np.float32))
        for _ in range(self.passes):
            optimiser.zero_grad()
            vae.negative_elbo(data, torch.randn(len(data), LATENT, generator=chance)).mean().backward()
            optimiser.step()
        return VaeHandle(vae)


class Denoiser(nn.Module):
    """What noise was added to records (n, p) at a step, for a diffusion of ten steps."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(FEATURES + 1, 96), nn.ReLU(), nn.Linear(96, FEATURES))
        self.kept = torch.linspace(0.95, 0.1, 10)

    def loss(self, records: torch.Tensor, noise: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """|e - e_model(x_t, t)|^2, shape (n,)."""
        kept = self.kept[step][:, None]
        noised = kept.sqrt() * records + (1 - kept).sqrt() * noise
        return ((self.body(torch.cat([noised, kept], dim=1)) - noise) ** 2).sum(dim=1)


@dataclass(frozen=True, eq=False)
class DenoiserHandle:
    """A `LossModel` of ten steps."""

    denoiser: Denoiser
    noise_size: int = FEATURES
    steps: int = 10

    def losses(self, records: Floats, *, noise: Floats, step: int) -> npt.NDArray[np.float64]:
        x, e = (torch.as_tensor(np.asarray(a, np.float32)) for a in (records, noise))
        with torch.no_grad():
            return self.denoiser.loss(x, e.expand_as(x), torch.full((len(x),), step)).double().numpy()


@dataclass(frozen=True)
class DenoiserTraining:
    """A `Refit` of a diffusion model."""

    passes: int = 600

    def __call__(self, records: Floats, *, seed: int) -> DenoiserHandle:
        chance = torch.Generator().manual_seed(seed)
        denoiser = seeded(Denoiser(), chance)
        optimiser = torch.optim.Adam(denoiser.parameters(), lr=3e-3)
        data = torch.as_tensor(np.asarray(records, np.float32))
        for _ in range(self.passes):
            optimiser.zero_grad()
            noise = torch.randn(data.shape, generator=chance)
            denoiser.loss(data, noise, torch.randint(10, (len(data),), generator=chance)).mean().backward()
            optimiser.step()
        return DenoiserHandle(denoiser)


def seeded(module: nn.Module, chance: torch.Generator) -> Any:
    """The module with weights drawn anew from a generator of one's own, not the global one."""
    with torch.no_grad():
        for parameter in module.parameters():
            width = parameter.shape[1] if parameter.dim() == 2 else max(parameter.numel(), 1)
            parameter.copy_((torch.rand(parameter.shape, generator=chance) * 2 - 1) / width**0.5)
    return module


def copyist(records: Floats, *, seed: int) -> Floats:
    """A `Refit` that gives samples: noisy copies of its training records, two of each."""
    rng = np.random.default_rng(seed)
    return np.repeat(records, 2, axis=0) + 0.5 * rng.standard_normal((2 * len(records), records.shape[1]))


def bystander(records: Floats, *, seed: int) -> Floats:
    """A `Refit` that never looks at its records."""
    return np.random.default_rng(seed).standard_normal((2 * len(records), records.shape[1]))


def population(count: int, *, seed: int) -> Floats:
    """Records (count, 30) of one law: eight factors, and noise of each feature's own."""
    rng = np.random.default_rng(seed)
    loadings = np.random.default_rng(7).standard_normal((8, FEATURES))
    values = rng.standard_normal((count, 8)) @ loadings + rng.standard_normal((count, FEATURES))
    return (values / 3).astype(np.float32)
