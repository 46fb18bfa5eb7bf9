"""Distance to the synthetic set, measured against how lonely the record is anyway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._protocol import AttackView, register
from audit.attacks.density import NEAREST, log_density
from audit.neighbours import nearest


@register
@dataclass(frozen=True)
class CalibratedDistance:
    """score(x) = mean log r_k to the other records under suspicion - mean log r_k to S, k = 1..3, over all genes.

    Records differ far more in how lonely they are than in how near the synthetic set came; taking the first away shows
    the second. The records under suspicion, all of them, serve as their own reference, so none is needed; the
    labels stay unknown. All genes are used because axes fitted on S leave out what it does not show.
    """

    name: str = "calibrated"
    label: str = "Calibrated distance"
    explanation: str = "As the closest record, but judged against how far a record is from other real ones."
    reference: str = "Watson et al., difficulty calibration in membership inference, ICLR 2022"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        queries, synthetic = view.all_genes
        alone = nearest(queries, queries, NEAREST, skip_self=True)
        return log_density(nearest(queries, synthetic, NEAREST)) - log_density(alone)
