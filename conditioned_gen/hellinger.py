"""Square roots of proportions: the coordinates in which cells are measured.

A cell's vector sqrt(counts / total) has L2 norm exactly 1, whatever the cell: its clip radius is a theorem and not
a choice that could leak. Euclidean distance between such vectors is Hellinger distance, in which sampling noise is
about equal for all genes, so isotropic privacy noise is not wasted on a few abundant ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from cohort import Matrix, row_sums, to_dense

Floats = npt.NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_SHARES = _WEIGHTS / _WEIGHTS.sum()
_LOG_RATES = np.linspace(-21.0, 16.0, 2000)


def root_proportions(counts: Matrix) -> Floats:
    """sqrt(counts / total), shape (n, g), rows of norm 1; cells without counts give zero rows."""
    dense = to_dense(counts, np.float64)
    totals = dense.sum(axis=1, keepdims=True)
    roots: Floats = np.sqrt(np.divide(dense, totals, out=np.zeros_like(dense), where=totals > 0))
    return roots


def log_library(counts: Matrix) -> Floats:
    """log(1 + total counts), shape (n,)."""
    return np.log1p(row_sums(counts))


@dataclass(frozen=True)
class RootMeans:
    """Expected root proportions of Poisson counts, and back.

    For a gene of mean proportion p in cells whose library size L is log-normal (mean and sd of log L given), the table
    holds E[sqrt(K / L)] with K ~ Poisson(L p u): smooth and increasing in p, so a mean root gives the proportion back.
    The cell's own fold u is log-normal with mean 1, and `spread` is the sd of log u.
    """

    log_mean: float
    log_sd: float
    spread: float = 0.0

    def proportions(self, roots: Floats) -> Floats:
        """Proportions whose expected root is `roots`; negative roots give 0. Not normalised to add up to 1."""
        grid, expected = self._table
        proportions: Floats = np.interp(roots, expected, grid)
        return proportions

    def expected(self, proportions: Floats) -> Floats:
        """E[sqrt(K / L)] at `proportions`."""
        grid, expected = self._table
        roots: Floats = np.interp(proportions, grid, expected)
        return roots

    @cached_property
    def _table(self) -> tuple[Floats, Floats]:
        grid = np.concatenate([[0.0], np.geomspace(1e-7, 0.9, 240)])
        folds = np.exp(self.spread * _NODES - self.spread**2 / 2) if self.spread else np.ones(1)
        shares = _SHARES if self.spread else np.ones(1)
        expected = np.zeros_like(grid)
        for node, share in zip(_NODES, _SHARES, strict=True):
            library = max(np.exp(self.log_mean + self.log_sd * node), 1.0)
            expected += share * (_mean_root(library * grid[:, None] * folds) @ shares) / np.sqrt(library)
        return grid, np.maximum.accumulate(expected)


def _mean_root(rates: Floats) -> Floats:
    """E[sqrt(K)] for K ~ Poisson(rate), by interpolation between logarithms (relative error < 1e-4)."""
    means: Floats = np.exp(np.interp(np.log(np.maximum(rates, 1e-9)), _LOG_RATES, _log_mean_roots()))
    return np.where(rates > 0, means, 0.0)


@cache
def _log_mean_roots() -> Floats:
    return np.log(_exact_mean_root(np.exp(_LOG_RATES)))


def _exact_mean_root(rates: Floats) -> Floats:
    """E[sqrt(K)] for K ~ Poisson(rate): summed below rate 30, by its asymptotic series above (error < 1e-6)."""
    small = np.minimum(rates, 30.0)
    k = np.arange(1, 91)
    with np.errstate(divide="ignore"):
        log_terms = k * np.log(small)[:, None] - small[:, None] - gammaln(k + 1)
    summed = np.exp(log_terms) @ np.sqrt(k)
    large = np.maximum(rates, 30.0)
    series = np.sqrt(large) * (1 - 1 / (8 * large) - 7 / (128 * large**2) - 75 / (1024 * large**3))
    means: Floats = np.where(rates < 30.0, summed, series)
    return means
