"""Synthetic records that are real ones, value for value."""

from __future__ import annotations

from dataclasses import dataclass

from audit.records import NOTHING
from audit.statistics import fisher_greater
from audit.target import AuditTarget


@dataclass(frozen=True, slots=True)
class Copies:
    """How many members and non-members stand verbatim in the synthetic set.

    `natural` counts real records that equal another real record: where it is 0, a copy is no coincidence. `p_value` is
    Fisher's, one-sided, that members are copied more often than non-members.
    """

    members: int
    of_members: int
    nonmembers: int
    of_nonmembers: int
    natural: int
    p_value: float


def count_copies(target: AuditTarget) -> Copies:
    """Compare all values of all records. Records without any count are left out: they carry nothing to copy."""
    made = set(target.synthetic.fingerprints) - {NOTHING}
    sets = [[f for f in records.fingerprints if f != NOTHING] for records in (target.members, target.nonmembers)]
    copied = [sum(f in made for f in fingerprint) for fingerprint in sets]
    real = sets[0] + sets[1]
    sizes = len(target.members), len(target.nonmembers)
    p_value = fisher_greater(copied[0], sizes[0], copied[1], sizes[1])
    return Copies(copied[0], sizes[0], copied[1], sizes[1], len(real) - len(set(real)), p_value)
