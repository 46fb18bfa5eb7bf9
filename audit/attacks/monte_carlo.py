"""How many synthetic records fall into a small ball around the record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._protocol import AttackView, refine, register
from audit.neighbours import BLOCK_ELEMENTS, squared_distances


@register
@dataclass(frozen=True)
class MonteCarlo:
    """score(x) = #{s in S: |x - s| < eps} / |S| with eps the median over x of min |x - s|.

    By that choice of eps half of all balls are empty; equal counts are ordered by the distance to the closest record.
    """

    name: str = "monte_carlo"
    label: str = "Monte Carlo ball"
    explanation: str = "Counts the synthetic records in a small ball around each record: more of them, more suspicion."
    reference: str = "Hilprecht, Härterich and Bernau, Monte Carlo and reconstruction attacks, PoPETs 2019"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        closest = view.near_synthetic.distances[:, 0]
        radius = float(np.median(closest))
        step = max(BLOCK_ELEMENTS // len(view.synthetic), 1)
        blocks = range(0, len(view.queries), step)
        near = [squared_distances(view.queries[at : at + step], view.synthetic) < radius**2 for at in blocks]
        counts = np.concatenate([block.sum(axis=1) for block in near])
        return refine(counts / len(view.synthetic), -closest)
