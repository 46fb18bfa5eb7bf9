"""Synthetic records that are real ones, value for value."""

from __future__ import annotations

from dataclasses import dataclass

from audit._overlap import overlap
from audit.records import NOTHING
from audit.statistics import fisher_greater
from audit.target import AuditTarget


@dataclass(frozen=True, slots=True)
class Copies:
    """How many members and non-members stand verbatim in the synthetic set.

    `natural` counts real records that equal another real record. `p_value` is Fisher's, one-sided, that members are
    copied more often than non-members. `beyond` is True where chance does not make synthetic records equal a member in
    so many cases, because records are rich in detail or seldom repeat (`audit._overlap`).
    """

    members: int
    of_members: int
    nonmembers: int
    of_nonmembers: int
    natural: int
    p_value: float
    beyond: bool = False

    @property
    def unexplained(self) -> bool:
        """True where even a single copy is no coincidence: members alone are copied, and real records never repeat."""
        return self.beyond and self.members > 0 and self.nonmembers == 0 and self.natural == 0


def count_copies(target: AuditTarget) -> Copies:
    """Compare all values of all records. Records without any count are left out: they carry nothing to copy."""
    made = set(target.synthetic.fingerprints) - {NOTHING}
    sets = [[f for f in records.fingerprints if f != NOTHING] for records in (target.members, target.nonmembers)]
    copied = [sum(f in made for f in fingerprint) for fingerprint in sets]
    real = sets[0] + sets[1]
    sizes = len(target.members), len(target.nonmembers)
    p_value = fisher_greater(copied[0], sizes[0], copied[1], sizes[1])
    beyond = overlap(target.synthetic, target.members).beyond
    return Copies(copied[0], sizes[0], copied[1], sizes[1], len(real) - len(set(real)), p_value, beyond)
