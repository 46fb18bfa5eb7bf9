"""Who is attacked with what: members, controls and synthetic records, drawn down where there are very many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.metrics import MetricView, draw
from audit.neighbours import Floats
from audit.risks._compare import Donors
from audit.target import AuditTarget, SetName

MOST_TARGETS = 2000
MOST_SYNTHETIC = 10_000
Columns = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Variable:
    """A gene or a column of a table, and the columns of `values` that are its: several where it is categorical."""

    name: str
    columns: slice
    categorical: bool


@dataclass(frozen=True, eq=False)
class Sides:
    """Members (n, w), controls (m, w), synthetic records (s, w), in the scale of `AuditTarget.values`.

    `donors` of members and controls where both are known; `rows` are the rows of their sets that these are.
    """

    members: Floats
    controls: Floats
    synthetic: Floats
    donors: Donors | None
    rows: dict[SetName, Columns]

    @property
    def targets(self) -> Floats:
        """Members and controls, one below the other, (n + m, w)."""
        return np.concatenate([self.members, self.controls])

    def parted(self, values: Floats) -> tuple[Floats, Floats]:
        """What was computed of `targets`, (n + m, ...), as members' and controls'."""
        return values[: len(self.members)], values[len(self.members) :]


def sides(view: MetricView) -> Sides:
    """The records of a view, at most 2,000 members, as many controls and 10,000 synthetic records drawn by its seed.

    Each set is put into an order of its own, so that what is drawn by the seed does not depend on the order given.
    """
    rng, target = np.random.default_rng(view.seed), view.target
    most: dict[SetName, int] = {
        "members": MOST_TARGETS,
        "nonmembers": MOST_TARGETS,
        "synthetic": MOST_SYNTHETIC,
    }
    rows = {}
    for name, size in most.items():
        values = target.values(name)
        rows[name] = _ordered(values)[draw(rng, len(values), size)]
    members, controls, synthetic = (target.values(name)[rows[name]] for name in most)
    first, second = target.donors("members"), target.donors("nonmembers")
    donors = None
    if first is not None and second is not None:
        donors = first[rows["members"]], second[rows["nonmembers"]]
    return Sides(members, controls, synthetic, donors, rows)


def _ordered(values: Floats) -> Columns:
    """The rows of `values` (n, w) in the order of their bytes."""
    return np.array(sorted(range(len(values)), key=lambda row: values[row].tobytes()), dtype=np.intp)


def variables(target: AuditTarget) -> tuple[Variable, ...]:
    """Every gene, or every column of the tables, in their order."""
    if target.kind == "counts":
        return tuple(Variable(name, slice(at, at + 1), False) for at, name in enumerate(target.features))
    from audit.tables import CategoricalColumn

    places = target.encoding.places
    return tuple(Variable(c.name, places[c.name], isinstance(c, CategoricalColumn)) for c in target.encoding.columns)


def parted(chosen: tuple[Variable, ...], share: float, *, seed: int) -> tuple[Columns, Columns]:
    """The columns of a random `share` of the variables, and those of the rest; each of at least one variable."""
    order = np.random.default_rng(seed).permutation(len(chosen))
    cut = min(max(round(share * len(chosen)), 1), len(chosen) - 1)
    first, second = (columns([chosen[at] for at in np.sort(part)]) for part in (order[:cut], order[cut:]))
    return first, second


def columns(chosen: list[Variable]) -> Columns:
    """The columns of these variables."""
    return np.concatenate([np.arange(v.columns.start, v.columns.stop) for v in chosen])
