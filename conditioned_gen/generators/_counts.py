"""How many units each type has, and how large cells are: the first thing that most methods ask the barrier for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from conditioned_gen.barrier import Block, PrivateCohort, Records
from conditioned_gen.hellinger import log_library

Floats = npt.NDArray[np.float64]
_LOG_CENTRE, _LOG_RADIUS = 7.0, 7.0


def release_counts(private: PrivateCohort, *, share: float) -> Floats:
    """Noisy numbers of units by type, shape (types,), at least 1 each, for `share` of what is left of the budget.

    A record adds the one-hot vector of its type, of norm 1; a donor the mean of their cells' vectors.
    """
    block = Block("counts", lambda records: np.ones((len(records.types), 1)), width=1, radius=1.0, per_type=True)
    release = private.release_sum("numbers of each type", [block], share=share * private.share_left)
    counts: Floats = np.maximum(release.sums["counts"].ravel(), 1.0)
    return counts


def release_sizes(private: PrivateCohort, *, share: float) -> tuple[Floats, tuple[float, float]]:
    """Noisy numbers of cells by type (types,), at least 1 each, and mean and standard deviation of log library sizes.

    For `share` of what is left of the budget. A cell adds the one-hot vector of its type, of norm 1, beside its log
    library size and the square of that, both brought to [-1, 1] by constants and clipped together.
    """

    def library(records: Records) -> Floats:
        scaled = (log_library(records.values) - _LOG_CENTRE) / _LOG_RADIUS
        return np.column_stack([scaled, scaled**2])

    release = private.release_sum(
        "types",
        [
            Block("counts", lambda r: np.ones((len(r.types), 1)), width=1, radius=1.0, per_type=True),
            Block("library", library, width=2, radius=float(np.sqrt(2)), weight=0.5),
        ],
        share=share * private.share_left,
    )
    counts: Floats = np.maximum(release.sums["counts"].ravel(), 1.0)
    first, second = release.sums["library"] / counts.sum()
    variance = max(float(second - first**2) * _LOG_RADIUS**2, 0.05)
    return counts, (_LOG_CENTRE + _LOG_RADIUS * float(first), min(float(np.sqrt(variance)), 1.0))
