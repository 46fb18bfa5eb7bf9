"""Where the synthetic set is denser than the population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._protocol import AttackView, register
from audit.attacks.density import log_density


@register
@dataclass(frozen=True)
class Domias:
    """score(x) = log p_S(x) - log p_R(x), both by the same nearest neighbours in the one shared embedding."""

    name: str = "domias"
    label: str = "DOMIAS"
    explanation: str = "Looks for places where synthetic records are denser than independent real ones: overfitting."
    reference: str = "van Breugel, Sun, Qian and van der Schaar, DOMIAS, AISTATS 2023"
    needs_reference: bool = True

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        return log_density(view.near_synthetic) - log_density(view.near_reference)
