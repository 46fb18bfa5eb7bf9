"""How dense the synthetic set is where the record lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._protocol import AttackView, register
from audit.neighbours import Neighbours

NEAREST = 3
FLOOR = 1e-6


def log_density(near: Neighbours) -> npt.NDArray[np.float64]:
    """The log of a nearest-neighbour density per axis, up to a constant: -mean of log r_k over k = 1..3; shape (q,).

    A kernel of one fixed width is either blind among the far records or smooths over the copies among the near ones;
    neighbour distances adapt to both. Distances are floored at 1e-6, where a record is a copy.
    """
    return np.asarray(-np.log(np.maximum(near.distances[:, :NEAREST], FLOOR)).mean(axis=1), dtype=np.float64)


@register
@dataclass(frozen=True)
class Density:
    """score(x) = log p_S(x), the nearest-neighbour density of the synthetic set in the shared embedding."""

    name: str = "density"
    label: str = "Synthetic density"
    explanation: str = "Guesses that a record was used when the synthetic records crowd around it."
    reference: str = "Houssiau et al., TAPAS, 2022 (probability estimation attack)"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        return log_density(view.near_synthetic)
