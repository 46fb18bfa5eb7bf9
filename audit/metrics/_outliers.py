"""How far out a record lies, in the unit of the distances that are usual where it lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.graph import Neighbourhoods

NEIGHBOURS = 5


def outlier_factors(graph: Neighbourhoods, queries: str, points: str) -> npt.NDArray[np.float64]:
    """Distance to the k-th nearest point over the mean of that same distance of those k points, shape (q,); k = 5.

    About 1 inside a population however dense it is, more outside. The factor of Breunig et al. (SIGMOD 2000) without
    its smoothing of reachability. 1 where both distances are 0, infinite where only the lower one is.
    """
    own = graph.near(points, points, NEIGHBOURS).distances[:, -1]
    near = graph.near(queries, points, NEIGHBOURS)
    above, below = near.distances[:, -1], own[near.indices].mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(above == below, 1.0, above / below))
