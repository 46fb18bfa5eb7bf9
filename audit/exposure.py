"""Which single records the attacks found, and their nearest synthetic neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._run import AttackResult
from audit.neighbours import Neighbours
from audit.statistics import FPRS, Scores, resolvable
from audit.subgroups import Names, Subgroup, measure_subgroups

SHOWN = 25
NEIGHBOURS_SHOWN = 3
FEWEST = 3
"""Non-members of a type from which its usual distance is taken; of fewer, it is that of all non-members."""


@dataclass(frozen=True, slots=True)
class SyntheticNeighbour:
    """A synthetic record near a real one: its row (counted from 1) in the released set, its distance and type."""

    row: int
    distance: float
    label: str | None


@dataclass(frozen=True, slots=True)
class ExposedRecord:
    """One member under a pseudonymous `number`, accused by `accusers` attacks at the stated false alarms.

    `suspicion` holds, for each of `Exposure.attacks`, the share of non-members that look at least as suspect as this
    record: small is bad. `nearness` is the distance to its closest synthetic record over the median of the non-members
    (of its type, where types are known): below 1 it is nearer than usual.
    """

    number: int
    subgroup: str | None
    accusers: int
    suspicion: tuple[float, ...]
    nearness: float | None
    neighbours: tuple[SyntheticNeighbour, ...]


@dataclass(frozen=True, slots=True)
class Exposure:
    """The most exposed members, most exposed first, and every subgroup. `attacks` are the labels of those that worked.

    At `fpr` false alarms an attack, `found` members and `accused` of the `of_nonmembers` non-members are pointed at by
    at least one of them: where nothing leaks, the shares agree.
    """

    attacks: tuple[str, ...]
    fpr: float
    found: int
    of_members: int
    accused: int
    of_nonmembers: int
    records: tuple[ExposedRecord, ...]
    subgroups: tuple[Subgroup, ...]


def record_numbers(count: int, *, seed: int) -> npt.NDArray[np.intp]:
    """The pseudonymous number of each of `count` members, shape (n,), from 1: a shuffle that `seed` repeats.

    Whoever holds the members' file and the audit's seed can find a record again; the page alone gives no row away.
    """
    return np.random.default_rng(np.random.SeedSequence([seed, count])).permutation(count) + 1


def measure_exposure(
    attacks: Sequence[AttackResult],
    near: Neighbours,
    *,
    seed: int,
    labels: tuple[Names, Names] | None = None,
    synthetic_labels: Names | None = None,
) -> Exposure | None:
    """Who was found, by which of the working `attacks`; None where none works.

    `near` are the nearest synthetic records of members, then non-members; `labels` the types of either.
    """
    working = [attack for attack in attacks if not attack.fault]
    if not working:
        return None
    n, m = working[0].n, working[0].m
    ranks = np.stack([outsiders_above(attack.scores) for attack in working])
    fpr = next((rate for rate in FPRS if resolvable(rate, m)), FPRS[-1])
    accused: npt.NDArray[np.bool_] = np.less_equal(ranks, fpr)
    nearness = _nearness(near.distances[:, 0], n, labels)
    places = _most_exposed(ranks[:, :n], accused[:, :n], nearness)
    numbers = record_numbers(n, seed=seed)
    records = tuple(
        ExposedRecord(
            number=int(numbers[place]),
            subgroup=None if labels is None else str(labels[0][place]),
            accusers=int(accused[:, place].sum()),
            suspicion=tuple(map(float, ranks[:, place])),
            nearness=float(nearness[place]) if np.isfinite(nearness[place]) else None,
            neighbours=_neighbours(near, int(place), synthetic_labels),
        )
        for place in places
    )
    pointed: npt.NDArray[np.bool_] = np.any(accused, axis=0)
    found, wrongly = int(pointed[:n].sum()), int(pointed[n:].sum())
    groups = () if labels is None else measure_subgroups(working, *labels, seed=seed)
    return Exposure(tuple(attack.label for attack in working), fpr, found, n, wrongly, m, records, groups)


def outsiders_above(scores: Scores) -> npt.NDArray[np.float64]:
    """The share of non-members at least as suspect as each record, members first; shape (n + m,), never 0.

    (1 + #{non-members with a score as high}) / (m + 1): the p-value of "this record is no member". A non-member is
    not compared with itself.
    """
    outsiders = np.sort(scores.nonmembers)
    m = len(outsiders)
    at_least = [m - np.searchsorted(outsiders, side, side="left") for side in (scores.members, scores.nonmembers)]
    return np.concatenate([(1 + at_least[0]) / (m + 1), at_least[1] / m])


def _most_exposed(
    ranks: npt.NDArray[np.float64], accused: npt.NDArray[np.bool_], nearness: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Rows of the members that most attacks accuse; among equals, those that all attacks together suspect most.

    The second order is Fisher's -sum(log p). Attacks agree with each other, so it orders and tests nothing. The third
    is how near a synthetic record lies.
    """
    together = -np.log(ranks).sum(axis=0)
    return np.lexsort((nearness, -together, -accused.sum(axis=0)))[:SHOWN]


def _nearness(
    distances: npt.NDArray[np.float64], n: int, labels: tuple[Names, Names] | None
) -> npt.NDArray[np.float64]:
    """Distance of each member to its closest synthetic record over the median of the non-members, by type if known."""
    usual = np.full(n, np.median(distances[n:]))
    if labels is not None:
        for kind in np.unique(labels[0]):
            outside = distances[n:][labels[1] == kind]
            if len(outside) >= FEWEST:
                usual[labels[0] == kind] = np.median(outside)
    return np.asarray(np.divide(distances[:n], usual, out=np.full(n, np.nan), where=usual > 0))


def _neighbours(near: Neighbours, place: int, labels: Names | None) -> tuple[SyntheticNeighbour, ...]:
    return tuple(
        SyntheticNeighbour(int(row) + 1, float(distance), None if labels is None else str(labels[row]))
        for row, distance in zip(
            near.indices[place, :NEIGHBOURS_SHOWN], near.distances[place, :NEIGHBOURS_SHOWN], strict=True
        )
    )
