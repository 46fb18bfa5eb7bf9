"""Members, holdout and reference: who is trained on, who is not, and who the attacker may know."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np

from cohort._cohort import Cohort
from cohort._table import Table
from prisyn_base import InputError, Problem

AnyCohort = TypeVar("AnyCohort", Cohort, Table)


def split_cohort(cohort: AnyCohort, *, fractions: Sequence[float], seed: int) -> tuple[AnyCohort, ...]:
    """Disjoint parts of about these fractions, in this order; what the fractions leave over is left out.

    Each cell (each donor, where donors are known) is dealt out by a coin of its own, a hash of the seed and its name.
    Sizes are therefore not exact and types not evenly dealt, and that is the point: adding or removing one cell moves
    no other, so a guarantee for the members is a guarantee for the whole cohort. A shuffle, stratified or not, deals
    its whole group anew when one cell is added, and has no such guarantee. Cells keep their order. So with the records
    of a table, whose names are those of its frame's index.
    """
    if not fractions or min(fractions) <= 0 or sum(fractions) > 1 + 1e-9:
        shown = ", ".join(f"{f:g}" for f in fractions)
        raise InputError([Problem("fractions", shown, "positive numbers that add up to at most 1", "say .6 .25 .15")])
    units = cohort.donors if cohort.donor is not None else cohort.names
    part = np.searchsorted(np.cumsum(fractions), [_coin(seed, str(unit)) for unit in units], side="right")
    return tuple(cohort.subset(np.flatnonzero(part == number)) for number in range(len(fractions)))


def _coin(seed: int, unit: str) -> float:
    """A number in [0, 1) that depends on the seed and the unit's name alone."""
    return int.from_bytes(blake2b(f"{seed}\0{unit}".encode(), digest_size=8).digest(), "big") / 2.0**64
