"""The flagship for tables: two noisy sums, a Gaussian copula within each type.

1. *marginals*: within each type, how each column is distributed, by nested halvings of its range, and how often it is
   missing (`multiresolution`);
2. *pairs*: products of normal scores of two columns, clipped at a radius that the first release predicts; for each
   type if the noise planned for that leaves anything of a correlation, for all types together otherwise.

All the rest is post-processing: the noise is taken out of the matrix of products along its eigenvectors, where
its size is known; categories without an order get the one in which they are most correlated with the other columns;
and the correlations of the normal variables beneath are those with which records of the copula, measured in the same
way, clipping included, give the products that were released. Columns that a rule of the schema computes are
not measured at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cohort import Cohort
from conditioned_gen.barrier import Block, PrivateCohort, Records
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import TABLE_COPULA
from conditioned_gen.generators._copula_fitted import TableCopulaFitted, load_fitted
from conditioned_gen.generators._table_latent import Copula, denoised, order_of
from conditioned_gen.generators._table_scores import Marginal, Scores, clipped, marginals_of
from conditioned_gen.multiresolution import Halvings
from conditioned_gen.table_vectors import TableVectors
from kg import GRN

Floats = npt.NDArray[np.float64]
_MARGIN = 1.2
"""Of the noise in products: with few columns its eigenvalues may lie past the edge that they have with many."""
_SAMPLING = 0.25
"""Of the sampling error's variance: strong correlations have less of it than 1 / n."""


@dataclass(frozen=True)
class TableCopula:
    """Settings of the method; constants all of them, so that none has to be paid for.

    `shares` divide the mu^2 that is left of the budget between marginals and pairs; `reach` is the clip radius of a
    record's scores over their root mean square; correlations are released by type where their planned noise is at most
    `by_type`.
    """

    method: ClassVar[Method] = TABLE_COPULA
    shares: tuple[float, float] = (0.5, 0.5)
    reach: float = 1.2
    by_type: float = 0.1

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN | None = None,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> TableCopulaFitted:
        """Measure, and decode; `seed` draws records to compare. Graph and public cells are not used."""
        tell = progress or (lambda done, total: None)
        vectors = private.table_vectors
        left = private.share_left
        counts, marginals = _release_marginals(private, vectors, share=self.shares[0] * left)
        tell(1, 2)
        scores = Scores(vectors.features, marginals)
        products, error = self._release_pairs(private, scores, counts, share=self.shares[1] * left)
        tell(2, 2)
        weights = counts if len(products) > 1 else None
        pooled = denoised(np.average(products, axis=0, weights=weights), _pooled_error(error, counts))
        orders = tuple(order_of(marginal, pooled, scores, place) for place, marginal in enumerate(marginals))
        own = [pooled]
        if len(products) > 1:
            own = [pooled + denoised(one - pooled, wrong) for one, wrong in zip(products, error, strict=True)]
        copula = Copula(scores, orders, counts, self._reach(scores, counts))
        correlations = copula.fitted(np.stack(own), np.random.default_rng(seed))
        return TableCopulaFitted(
            types=private.types,
            ledger=private.ledger,
            vectors=vectors,
            counts=counts,
            marginals=marginals,
            orders=orders,
            correlations=correlations,
            settings={"shares": list(self.shares), "by_type": len(products) > 1},
        )

    def _reach(self, scores: Scores, counts: Floats) -> float:
        """Clip radius of a record's scores, from the first release."""
        return self.reach * math.sqrt(max(scores.expected_square(counts), 1e-6))

    def _release_pairs(
        self, private: PrivateCohort, scores: Scores, counts: Floats, *, share: float
    ) -> tuple[Floats, Floats]:
        """Mean products of scores, shape (1 or types, width, width), and the standard deviation of their errors."""
        width = scores.width
        first, second = scores.pairs
        if not len(first):
            return np.zeros((1, width, width)), np.zeros(1)
        reach = self._reach(scores, counts)

        def products(records: Records) -> Floats:
            rows = clipped(scores.of(records.values, records.types), reach)
            return np.asarray(rows[:, first] * rows[:, second])

        # The sum of (s_i s_j)^2 over pairs is at most (|s|^4 - sum s_i^4) / 2 <= |s|^4 (1 - 1 / width) / 2.
        radius = reach**2 * math.sqrt((1 - 1 / width) / 2)
        block = Block("pairs", products, width=len(first), radius=radius)
        planned = private.planned_noise([block], share=share)["pairs"]
        apart = len(counts) > 1 and planned * len(counts) / counts.sum() <= self.by_type
        block = Block("pairs", products, width=len(first), radius=radius, per_type=apart)
        release = private.release_sum("pairs", [block], share=share)
        sizes = counts if apart else counts.sum()[None]
        found = np.zeros((len(sizes), width, width))
        found[:, first, second] = release.sums["pairs"].reshape(len(sizes), -1) / sizes[:, None]
        error = np.sqrt((_MARGIN * release.noise["pairs"] / sizes) ** 2 + _SAMPLING / sizes)
        return found + found.transpose(0, 2, 1), error


def _release_marginals(
    private: PrivateCohort, vectors: TableVectors, *, share: float
) -> tuple[Floats, tuple[Marginal, ...]]:
    """Numbers of units by type, and marginals. A record adds at most 1 for each column: see `Halvings.measure`."""
    features = vectors.features
    halvings = [Halvings(column) for column in features.columns]
    ends = list(accumulate(one.width for one in halvings))
    parts = [slice(end - one.width, end) for one, end in zip(halvings, ends, strict=True)]

    def measured(records: Records) -> Floats:
        places = features.places.values()
        return np.hstack([one.measure(records.values[:, p]) for one, p in zip(halvings, places, strict=True)])

    release = private.release_sum(
        "marginals",
        [
            Block("counts", lambda r: np.ones((len(r.types), 1)), width=1, radius=1.0, weight=0.2, per_type=True),
            Block("halvings", measured, width=ends[-1], radius=math.sqrt(len(halvings)), per_type=True),
        ],
        share=share,
    )
    counts = np.maximum(release.sums["counts"].ravel(), 1.0)
    return counts, marginals_of(features, release.sums["halvings"], counts, release.noise["halvings"], parts)


def _pooled_error(error: Floats, counts: Floats) -> float:
    """The error of the mean over types, from that of each of them, or from the one there is."""
    if len(error) == 1:
        return float(error[0])
    return float(np.sqrt(np.sum((error * counts) ** 2)) / counts.sum())


GENERATOR = TableCopula()
__all__ = ["GENERATOR", "TableCopula", "load_fitted"]
