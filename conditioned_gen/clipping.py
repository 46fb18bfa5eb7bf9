"""Gradients brought to bounded length on a whole-number grid: what every channel does before it adds noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from conditioned_gen.mechanisms import GRID_BITS


def bounded_sum(rows: Sequence[torch.Tensor], bound: float) -> npt.NDArray[np.int64]:
    """Sum over rows of vectors (in pieces of shape (n, p)) clipped to norm 1 in units of `bound`, on the grid.

    Works in float32, in which cut values up to 2**GRID_BITS are exact; the slack of 2**-20 covers the rounding of
    each product before it is cut. A row that is not finite contributes nothing.
    """
    norms = torch.sqrt(sum(torch.linalg.vector_norm(piece, dim=1, dtype=torch.float64) ** 2 for piece in rows))
    factors = ((1 - 2.0**-20) / torch.clamp_min(norms, bound)) * 2.0**GRID_BITS
    lost = ~torch.isfinite(norms)
    if lost.any():
        rows = [torch.where(lost[:, None], 0.0, piece) for piece in rows]
        factors = torch.where(lost, 0.0, factors)
    scale = factors.float()[:, None]
    sums = [torch.trunc(piece * scale).sum(dim=0, dtype=torch.float64) for piece in rows]
    return np.asarray(torch.cat(sums).numpy().astype(np.int64))
