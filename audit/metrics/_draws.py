"""As many records of each set, who is near whom among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.graph import Neighbourhoods
from audit.metrics._protocol import MetricView, draw
from audit.target import SetName
from prisyn_base import InputError, Problem

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.str_]
Rows = npt.NDArray[np.intp]
NAMES: tuple[SetName, SetName, SetName] = ("synthetic", "nonmembers", "members")
CONTROL = "members against non-members"
MOST = 2000
"""Records of a set among which metrics look for neighbours."""
DEPTH = 90
"""Neighbours that their graphs hold: what the widest neighbourhood, that of LISI, asks for."""
FEWEST_A_SIDE = 100


@dataclass(frozen=True, eq=False)
class Trio:
    """Rows of three sets of equal size: `synthetic` and `other` (members) are each compared with `real` (non-members).

    Real against real is thus the same computation as synthetic against real, on as many records.
    """

    synthetic: Rows
    real: Rows
    other: Rows

    @property
    def size(self) -> int:
        """Records a side."""
        return len(self.real)

    def of(self, values: Callable[[SetName], Any]) -> tuple[Any, Any, Any]:
        """Synthetic, real and other, taken from what `values` gives for each set."""
        rows = (self.synthetic, self.real, self.other)
        first, second, third = (values(name)[at] for name, at in zip(NAMES, rows, strict=True))
        return first, second, third


def draw_trio(view: MetricView, most: int) -> Trio:
    """At most `most` records of each set, as many of one as of another, without repetition."""
    rng = np.random.default_rng(view.seed)
    counts = [len(view.target.sets[name]) for name in NAMES]
    size = min(most, *counts)
    return Trio(*(draw(rng, count, size) for count in counts))


def near_trio(view: MetricView) -> tuple[Trio, Neighbourhoods]:
    """At most 2,000 records of each set, as many of one as of another, and the graph of `synthetic`, `real` and `other`
    on the pooled axes. All metrics that compare equal sets share it.
    """

    def make() -> tuple[Trio, Neighbourhoods]:
        trio = draw_trio(view, MOST)
        points = dict(zip(("synthetic", "real", "other"), trio.of(pooled(view)), strict=True))
        return trio, Neighbourhoods(points, depth=DEPTH)

    return view.once("near trio", make)


def labels_of(view: MetricView, name: SetName) -> Labels:
    """The type of each record of a set, shape (n,). Raises InputError where none are known."""
    labels = view.target.labels(name)
    if labels is None:
        raise InputError([Problem(name, "no types", "a label column", "name the column that holds the types")])
    return labels


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pooled coordinates of records of each set, and their types where all three sets carry them.

    `graph` has who is near whom among `synthetic`, `real`, and its parts `members` and `nonmembers`.
    """

    points: Mapping[SetName, Floats]
    labels: Mapping[SetName, Labels]

    @cached_property
    def graph(self) -> Neighbourhoods:
        held = len(self.points["members"])
        parts = {"members": ("real", slice(0, held)), "nonmembers": ("real", slice(held, None))}
        return Neighbourhoods({"real": self.real, **dict(self.points.items())}, parts, depth=DEPTH)

    @cached_property
    def real(self) -> Floats:
        """Members, then non-members, shape (n, d)."""
        return np.concatenate([self.points["members"], self.points["nonmembers"]])

    @property
    def real_labels(self) -> Labels | None:
        """The types of `real`, None where not known."""
        if not self.labels:
            return None
        return np.concatenate([self.labels["members"], self.labels["nonmembers"]])


def draw_all(view: MetricView, most: int = MOST) -> Drawn:
    """At most `most` synthetic records and as many real ones, members and non-members in their proportion.

    Of a side that would be all but lost among the other, up to 100 records are kept on top. Drawn once, so that all
    metrics that look for populations share the graph.
    """
    return view.once(("all", most), lambda: _draw_all(view, most))


def _draw_all(view: MetricView, most: int) -> Drawn:
    rng = np.random.default_rng(view.seed)
    counts = {name: len(view.target.sets[name]) for name in NAMES}
    part = min(1.0, most / (counts["members"] + counts["nonmembers"]))
    sizes = {"synthetic": most, **{name: _share(part, counts[name]) for name in ("members", "nonmembers")}}
    rows = {name: draw(rng, counts[name], sizes[name]) for name in NAMES}
    points = {name: getattr(view.pool, name)[rows[name]] for name in NAMES}
    known = {name: view.target.labels(name) for name in NAMES}
    labels = {name: said[rows[name]] for name, said in known.items() if said is not None}
    return Drawn(points, labels if len(labels) == len(NAMES) else {})


def _share(part: float, count: int) -> int:
    return max(int(part * count), min(count, FEWEST_A_SIDE))


def pooled(view: MetricView) -> Callable[[SetName], Floats]:
    """The coordinates of a set on the axes of all sets pooled, by its name."""
    return lambda name: getattr(view.pool, name)


def resample(statistic: Callable[[Rows, Rows], Any], sizes: tuple[int, int], *, seed: int, repetitions: int) -> Floats:
    """`statistic` of rows drawn with repetition from both sides, `repetitions` times, shape (repetitions, ...)."""
    rng = np.random.default_rng(seed)
    draws = [statistic(*(rng.integers(size, size=size) for size in sizes)) for _ in range(repetitions)]
    return np.asarray(draws, dtype=np.float64)
