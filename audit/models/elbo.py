"""How well a variational autoencoder explains a record, by its own bound."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audit.attacks import AttackView
from audit.models._protocol import LossModel
from audit.neighbours import Floats


@dataclass(frozen=True)
class MeanLoss:
    """phi(model, x) = -mean over draws and steps of the model's loss at x: the ELBO, for a variational autoencoder.

    The same `draws` of noise serve all records and all models, so that a difference is one of records or of training
    and never of luck. Of a diffusion model's steps at most `most_steps` are asked, evenly spread.
    """

    draws: int = 16
    most_steps: int = 10
    seed: int = 0

    def __call__(self, model: LossModel, records: Floats) -> npt.NDArray[np.float64]:
        return np.asarray(-self.table(model, records).mean(axis=1))

    def table(self, model: LossModel, records: Floats) -> npt.NDArray[np.float64]:
        """The loss of each record (n, p) at each step and draw, shape (n, steps * draws), steps outermost."""
        noises = np.random.default_rng(self.seed).standard_normal((self.draws, model.noise_size))
        steps = np.unique(np.linspace(0, model.steps - 1, min(self.most_steps, model.steps)).astype(int))
        columns = [model.losses(records, noise=noise, step=int(step)) for step in steps for noise in noises]
        return np.stack(columns, axis=1).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Elbo:
    """score(x) = ELBO(x), averaged over fixed draws of the posterior's noise. Calibrate it by `Lira` or `Rmia`."""

    model: LossModel
    statistic: MeanLoss = field(default_factory=MeanLoss)
    name: str = "elbo"
    label: str = "Evidence lower bound"
    explanation: str = "Holds the model's weights and guesses that a record was used when the model explains it well."
    reference: str = "Hilprecht, Härterich and Bernau, Monte Carlo and reconstruction attacks, PoPETs 2019"
    needs_reference: bool = False
    holds_model: bool = True
    ignores_synthetic: bool = True

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        return self.statistic(self.model, view.all_genes[0])
