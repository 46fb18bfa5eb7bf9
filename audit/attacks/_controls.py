"""What an attack says where there is nothing to find: three controls that run it again, and each of which can fail.

Permuting labels or splitting scores after the fact finds nothing whatever the attack did. Here the attack itself runs
on records handed over in another order, and on a set that was not made from the members.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.attacks._protocol import Attack, AttackView
from audit.neighbours import Neighbours
from audit.statistics import Estimate, Scores, against_chance, auc

MOST = 500
DEVIATIONS = 3.7
"""Standard deviations from chance that stop an instrument: about 2 in 10,000 controls of a working one."""
APART = 0.02
"""How far the AUC of the same records may move with their order: attacks that train something see another batch."""
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Control:
    """An AUC that should be `expected`, and whether it `works` out so; `meaning` says what is wrong where it does not.

    The interval is that of chance around the AUC, 95 %.
    """

    name: str
    auc: Estimate
    expected: float
    works: bool
    meaning: str


def controls(attack: Attack, view: AttackView, said: Scores, *, seed: int) -> tuple[Control, ...]:
    """Run the attack again, on at most 500 members and as many non-members, and see that it finds nothing.

    `said` is what it said of the view's queries. Members against members: those handed over first against those handed
    over last, in a random order, the synthetic set unchanged. The same records again: in that order, members against
    non-members as before. No synthetic records: the synthetic set replaced by half of the reference or, without one, by
    half of the members, about whom is then not asked (with donors, half of the members' donors).
    """
    rng = np.random.default_rng(seed)
    rows = _some_of_both(rng, said, MOST)
    again = _asked(attack, view, rows)
    before = np.concatenate([said.members, said.nonmembers])[rows]
    if len(rows) < len(said.members) + len(said.nonmembers):
        # An attack that judges records by one another says otherwise of fewer: these very ones are asked in two orders.
        shuffle = rng.permutation(len(rows))
        before[shuffle] = _asked(attack, view, rows[shuffle])
    member = rows < len(said.members)
    found = (_by_place(again, member), _same(again, before, member))
    # An attack on a model's weights (`audit.models`) finds the same whatever synthetic set it is shown.
    return found if getattr(attack, "ignores_synthetic", False) else (*found, naive(attack, view, said, rng))


def _asked(attack: Attack, view: AttackView, rows: Rows) -> npt.NDArray[np.float64]:
    return np.asarray(attack.scores(ask(view, rows)), dtype=np.float64)


def ask(view: AttackView, rows: Rows) -> AttackView:
    """The same view of some of its queries, in the order of `rows`; neighbours already known are not searched again."""
    names = ("queries", "query_genes", "query_labels", "query_donors")
    taken: dict[str, Any] = dict(zip(names, _part(view, names, rows), strict=True))
    asked = dataclasses.replace(view, **taken)
    for name in ("near_synthetic", "near_reference"):
        known = view.__dict__.get(name)
        if isinstance(known, Neighbours):
            asked.__dict__[name] = Neighbours(known.distances[rows], known.indices[rows])
    return asked


def _some_of_both(rng: np.random.Generator, said: Scores, most: int) -> Rows:
    """At most `most` members and as many non-members, in a random order."""
    n, m = len(said.members), len(said.nonmembers)
    return rng.permutation(np.concatenate([rng.permutation(n)[:most], n + rng.permutation(m)[:most]]))


def _by_place(again: npt.NDArray[np.float64], member: npt.NDArray[np.bool_]) -> Control:
    own = again[member]
    half = len(own) // 2
    meaning = "its scores follow the order in which records are handed over"
    return _null("members against members", Scores(own[:half], own[half:]), meaning)


def _null(name: str, scores: Scores, meaning: str) -> Control:
    """A control that expects 0.5, by records or by donors."""
    if not (np.isfinite(scores.members).all() and np.isfinite(scores.nonmembers).all()):
        return _unreadable(name, len(scores.members) + len(scores.nonmembers))
    area, spread = auc(scores.members, scores.nonmembers), against_chance(scores, seed=0, fprs=()).spread
    works = abs(area - 0.5) <= DEVIATIONS * spread
    return Control(name, _around(area, spread, len(scores.members) + len(scores.nonmembers)), 0.5, works, meaning)


def _around(area: float, spread: float, n: int) -> Estimate:
    return Estimate(area, max(area - 1.96 * spread, 0.0), min(area + 1.96 * spread, 1.0), n)


def _same(again: npt.NDArray[np.float64], before: npt.NDArray[np.float64], member: npt.NDArray[np.bool_]) -> Control:
    if not (np.isfinite(again).all() and np.isfinite(before).all()):
        return _unreadable("the same records again", len(again))
    was, now = (auc(values[member], values[~member]) for values in (before, again))
    spread = against_chance(Scores(again[member], again[~member]), seed=0, fprs=()).spread
    meaning = "it says something else of the same records in another order"
    return Control("the same records again", _around(now, spread, len(again)), was, abs(now - was) <= APART, meaning)


def _unreadable(name: str, n: int) -> Control:
    """A control that shows nothing, because the attack did not work in it."""
    meaning = "its scores are not finite numbers there, for instance because the stand-in set is too small for it"
    return Control(name, Estimate(0.5, 0.0, 1.0, n), 0.5, False, meaning)


def naive(attack: Attack, view: AttackView, said: Scores, rng: np.random.Generator) -> Control:
    """The attack with real records in place of the synthetic ones: what it finds is not the generator's doing."""
    bare, rows = _without_synthetic(view, said, rng)
    values = np.asarray(attack.scores(bare), dtype=np.float64)
    member, donors = rows < len(said.members), _donors(said)
    sides = [None if donors is None else donors[rows][side] for side in (member, ~member)]
    meaning = "it tells members from non-members without any synthetic data, so the two sets differ by themselves"
    return _null("no synthetic records", Scores(values[member], values[~member], *sides), meaning)


def _donors(said: Scores) -> npt.NDArray[np.str_] | None:
    """The donor of each query, where donors are the unit."""
    if not said.clustered or said.member_donors is None or said.nonmember_donors is None:
        return None
    return np.concatenate([said.member_donors, said.nonmember_donors])


def _without_synthetic(view: AttackView, said: Scores, rng: np.random.Generator) -> tuple[AttackView, Rows]:
    """A view without the synthetic set, and which of the queries it asks about."""
    if view.reference is None:
        shown, members = _halves(rng, said)
        others = len(said.members) + rng.permutation(len(said.nonmembers))
        rows = rng.permutation(np.concatenate([members[:MOST], others[:MOST]]))
        stand_in = _part(view, ("queries", "query_genes", "query_labels"), shown[: 2 * MOST])
        return _fresh(ask(view, rows), **dict(zip(_SYNTHETIC, stand_in, strict=True))), rows
    rows = _some_of_both(rng, said, MOST)
    order = rng.permutation(len(view.reference))
    half = max(min(len(order) // 2, 2 * MOST), 1)
    names = ("reference", "reference_genes", "reference_labels")
    stand_in, rest = (_part(view, names, part) for part in (order[:half], order[half:]))
    parts = dict(zip(_SYNTHETIC, stand_in, strict=True)) | dict(zip(names, rest, strict=True))
    return _fresh(ask(view, rows), **parts), rows


def _halves(rng: np.random.Generator, said: Scores) -> tuple[Rows, Rows]:
    """Two halves of the members, both in a random order; no donor is in both where donors are the unit."""
    order = rng.permutation(len(said.members))
    units = order if not said.clustered or said.member_donors is None else said.member_donors[order]
    names = rng.permutation(np.unique(units))
    first = np.isin(units, names[: len(names) // 2])
    return (order[first], order[~first]) if first.any() else (order[: len(order) // 2], order[len(order) // 2 :])


_SYNTHETIC = ("synthetic", "synthetic_genes", "synthetic_labels")


def _part(view: AttackView, names: tuple[str, ...], rows: Rows) -> list[Any]:
    return [None if (value := getattr(view, name)) is None else value[rows] for name in names]


def _fresh(view: AttackView, **parts: Any) -> AttackView:
    """The view with other sets. Genes are kept only where the stand-in has them too."""
    if parts["synthetic_genes"] is None:
        parts |= {"query_genes": None, "reference_genes": None, "features": (), "edges": ()}
    return dataclasses.replace(view, **parts)
