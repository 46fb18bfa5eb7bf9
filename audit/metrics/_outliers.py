"""How far out a record lies, in the unit of the distances that are usual where it lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audit.neighbours import nearest

Floats = npt.NDArray[np.floating[Any]]
NEIGHBOURS = 5


def outlier_factors(queries: Floats, points: Floats, *, skip_self: bool = False) -> npt.NDArray[np.float64]:
    """Distance to the k-th nearest point over the mean of that same distance of those k points, shape (q,); k = 5.

    About 1 inside a population however dense it is, more outside. The factor of Breunig et al. (SIGMOD 2000) without
    its smoothing of reachability. 1 where both distances are 0, infinite where only the lower one is.
    """
    own = nearest(points, points, NEIGHBOURS, skip_self=True).distances[:, -1]
    near = nearest(queries, points, NEIGHBOURS, skip_self=skip_self)
    above, below = near.distances[:, -1], own[near.indices].mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(above == below, 1.0, above / below))
