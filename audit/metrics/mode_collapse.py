"""Synthetic records that crowd where real ones spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.document import Table
from audit.metrics._draws import CONTROL, Drawn, draw_all
from audit.metrics._populations import groups_of
from audit.metrics._protocol import Measured, MetricView, Score, draw, register
from audit.neighbours import squared_distances
from audit.statistics import Estimate, around, clopper_pearson, holm
from audit.target import SetName

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.intp]
A_SIDE = 100
FEWEST = 10
NEIGHBOURS = 5
LEVEL = 0.05
COLLAPSED = 0.5
PERMUTATIONS = 199
GROUPS = 12


@dataclass(frozen=True)
class Crowding:
    """How close to each other the records of a group lie, over how close real ones do: `ratio`, 1 if alike.

    `spread` is its deviation under permutation, `records` how many the compared set has in the group, `size` how many
    of either side were compared, `p_value` one-sided.
    """

    group: str
    records: int
    size: int
    ratio: float
    spread: float
    p_value: float


@register
@dataclass(frozen=True)
class ModeCollapse:
    """Mean distance to the k-th nearest record of the own set and type, synthetic over real, as many of each.

    A few prototypes told over and over, or one mean with a little noise, bring it near 0; k is 5, or less where 5 would
    be more than a tenth of the records compared, so that up to ten prototypes show. Whether it is below 1 by
    more than chance is asked by exchanging records of a type between the sets. A type has collapsed if its ratio is at
    most a half with p <= 5 % after Holm's correction. Without types, groups of a tree through all records stand in.
    """

    name: str = "mode_collapse"
    label: str = "Mode collapse"
    explanation: str = "Asks of each type whether its synthetic records vary among themselves as real ones do."
    reference: str = "Own definition, after the k-th neighbour distances of Loftsgaarden and Quesenberry, 1965"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        drawn = draw_all(view)
        groups = _groups(drawn)
        sets = {name: (drawn.points[name], groups[name]) for name in groups}
        real = (drawn.real, np.concatenate([groups["members"], groups["nonmembers"]]))
        found = crowding(sets["synthetic"], real, seed=view.seed)
        control = crowding(sets["nonmembers"], sets["members"], seed=view.seed)
        if not found:
            return Measured((), notes=(f"No type has {FEWEST} real and {FEWEST} synthetic records.",))
        scores = (
            _share(found, control, len(drawn.points["synthetic"]), len(drawn.points["nonmembers"])),
            _evenness(found, control),
        )
        return Measured(scores, (_table(found, control, by_type=bool(drawn.labels)),), _notes(found))


def _groups(drawn: Drawn) -> Mapping[SetName, npt.NDArray[Any]]:
    """The group of each record of each set: its type, or one found without looking at the sets."""
    if drawn.labels:
        return drawn.labels
    names = list(drawn.points)
    found = groups_of(np.concatenate([drawn.points[name] for name in names]), GROUPS)
    cuts = np.cumsum([len(drawn.points[name]) for name in names])[:-1]
    return {name: part.astype(str) for name, part in zip(names, np.split(found, cuts), strict=True)}


def crowding(
    first: tuple[Floats, npt.NDArray[Any]], second: tuple[Floats, npt.NDArray[Any]], *, seed: int
) -> tuple[Crowding, ...]:
    """Each group that has enough records in both sets; a set is its points (n, d) and their groups (n,)."""
    kinds = [k for k in np.unique(first[1]) if min((first[1] == k).sum(), (second[1] == k).sum()) >= FEWEST]
    permutations = max(PERMUTATIONS, round(2 * len(kinds) / LEVEL))
    rng = np.random.default_rng(seed)
    found = []
    for kind in kinds:
        sides = [points[labels == kind] for points, labels in (first, second)]
        size = min(A_SIDE, *map(len, sides))
        both = np.concatenate([side[draw(rng, len(side), size)] for side in sides])
        found.append((str(kind), len(sides[0]), size, *_crowded(both, size, permutations, rng)))
    adjusted = holm([row[-1] for row in found])
    return tuple(Crowding(*row[:-1], p_value=p) for row, p in zip(found, adjusted, strict=True))


def _crowded(both: Floats, size: int, permutations: int, rng: np.random.Generator) -> tuple[float, float, float]:
    """The ratio, its deviation and its p-value, for records (2 size, d) of which the first half is one set."""
    distances = np.sqrt(squared_distances(both, both))
    np.fill_diagonal(distances, np.inf)
    order = np.arange(2 * size)
    observed = _ratio(_reach(distances, order[:size]).mean(), _reach(distances, order[size:]).mean())
    drawn = []
    for _ in range(permutations):
        order = rng.permutation(2 * size)
        drawn.append(_ratio(_reach(distances, order[:size]).mean(), _reach(distances, order[size:]).mean()))
    return observed, float(np.std(drawn)), float((1 + np.sum(np.asarray(drawn) <= observed)) / (1 + permutations))


def _reach(distances: Floats, rows: Rows) -> Floats:
    """The distance of each of these records to the k-th nearest of them."""
    k = max(1, min(NEIGHBOURS, len(rows) // 10))
    return np.asarray(np.partition(distances[np.ix_(rows, rows)], k - 1, axis=1)[:, k - 1])


def _ratio(above: Any, below: Any) -> float:
    """Above over below; 1 where there is no variety that could be lost."""
    return float(above / below) if below > 0 else 1.0


def _collapsed(found: tuple[Crowding, ...]) -> tuple[Crowding, ...]:
    return tuple(group for group in found if group.p_value <= LEVEL and group.ratio <= COLLAPSED)


def _share(found: tuple[Crowding, ...], control: tuple[Crowding, ...], made: int, real: int) -> Score:
    def count(groups: tuple[Crowding, ...], of: int) -> Estimate:
        return clopper_pearson(sum(group.records for group in _collapsed(groups)), of)

    def least(groups: tuple[Crowding, ...]) -> float:
        return min((group.p_value for group in groups), default=1.0)

    return Score(
        key="share",
        label="Synthetic records of collapsed types",
        goal="minimise",
        low=0.0,
        high=1.0,
        target=0.0,
        estimate=count(found, made),
        control=count(control, real),
        control_label=CONTROL,
        reading="0: no type has lost half of its variety; the table has the types.",
        p_value=least(found),
        control_p_value=least(control),
    )


def _evenness(found: tuple[Crowding, ...], control: tuple[Crowding, ...]) -> Score:
    return Score(
        key="variety",
        label="Variety within types, synthetic over real",
        goal="target",
        low=0.0,
        high=None,
        target=1.0,
        estimate=_variety(found),
        control=_variety(control) if control else None,
        control_label=CONTROL,
        reading="1: synthetic records of a type are as far apart as real ones; below: they are too much alike.",
    )


def _variety(groups: tuple[Crowding, ...]) -> Estimate:
    """The mean ratio, groups weighing what they have in records."""
    weights = np.asarray([group.records for group in groups]) / sum(group.records for group in groups)
    point = float(weights @ [group.ratio for group in groups])
    spread = float(np.sqrt(weights**2 @ np.square([group.spread for group in groups])))
    return around(point, spread, sum(group.size for group in groups), low=0.0)


def _table(found: tuple[Crowding, ...], control: tuple[Crowding, ...], *, by_type: bool) -> Table:
    beside = {group.group: group.ratio for group in control}
    rows = tuple((g.group, g.records, g.size, g.ratio, beside.get(g.group), g.p_value) for g in found)
    columns = ("Type" if by_type else "Group", "Synthetic", "Compared a side", "Variety", "Variety, real", "p")
    return Table("How far apart synthetic records of a type lie, over how far apart real ones do", columns, rows)


def _notes(found: tuple[Crowding, ...]) -> tuple[str, ...]:
    names = ", ".join(group.group for group in _collapsed(found))
    return (f"Collapsed: {names}.",) if names else ("No type has collapsed.",)
