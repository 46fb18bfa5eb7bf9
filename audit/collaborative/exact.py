"""Records read off the gradient of a fully-connected layer, without any search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

SILENT = 1e-7
AGREE = 1e-4


@dataclass(frozen=True, eq=False)
class Exact:
    """Inputs recovered from one layer: `records` (k, p), confirmed; `mixtures` (m, p), weighted means of records."""

    records: npt.NDArray[np.float64]
    mixtures: npt.NDArray[np.float64]


def exact_records(weight: torch.Tensor, bias: torch.Tensor) -> Exact:
    """x = (dL/dW_i) / (dL/db_i) for each unit i of a layer y = W x + b, from gradients of shapes (h, p) and (h,).

    Over a batch, dW_i = sum_j d_ij x_j and db_i = sum_j d_ij, so that a unit which one record alone activates gives
    that record to float precision, whatever the batch size. Which units those are, the gradient tells: two units agree
    on a mixture only by accident, so what two units give alike (within 1e-4 of its norm) is one record. A batch of
    one is confirmed by all of its units. A layer with a single live unit has only mixtures.

    Phong et al., Privacy-preserving deep learning via additively homomorphic encryption, IEEE TIFS 2018; Geiping et
    al., NeurIPS 2020, proposition 3.1.
    """
    rows, steps = weight.detach().double().numpy(), bias.detach().double().numpy()
    live = np.abs(steps) > SILENT * max(float(np.abs(steps).max()), 1e-300)
    order = np.argsort(-np.abs(steps[live]), kind="stable")
    given = (rows[live] / steps[live, None])[order]
    groups = _alike(given)
    confirmed = [group[0] for group in groups if len(group) > 1]
    alone = [group[0] for group in groups if len(group) == 1]
    return Exact(given[confirmed], given[alone])


def _alike(given: npt.NDArray[np.float64]) -> list[list[int]]:
    """Rows grouped by agreement with the first of each group, which has the largest gradient and fewest lost digits."""
    groups: list[list[int]] = []
    for row, record in enumerate(given):
        scale = max(float(np.linalg.norm(record)), 1e-300)
        for group in groups:
            if np.linalg.norm(given[group[0]] - record) <= AGREE * scale:
                group.append(row)
                break
        else:
            groups.append([row])
    return groups
