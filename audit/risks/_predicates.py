"""Descriptions of records ("age 50 to 53, male, cholesterol above 400") taken from a synthetic set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.neighbours import Floats
from audit.risks._sides import Variable

WINDOW = 0.1
MOST_CONDITIONS = 12
SPARE_CONDITIONS = 2

Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Predicates:
    """q conjunctions of up to d conditions `low <= x[column] <= high`; arrays (q, d), `lengths` (q,) says how many.

    `isolating` (q,) is True where the conjunction holds for exactly one record of the set that it was taken from.
    """

    columns: Places
    low: Floats
    high: Floats
    lengths: Places
    isolating: Bools

    def hold(self, values: Floats) -> Bools:
        """Which records (n, w) satisfy which predicates, (q, n); none where a predicate isolates nobody in S."""
        by_column = np.ascontiguousarray(values.T)
        alive = np.repeat(self.isolating[:, None], len(values), axis=1)
        for at in range(self.columns.shape[1]):
            used = np.flatnonzero(self.isolating & (at < self.lengths))
            alive[used] &= _between(by_column[self.columns[used, at]], self.low[used, at], self.high[used, at])
        return alive


def _between(values: Floats, low: Floats, high: Floats) -> Bools:
    return np.asarray((values >= low[:, None]) & (values <= high[:, None]))


def conjunctions(synthetic: Floats, variables: tuple[Variable, ...], count: int, *, seed: int) -> Predicates:
    """`count` conjunctions, each true of a random synthetic record s and of no other one in S (s, w).

    A condition is a window around s's value that holds a tenth of S by rank, open where it reaches the end; for a
    category it is equality. Conditions on random variables are added until only s is left, and then two more, so that
    the share of the population that satisfies all is far below one in |S|. Variables of which s has the value that
    most have, say genes that it does not express, come last.
    """
    rng = np.random.default_rng(seed)
    source = rng.integers(len(synthetic), size=count)
    every = np.repeat(np.arange(len(variables))[None], count, axis=0)
    own = _columns(synthetic, variables, source[:, None], every)
    common = synthetic[source[:, None], own] == np.median(synthetic, axis=0)[own]
    order = np.argsort(common + rng.random(own.shape), axis=1)[:, :MOST_CONDITIONS]
    columns = np.take_along_axis(own, order, axis=1)
    low, high = _windows(synthetic, variables, np.repeat(source[:, None], columns.shape[1], axis=1), columns)
    lengths, isolating = _lengths(synthetic, columns, low, high)
    return Predicates(columns, low, high, lengths, isolating)


def shuffled(predicates: Predicates, synthetic: Floats, variables: tuple[Variable, ...], *, seed: int) -> Predicates:
    """The same variables and numbers of conditions, each condition taken from another synthetic record."""
    source = np.random.default_rng(seed).integers(len(synthetic), size=predicates.columns.shape)
    starts = np.array([v.columns.start for v in variables])
    order = np.searchsorted(starts, predicates.columns, side="right") - 1
    columns = _columns(synthetic, variables, source, order)
    low, high = _windows(synthetic, variables, source, columns)
    return Predicates(columns, low, high, predicates.lengths, predicates.isolating)


def intervals(synthetic: Floats, variables: tuple[Variable, ...], count: int, *, seed: int) -> Predicates:
    """Up to `count` conditions on one variable: half-way to the neighbours of a value that one synthetic record has."""
    rng = np.random.default_rng(seed)
    source = rng.integers(len(synthetic), size=8 * count)
    order = rng.integers(len(variables), size=(len(source), 1))
    columns = _columns(synthetic, variables, source[:, None], order)
    low, high = np.empty(columns.shape), np.empty(columns.shape)
    alone = np.zeros(len(source), dtype=bool)
    for column, (at, _) in _by_column(columns):
        values, times = np.unique(synthetic[:, column].astype(np.float64), return_counts=True)
        place = np.searchsorted(values, synthetic[source[at], column])
        middle = np.concatenate([[-np.inf], (values[1:] + values[:-1]) / 2, [np.inf]])
        low[at, 0], high[at, 0], alone[at] = middle[place], middle[place + 1], times[place] == 1
    kept = np.flatnonzero(alone)[:count]
    ones = np.ones(len(kept), dtype=np.intp)
    return Predicates(columns[kept], low[kept], high[kept], ones, ones.astype(bool))


def _columns(synthetic: Floats, variables: tuple[Variable, ...], source: Places, order: Places) -> Places:
    """The columns (q, d) of chosen variables that speak of records `source` (q, 1 or d): of a category, its level."""
    source = np.broadcast_to(source, order.shape)
    starts = np.array([v.columns.start for v in variables])
    result = starts[order]
    for at, variable in enumerate(variables):
        if variable.categorical:
            row, place = np.nonzero(order == at)
            result[row, place] += synthetic[source[row, place], variable.columns].argmax(axis=1)
    return result


def _windows(
    synthetic: Floats, variables: tuple[Variable, ...], source: Places, columns: Places
) -> tuple[Floats, Floats]:
    """The ends of the window around the value of record `source` (q, d) in column (q, d); of a category, its value."""
    levels = {column for v in variables if v.categorical for column in range(v.columns.start, v.columns.stop)}
    low, high = np.empty(columns.shape), np.empty(columns.shape)
    count = len(synthetic)
    reach = int(WINDOW / 2 * count)
    for column, at in _by_column(columns):
        values = np.sort(synthetic[:, column])
        own = synthetic[source[at], column]
        if column in levels:
            low[at] = high[at] = own
            continue
        first = np.searchsorted(values, own, side="left") - reach
        last = np.searchsorted(values, own, side="right") - 1 + reach
        low[at] = np.where(first < 0, -np.inf, values[np.maximum(first, 0)])
        high[at] = np.where(last >= count, np.inf, values[np.minimum(last, count - 1)])
    return low, high


def _by_column(columns: Places) -> Iterator[tuple[int, tuple[Places, ...]]]:
    """Each column that occurs, and where."""
    order = np.argsort(columns, axis=None, kind="stable")
    names, starts = np.unique(columns.ravel()[order], return_index=True)
    for name, at in zip(names, np.split(order, starts[1:]), strict=True):
        yield int(name), np.unravel_index(at, columns.shape)


def _lengths(synthetic: Floats, columns: Places, low: Floats, high: Floats) -> tuple[Places, Bools]:
    """How many conditions each predicate takes, and whether it then holds for one synthetic record only."""
    by_column = np.ascontiguousarray(synthetic.T)
    alive = np.ones((len(columns), len(synthetic)), dtype=bool)
    enough = np.full(len(columns), columns.shape[1])
    isolating = np.zeros(len(columns), dtype=bool)
    for at in range(columns.shape[1]):
        open_ = np.flatnonzero(~isolating)
        alive[open_] &= _between(by_column[columns[open_, at]], low[open_, at], high[open_, at])
        single = open_[alive[open_].sum(axis=1) == 1]
        isolating[single] = True
        enough[single] = min(at + 1 + SPARE_CONDITIONS, columns.shape[1])
    return enough, isolating
