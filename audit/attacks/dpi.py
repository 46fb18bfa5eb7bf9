"""Who a record's neighbours are: synthetic records or independent real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._protocol import AttackView, refine, register

NEAREST = 20


@register
@dataclass(frozen=True)
class Dpi:
    """score(x) = log((a + 1/2) / (b + 1/2)), a synthetic and b reference records among the 20 nearest of S and R.

    Equal counts are ordered by how much closer the nearest synthetic record is than the nearest reference record.
    """

    name: str = "dpi"
    label: str = "Data plagiarism index"
    explanation: str = (
        "Asks whether a record's nearest neighbours are mostly synthetic or mostly independent real ones."
    )
    reference: str = "Ward, Wang and Cheng, Data Plagiarism Index, 2024 (arXiv 2406.13012)"
    needs_reference: bool = True

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        synthetic, reference = view.near_synthetic.distances, view.near_reference.distances
        both = np.concatenate([synthetic[:, :NEAREST], reference[:, :NEAREST]], axis=1)
        width = min(NEAREST, synthetic.shape[1])
        nearest = np.argsort(both, axis=1, kind="stable")[:, :NEAREST]
        made = (nearest < width).sum(axis=1)
        ratio = np.log((made + 0.5) / (nearest.shape[1] - made + 0.5))
        return refine(ratio, reference[:, 0] - synthetic[:, 0])
