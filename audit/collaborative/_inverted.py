"""What an inverted gradient gives, and the search that all inversions share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

SOLVED = 1e-8


@dataclass(frozen=True, eq=False)
class Inverted:
    """Records (b, p) and targets (b, c) whose gradient is closest to the shared one; `mismatch` is what remains."""

    records: npt.NDArray[np.float64]
    targets: npt.NDArray[np.float64]
    mismatch: float


def best_of(restarts: int, seed: int, search: Callable[[torch.Generator], Inverted]) -> Inverted:
    """The search with the least mismatch over random starts, at most `restarts`; one that solves it is the last.

    Raises ValueError where none ended in numbers.
    """
    chance = torch.Generator().manual_seed(seed)
    ended: list[Inverted] = []
    for _ in range(restarts):
        found = search(chance)
        if np.isfinite(found.mismatch) and np.isfinite(found.records).all():
            ended.append(found)
            if found.mismatch < SOLVED:
                break
    if not ended:
        raise ValueError(f"all {restarts} searches diverged: scale the records, or start more often")
    return min(ended, key=lambda inverted: inverted.mismatch)
