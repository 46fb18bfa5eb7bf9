"""A graph of nearest neighbours over all sets: one shared by all attacks, and one shared by all metrics.

Metrics have their own because they compare sets on axes of all of them pooled (`metrics._pool`), which an attacker
could not have. The search is exact at every size, so there is no recall to doubt; `bench/audit_speed.py --parts graph`
sets its cost beside an approximate index's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from audit.embedding import Space
from audit.neighbours import Floats, Neighbours, nearest

NEAREST = 50


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """Who is near whom among named sets (n, d) of one space; each pair of sets is searched when first asked for.

    `within` names sets that are rows of another one, in its order and making it up, so that one search serves all.
    `depth` is how many neighbours a search finds.
    """

    sets: Mapping[str, Floats]
    within: Mapping[str, tuple[str, slice]] = field(default_factory=dict)
    depth: int = NEAREST
    _found: dict[tuple[str, str], Neighbours] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, space: Space) -> Neighbourhoods:
        """Over `members`, `nonmembers`, both together as `candidates`, `synthetic` and, if there, `reference`."""
        sets: dict[str, Floats] = {
            "candidates": space.candidates,
            "members": space.members,
            "nonmembers": space.nonmembers,
            "synthetic": space.synthetic,
        }
        if space.reference is not None:
            sets["reference"] = space.reference
        parts = {"members": slice(0, space.held), "nonmembers": slice(space.held, None)}
        return cls(sets, {name: ("candidates", rows) for name, rows in parts.items()})

    def near(self, queries: str, points: str, k: int | None = None) -> Neighbours:
        """The k <= depth nearest of `points` to each of `queries`; a record is no neighbour of itself.

        Raises KeyError for a set that there is not, ValueError for a larger k.
        """
        if k is not None and k > self.depth:
            raise ValueError(f"{k} neighbours asked of a graph of {self.depth}")
        found = self._search(queries, points)
        return Neighbours(found.distances[:, :k], found.indices[:, :k])

    def near_either(self, queries: str, first: str, second: str, k: int) -> Neighbours:
        """The k <= depth nearest of two sets, numbered as if the second stood below the first; raises as `near`."""
        parts = self.near(queries, first, k), self.near(queries, second, k)
        distances = np.concatenate([part.distances for part in parts], axis=1)
        indices = np.concatenate([parts[0].indices, parts[1].indices + len(self.sets[first])], axis=1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        return Neighbours(np.take_along_axis(distances, order, axis=1), np.take_along_axis(indices, order, axis=1))

    def _search(self, queries: str, points: str) -> Neighbours:
        whole, rows = self.within.get(queries, (queries, slice(None)))
        if self.within.get(points, ("", slice(None)))[0] == queries:
            parts = [self._search(part, points) for part, (of, _) in self.within.items() if of == queries]
            return _joined(parts)
        if whole == queries or points in self.within:
            return self._once(queries, points)
        found = self._once(whole, points)
        return Neighbours(found.distances[rows], found.indices[rows])

    def _once(self, queries: str, points: str) -> Neighbours:
        key = queries, points
        if key not in self._found:
            self._found[key] = nearest(self.sets[queries], self.sets[points], self.depth, skip_self=queries == points)
        return self._found[key]


def _joined(parts: Sequence[Neighbours]) -> Neighbours:
    """One below the other, at the width that all have: a set that leaves out each record itself has one point less."""
    width = min(part.distances.shape[1] for part in parts)
    distances = np.concatenate([part.distances[:, :width] for part in parts])
    return Neighbours(distances, np.concatenate([part.indices[:, :width] for part in parts]))
