"""Coordinates in which synthetic and real records are interchangeable if they are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.embedding import fit_axes
from audit.target import AuditTarget

COMPONENTS = 30
Coordinates = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pool:
    """Members, non-members and synthetic records on the principal axes of all three together, shapes (n, d).

    Axes fitted on one set alone fit its noise as well, and then even two halves of one cohort differ along them. Axes
    of the pooled records know no set: whatever is computed from these coordinates without looking at the sets leaves
    the sets exchangeable, which is what makes the permutation and hypergeometric tests on them exact.
    """

    members: Coordinates
    nonmembers: Coordinates
    synthetic: Coordinates


def pool(target: AuditTarget, *, seed: int, components: int = COMPONENTS) -> Pool:
    """Fit the axes on all records of members, non-members and the synthetic set, each counting the same."""
    sets = [target.values("members"), target.values("nonmembers"), target.values("synthetic")]
    together = np.concatenate(sets)
    placed = fit_axes(together, seed=seed, components=components).project(together)
    members, nonmembers, synthetic = np.split(placed, np.cumsum([len(values) for values in sets])[:-1])
    return Pool(members, nonmembers, synthetic)
