"""What an attacker may hold of a model: the means to train it again, its decoder, or its loss.

A handle is a few lines around whatever was trained. Records are always those of `AuditTarget.values`: float, shape
(n, p), log-normalised for counts. A variational autoencoder of one's own, `vae`, becomes all three like this:

    class Retrained:                                        # Refit[Handle]
        def __call__(self, records, *, seed):
            return Handle(train_my_vae(records, seed=seed))

    class Handle:                                           # LatentModel and LossModel
        steps = 1

        def __init__(self, vae):
            self.vae, self.latent, self.noise_size = vae, vae.latent, vae.latent

        def decode(self, codes):
            return self.vae.decoder(codes)

        def losses(self, records, *, noise, step):
            x, eps = torch.as_tensor(records), torch.as_tensor(noise, dtype=torch.float32)
            with torch.no_grad():
                return self.vae.negative_elbo(x, eps).numpy()

A federated trainer or a generator behind a web service implements the one it can; nothing here needs its weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from audit.neighbours import Floats

if TYPE_CHECKING:
    import torch

Model = TypeVar("Model")
Model_co = TypeVar("Model_co", covariant=True)
Statistic: TypeAlias = Callable[[Model, Floats], npt.NDArray[np.float64]]
"""A model and records (n, p) to one number a record (n,), higher = the model knows the record better.

For an attacker who sees samples alone, the model is the samples (m, p).
"""


class Refit(Protocol[Model_co]):
    """The attacker's own copy of the training procedure, settings included.

    What it gives back is whatever the attack is to look at: samples (m, p) for an attacker who sees only those, a
    `LossModel` for one who holds the weights.
    """

    def __call__(self, records: Floats, *, seed: int) -> Model_co:
        """Train on records (n, p), and on nothing else. The same records and seed give the same model."""


@runtime_checkable
class LatentModel(Protocol):
    """A generator whose latent code, standard normal in `latent` coordinates, the attacker may choose."""

    @property
    def latent(self) -> int:
        """The number of latent coordinates."""

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes (b, latent), float32, to records (b, p); differentiable where the attacker holds the weights."""


@runtime_checkable
class LossModel(Protocol):
    """A model that can be asked for its training loss on a record, with the loss's own randomness held fixed."""

    @property
    def noise_size(self) -> int:
        """How many standard normal numbers one evaluation of the loss takes."""

    @property
    def steps(self) -> int:
        """The number of time steps of a diffusion model; 1 where the loss knows no time."""

    def losses(self, records: Floats, *, noise: Floats, step: int) -> npt.NDArray[np.float64]:
        """The loss of each record (n, p) at the same `noise` (noise_size,) and `step` in 0..steps-1; shape (n,)."""
