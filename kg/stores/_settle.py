"""What a batch of statements adds to those that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kg._record import merged
from kg.model import Evidence


@dataclass(frozen=True, slots=True)
class Settled:
    """Statements by id: those that are new, and those that are kept but better known now."""

    new: dict[str, Evidence]
    changed: dict[str, Evidence]


def settle(batch: Iterable[Evidence], known: Mapping[str, Evidence]) -> Settled:
    """Sort a batch into what is new and what changes one of the `known` statements; what says nothing new is left out.

    How a gene is written is settled apart, so it makes no statement a changed one.
    """
    settled = Settled({}, {})
    for item in batch:
        mine = settled.new if item.id not in known else settled.changed
        before = mine.get(item.id) or known.get(item.id)
        if before is None:
            mine[item.id] = item
            continue
        alike = replace(before, regulator=item.regulator, target=item.target)
        together = merged(alike, item)
        if together != alike:
            mine[item.id] = together
    return settled
