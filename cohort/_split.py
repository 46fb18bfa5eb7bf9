"""Members, holdout and reference: who is trained on, who is not, and who the attacker may know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cohort._cohort import Cohort
from prisyn_base import InputError, Problem


def split_cohort(cohort: Cohort, *, fractions: Sequence[float], seed: int) -> tuple[Cohort, ...]:
    """Disjoint parts of about these fractions, in this order; what the fractions leave over is left out.

    Where donors are known, whole donors are dealt out, so that no donor stands on two sides. Otherwise cells are
    dealt out within each type, so that each part has every type that has enough cells. Cells keep their order.
    """
    if not fractions or min(fractions) <= 0 or sum(fractions) > 1 + 1e-9:
        shown = ", ".join(f"{f:g}" for f in fractions)
        raise InputError([Problem("fractions", shown, "positive numbers that add up to at most 1", "say .6 .25 .15")])
    rng = np.random.default_rng(seed)
    if cohort.donor is not None:
        groups = [np.flatnonzero(cohort.donors == donor) for donor in np.unique(cohort.donors)]
        order = rng.permutation(len(groups))
        bounds = np.rint(np.cumsum(fractions) * len(groups)).astype(int)
        dealt = np.split(order, bounds)[: len(fractions)]
        return tuple(_part(cohort, [groups[i] for i in part]) for part in dealt)
    parts: list[list[npt.NDArray[np.intp]]] = [[] for _ in fractions]
    for kind in cohort.types or (None,):
        rows = np.flatnonzero(cohort.labels == kind) if kind is not None else np.arange(len(cohort))
        bounds = np.rint(np.cumsum(fractions) * len(rows)).astype(int)
        for part, chosen in zip(parts, np.split(rng.permutation(rows), bounds), strict=False):
            part.append(chosen)
    return tuple(_part(cohort, part) for part in parts)


def _part(cohort: Cohort, rows: Sequence[npt.NDArray[np.intp]]) -> Cohort:
    chosen = np.sort(np.concatenate(rows)) if rows else np.array([], dtype=np.intp)
    return cohort.subset(chosen)
