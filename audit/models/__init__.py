"""Attacks that hold a model, or can train it again. Each is an `Attack` bound to a handle.

    shadows = fit_shadows(refit, records, count=16, seed=0)    # one series of trainings for all records and attacks
    attack = Lira(shadows, closeness)                          # audit(target, attacks=[attack], seed=0)

All have `holds_model`: they are bound to a model or to shadow models, so no self-test on other data can be asked of
them. Those with `ignores_synthetic` ask the model alone, and are not run again without the synthetic set as a control.
Shadow attacks judge the very records that were dealt to the shadow models; who is a member stays unknown.
"""

from __future__ import annotations

from audit.attacks import Attack
from audit.models._protocol import LatentModel, LossModel, Refit, Statistic
from audit.models.diffusion import DiffusionLoss
from audit.models.elbo import Elbo, MeanLoss
from audit.models.gan_leaks import PartialBlackBox, Reached, WhiteBox
from audit.models.groundhog import Groundhog
from audit.models.lira import Lira
from audit.models.queries import TargetedQueries
from audit.models.reconstruction import Reconstructed, reconstruct
from audit.models.rmia import Rmia
from audit.models.shadow import Shadows, closeness, fit_shadows

__all__ = [
    "DiffusionLoss",
    "Elbo",
    "Groundhog",
    "LatentModel",
    "Lira",
    "LossModel",
    "MeanLoss",
    "PartialBlackBox",
    "Reached",
    "Reconstructed",
    "Refit",
    "Rmia",
    "Shadows",
    "Statistic",
    "TargetedQueries",
    "WhiteBox",
    "attacks_on",
    "closeness",
    "fit_shadows",
    "reconstruct",
]


def attacks_on(model: object, *, seed: int) -> tuple[Attack, ...]:
    """The attacks that a handle allows without training anything: by its decoder, by its loss, by both, or none.

    Shadow attacks need a `Refit` and shadows besides, and are built by name.
    """
    found: list[Attack] = []
    if isinstance(model, LatentModel):
        found += [WhiteBox(model, seed=seed), PartialBlackBox(model, seed=seed)]
    if isinstance(model, LossModel):
        statistic = MeanLoss(seed=seed)
        found.append(Elbo(model, statistic) if model.steps == 1 else DiffusionLoss(model, statistic=statistic))
    return tuple(found)
