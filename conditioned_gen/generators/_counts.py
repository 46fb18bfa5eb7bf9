"""How many units each type has: the first thing that most methods ask the barrier for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from conditioned_gen.barrier import Block, PrivateCohort

Floats = npt.NDArray[np.float64]


def release_counts(private: PrivateCohort, *, share: float) -> Floats:
    """Noisy numbers of units by type, shape (types,), at least 1 each, for `share` of what is left of the budget.

    A record adds the one-hot vector of its type, of norm 1; a donor the mean of their cells' vectors.
    """
    block = Block("counts", lambda records: np.ones((len(records.types), 1)), width=1, radius=1.0, per_type=True)
    release = private.release_sum("numbers of each type", [block], share=share * private.share_left)
    counts: Floats = np.maximum(release.sums["counts"].ravel(), 1.0)
    return counts
