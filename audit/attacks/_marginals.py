"""Low-dimensional marginals of records in a few levels a feature: what attacks on cliques share.

A clique is one feature or a pair. Its marginal under S or R is a table of smoothed frequencies, and what a record x
says about it is log p_S(x_c) - log p_R(x_c).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.neighbours import BLOCK_ELEMENTS, Floats

Codes = npt.NDArray[np.uint8]
Pairs = npt.NDArray[np.intp]
LEVELS = 4
PRIOR = 0.5


@dataclass(frozen=True, eq=False)
class Levels:
    """Three sets in levels 0..3 of each feature: queries (q, p), synthetic (s, p) and the population (r, p)."""

    queries: Codes
    synthetic: Codes
    population: Codes

    def of(self, features: npt.NDArray[np.intp]) -> Levels:
        """The same records on fewer features."""
        return Levels(self.queries[:, features], self.synthetic[:, features], self.population[:, features])

    def pairs(self, pairs: Pairs) -> Levels:
        """The joint levels 0..15 of pairs (e, 2) of features, as if each pair were one feature."""
        joint = [LEVELS * codes[:, pairs[:, 0]] + codes[:, pairs[:, 1]] for codes in self._sets]
        return Levels(*joint)

    @property
    def _sets(self) -> tuple[Codes, Codes, Codes]:
        return self.queries, self.synthetic, self.population


def levels(queries: Floats, synthetic: Floats, population: Floats) -> Levels:
    """Cut each feature at the quartiles of the population.

    A record at a cut belongs below it, so that zeros, where they are common, are a level of their own. A rising
    transformation of a feature, the same in all sets, changes no level.
    """
    cuts = np.quantile(population, np.arange(1, LEVELS) / LEVELS, axis=0, method="lower")
    return Levels(*(_cut(each, cuts) for each in (queries, synthetic, population)))


def _cut(values: Floats, cuts: Floats) -> Codes:
    return np.asarray(sum((values > cut).astype(np.uint8) for cut in cuts), dtype=np.uint8)


def log_ratios(cliques: Levels, size: int = LEVELS) -> Iterator[tuple[slice, npt.NDArray[np.float64]]]:
    """Blocks of columns of log p_S(x_c) - log p_R(x_c), shape (q, c) together, of cliques with `size` levels.

    Tables are smoothed by half a record in each cell (Jeffreys), so that no ratio is infinite.
    """
    count = cliques.queries.shape[1]
    step = max(BLOCK_ELEMENTS // max(map(len, cliques._sets)), 1)
    for start in range(0, count, step):
        columns = slice(start, min(start + step, count))
        made, real = (np.log(_frequencies(each[:, columns], size)) for each in cliques._sets[1:])
        rows = np.arange(columns.stop - start)
        yield columns, (made - real)[rows, cliques.queries[:, columns]]


def summed(cliques: Levels, size: int = LEVELS) -> npt.NDArray[np.float64]:
    """The log ratios summed over cliques, shape (q,)."""
    total = np.zeros(len(cliques.queries))
    for _, block in log_ratios(cliques, size):
        total += block.sum(axis=1)
    return total


def _frequencies(codes: Codes, size: int) -> npt.NDArray[np.float64]:
    """Smoothed frequencies (c, size) of codes (n, c)."""
    records, columns = codes.shape
    places = codes + size * np.arange(columns)
    counts = np.bincount(places.ravel(), minlength=size * columns).reshape(columns, size)
    return np.asarray((counts + PRIOR) / (records + PRIOR * size))


def most_varied(codes: Codes, most: int) -> npt.NDArray[np.intp]:
    """The features (at most `most`, in order) whose levels have the highest entropy."""
    step = max(BLOCK_ELEMENTS // len(codes), 1)
    blocks = (_frequencies(codes[:, at : at + step], LEVELS) for at in range(0, codes.shape[1], step))
    entropy = np.concatenate([-(block * np.log(block)).sum(axis=1) for block in blocks])
    return np.sort(np.argsort(-entropy, kind="stable")[:most])


def dependence_tree(codes: Codes) -> Pairs:
    """The tree (p - 1, 2) over features with the most mutual information in its edges (Chow and Liu, 1968)."""
    from scipy.sparse.csgraph import minimum_spanning_tree

    information = _mutual_information(codes)
    # An edge of weight 0 would be no edge; information is never above log 4.
    tree = minimum_spanning_tree(np.triu(np.log(LEVELS) + 1 - information, k=1)).tocoo()
    order = np.lexsort((tree.col, tree.row))
    return np.column_stack([tree.row[order], tree.col[order]]).astype(np.intp)


def _mutual_information(codes: Codes) -> npt.NDArray[np.float64]:
    """Mutual information of each pair of features, in nats, shape (p, p)."""
    records, features = codes.shape
    marks = (codes[:, :, None] == np.arange(LEVELS, dtype=np.uint8)).reshape(records, -1).astype(np.float32)
    joint = (marks.T @ marks).reshape(features, LEVELS, features, LEVELS).astype(np.float64) / records
    alone = marks.mean(axis=0, dtype=np.float64).reshape(features, LEVELS)
    expected = alone[:, :, None, None] * alone[None, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(joint > 0, joint * np.log(joint / expected), 0.0)
    return np.asarray(terms.sum(axis=(1, 3)))
