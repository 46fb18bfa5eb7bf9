"""Distance to the closest synthetic record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._protocol import AttackView, register


@register
@dataclass(frozen=True)
class ClosestRecord:
    """score(x) = -min over s in S of |x - s|. The full black-box attack of GAN-Leaks, without its exponential."""

    name: str = "dcr"
    label: str = "Closest record"
    explanation: str = "Guesses that a record was used when some synthetic record lies very close to it."
    reference: str = "Chen, Yu, Zhang and Fritz, GAN-Leaks, CCS 2020"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        return -view.near_synthetic.distances[:, 0]
