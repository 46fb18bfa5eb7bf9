"""Populations that only one of two sets has, found without looking at the sets first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import hypergeom

from audit.graph import Neighbourhoods
from audit.metrics._outliers import outlier_factors
from audit.statistics import Estimate, clopper_pearson

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.intp]
Tree = npt.NDArray[np.float64]
LEVEL = 0.05
RARELY = 0.1
"""A population is one set's alone if the other has at most this part of its share there."""
BEYOND = 0.95
MOSTLY = 0.5
APART = "Most records are concerned: the sets lie apart as wholes, from which single populations cannot be told."


@dataclass(frozen=True, eq=False)
class Population:
    """Records that lie together: `rows` of the set that has them, `others` of the set that all but lacks them.

    `p_value` is adjusted for all populations that were looked at. `outlying` is the median local outlier factor of
    `rows` with respect to the other set, and `natural` what 95 % of the other set's own records stay below.
    """

    rows: Rows
    others: int
    expected: float
    p_value: float
    outlying: float
    natural: float


@dataclass(frozen=True, eq=False)
class Found:
    """The populations of `first` (n, d) that `second` (m, d) lacks, the rows in any of them, and the smallest p-value.

    `p_value` is that of "no population of first is more frequent there than in second", whatever else was asked.
    """

    populations: tuple[Population, ...]
    rows: Rows
    share: Estimate
    p_value: float


def populations_of(graph: Neighbourhoods, one: str, other: str) -> Found:
    """Where has the set `one` of a graph, here `first`, records that `other`, here `second`, has not?

    A Ward tree is laid through all records without regard to whose they are. If both sets are samples of one law, the
    records of `first` under a branch are a draw without replacement, so the hypergeometric tail is an exact p-value
    for every branch. Branches too small to become significant are no tests (Tarone, Biometrics 1990), which is what
    keeps the correction for the rest small. A branch is a population of `first` alone if it is significant at 5 %
    after correction, `second` has at most a tenth of its share there, and its records are outliers to `second`: their
    median local outlier factor (Breunig et al., SIGMOD 2000; k = 5) exceeds that of 95 % of `second`'s own.
    The last keeps the dense middle of a population that is merely narrower than the other from counting as new.
    """
    first, second = graph.sets[one], graph.sets[other]
    n, m = len(first), len(second)
    tree = linkage(np.concatenate([first, second]).astype(np.float64), "ward")
    size, mine = _counts(tree, n, n + m)
    branches, tests = _testable(size, n, n + m)
    p_values = np.minimum(_tail(mine[branches], size[branches], n, n + m) * tests, 1.0)
    ratio = (size[branches] - mine[branches]) / m * n / np.maximum(mine[branches], 1)
    candidates = branches[(p_values <= LEVEL) & (ratio <= RARELY)]
    adjusted = dict(zip(branches.tolist(), p_values.tolist(), strict=True))
    outlying = outlier_factors(graph, one, other)
    natural = float(np.quantile(outlier_factors(graph, other, other), BEYOND))
    found = []
    for branch in _topmost(tree, candidates):
        leaves = _leaves(tree, branch)
        rows = np.sort(leaves[leaves < n])
        factor = float(np.median(outlying[rows]))
        if factor > natural:
            others = len(leaves) - len(rows)
            found.append(Population(rows, others, len(leaves) * m / (n + m), adjusted[branch], factor, natural))
    found.sort(key=lambda population: (-len(population.rows), int(population.rows[0])))
    rows = np.sort(np.concatenate([p.rows for p in found])) if found else np.empty(0, dtype=np.intp)
    least = float(p_values.min()) if len(p_values) else 1.0
    return Found(tuple(found), rows, clopper_pearson(len(rows), n), least)


def groups_of(points: Floats, groups: int) -> npt.NDArray[np.intp]:
    """A cut of the Ward tree of points (n, d) into at most `groups` groups, numbered from 0, shape (n,)."""
    return np.asarray(fcluster(linkage(points.astype(np.float64), "ward"), groups, "maxclust") - 1, dtype=np.intp)


def _counts(tree: Tree, first: int, total: int) -> tuple[Rows, Rows]:
    """Records, and records of the first set, under each node; the leaves come first, shapes (2 total - 1,)."""
    size, mine = np.ones(2 * total - 1, dtype=np.intp), np.zeros(2 * total - 1, dtype=np.intp)
    mine[:first] = 1
    for branch, (left, right) in enumerate(tree[:, :2].astype(np.intp), total):
        size[branch] = size[left] + size[right]
        mine[branch] = mine[left] + mine[right]
    return size, mine


def _tail(count: Any, size: Any, first: int, total: int) -> Floats:
    """P(at least `count` of `size` records drawn from `total` are among the `first`)."""
    return np.asarray(hypergeom.sf(count - 1, total, first, size))


def _testable(size: Rows, first: int, total: int) -> tuple[Rows, int]:
    """The branches that could become significant, and by how many tests their p-values are to be multiplied."""
    branches = np.arange(total, 2 * total - 1)
    best = _tail(np.minimum(size[branches], first), size[branches], first, total)
    rising = np.sort(best)
    tests = 1
    while np.searchsorted(rising, LEVEL / tests, side="right") > tests:
        tests += 1
    return branches[best <= LEVEL / tests], tests


def _topmost(tree: Tree, candidates: Rows) -> Iterator[int]:
    """The candidates that lie under no other candidate."""
    total = len(tree) + 1
    under = np.zeros(2 * total - 1, dtype=bool)
    wanted = np.zeros(2 * total - 1, dtype=bool)
    wanted[candidates] = True
    for branch in range(2 * total - 2, total - 1, -1):
        if wanted[branch] and not under[branch]:
            yield branch
        if wanted[branch] or under[branch]:
            under[tree[branch - total, :2].astype(np.intp)] = True


def _leaves(tree: Tree, branch: int) -> Rows:
    total = len(tree) + 1
    waiting, leaves = [branch], []
    while waiting:
        node = waiting.pop()
        if node < total:
            leaves.append(node)
        else:
            waiting += tree[node - total, :2].astype(int).tolist()
    return np.asarray(leaves, dtype=np.intp)
