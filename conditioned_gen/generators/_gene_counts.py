"""Distributions of one gene's counts: Poisson or negative binomial, zero-inflated or not, by maximum likelihood.

The negative binomial has mean m and variance m + phi m^2; dispersion phi = 0 is the Poisson distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import gammaln, xlogy
from scipy.stats import nbinom, poisson

Floats = npt.NDArray[np.float64]
DISPERSIONS = np.concatenate([[0.0], np.geomspace(0.01, 20.0, 24)])
"""Where the likelihood is looked at; steps of a third are finer than a few hundred cells can tell."""
_GENES = 256


def dispersion(counts: sp.csr_matrix, libraries: Floats, proportions: Floats) -> Floats:
    """The likeliest dispersion of each gene, shape (g,), for counts (n, g) of mean libraries (n,) x proportions (g,).

    ln P(K = k) = ln[phi^k Gamma(k + 1/phi) / (k! Gamma(1/phi))] + k ln[m / (1 + phi m)] - ln(1 + phi m) / phi
    """
    columns = counts.tocsc()
    found = [
        _dispersion(columns[:, start : start + _GENES], libraries, proportions[start : start + _GENES])
        for start in range(0, counts.shape[1], _GENES)
    ]
    return np.concatenate(found)


def _dispersion(counts: sp.csc_matrix, libraries: Floats, proportions: Floats) -> Floats:
    cells, genes, k = counts.indices, _genes(counts), counts.data.astype(np.float64)
    means = libraries[:, None] * proportions
    scores = []
    for phi in DISPERSIONS:
        terms = _log_rising(k, phi) - k * np.log1p(phi * means[cells, genes])
        scores.append(
            np.bincount(genes, weights=terms, minlength=counts.shape[1]) + _log_absent(means, phi).sum(axis=0)
        )
    return np.asarray(DISPERSIONS[np.argmax(scores, axis=0)])


def _log_absent(means: Floats, phi: float) -> Floats:
    """ln P(K = 0)."""
    return np.asarray(-np.log1p(phi * means) / phi if phi > 0 else -means)


def _log_rising(k: Floats, phi: float) -> Floats:
    """ln of phi^k Gamma(k + 1/phi) / Gamma(1/phi), which tends to 0 with phi."""
    if phi == 0:
        return np.zeros_like(k)
    return np.asarray(gammaln(k + 1 / phi) - gammaln(1 / phi) + k * np.log(phi))


def _genes(counts: sp.csc_matrix) -> npt.NDArray[np.intp]:
    return np.repeat(np.arange(counts.shape[1]), np.diff(counts.indptr))


def draw(rng: np.random.Generator, means: Floats, dispersions: Floats) -> npt.NDArray[np.int64]:
    """Counts of the shape of `means`: Poisson around gamma-distributed rates."""
    rates = means.copy()
    spread = (dispersions > 0) & (means > 0)
    phi = dispersions[spread]
    rates[spread] *= phi * rng.standard_gamma(1 / phi)
    return rng.poisson(rates)


@dataclass(frozen=True)
class Marginals:
    """Counts that are 0 with probability `zeros`, else negative binomial; all three parameters of shape (g,)."""

    means: Floats
    dispersions: Floats
    zeros: Floats

    def cumulative(self, counts: Floats) -> Floats:
        """P(K <= counts) for counts (n, g); 0 below 0."""
        phi, r = _spread(self.dispersions)
        whole = np.where(
            self.dispersions > 0, nbinom.cdf(counts, r, 1 / (1 + phi * self.means)), poisson.cdf(counts, self.means)
        )
        return np.asarray(np.where(counts < 0, 0.0, self.zeros + (1 - self.zeros) * whole))

    def quantile(self, levels: Floats) -> Floats:
        """The least count whose cumulative probability reaches `levels` (n, g)."""
        counts = np.zeros_like(levels)
        # Most counts are 0, and inverting is dear.
        rows, genes = np.nonzero(levels > self.cumulative(np.zeros((1, levels.shape[1]))))
        zeros, means, dispersions = self.zeros[genes], self.means[genes], self.dispersions[genes]
        within = np.minimum((levels[rows, genes] - zeros) / (1 - zeros), 1 - 1e-12)
        phi, r = _spread(dispersions)
        inverted = np.where(dispersions > 0, nbinom.ppf(within, r, 1 / (1 + phi * means)), poisson.ppf(within, means))
        counts[rows, genes] = inverted
        return counts


def marginals(counts: sp.csr_matrix) -> Marginals:
    """The likeliest distribution of each gene's counts (n, g), n >= 1: Poisson or negative binomial, inflated or not.

    Akaike's criterion asks for one unit of log likelihood for each parameter more. A mixture with extra zeros meets
    their number exactly, so its likelihood is that of the zeros times that of the counts above, given that they are.
    """
    columns = counts.tocsc()
    n, genes, k = float(counts.shape[0]), _genes(columns), columns.data.astype(np.float64)
    present = np.diff(columns.indptr).astype(np.float64)
    totals = np.bincount(genes, weights=k, minlength=len(present))
    split = xlogy(present, present / n) + xlogy(n - present, 1 - present / n)
    best, score = Marginals(*np.zeros((3, len(present)))), np.full(len(present), -np.inf)
    for phi in DISPERSIONS:
        rising = np.bincount(genes, weights=_log_rising(k, phi), minlength=len(present))
        means = totals / n
        plain = rising + xlogy(totals, means / (1 + phi * means)) + n * _log_absent(means, phi)
        best, score = _better(best, score, Marginals(means, np.full_like(means, phi), 0 * means), plain - (phi > 0))
        means = _untruncated(totals / np.maximum(present, 1), phi)
        absent = np.exp(_log_absent(means, phi))
        zeros = 1 - present / n / (1 - absent)
        above = rising + xlogy(totals, means / (1 + phi * means)) + present * np.log(absent / (1 - absent))
        found = np.where((zeros > 0) & (totals > present), above + split - 1 - (phi > 0), -np.inf)
        best, score = _better(best, score, Marginals(means, np.full_like(means, phi), np.clip(zeros, 0, 1)), found)
    return best


def _better(old: Marginals, old_score: Floats, new: Marginals, new_score: Floats) -> tuple[Marginals, Floats]:
    wins = new_score > old_score
    names = ("means", "dispersions", "zeros")
    chosen = Marginals(*(np.where(wins, getattr(new, name), getattr(old, name)) for name in names))
    return chosen, np.where(wins, new_score, old_score)


def _untruncated(means: Floats, phi: float) -> Floats:
    """The mean m of counts whose mean among those above 0, m / (1 - P(0)), is `means` (g,), by bisection."""
    low, high = np.full_like(means, 1e-6), np.maximum(means, 1e-6)
    for _ in range(50):
        middle = (low + high) / 2
        above = middle / -np.expm1(_log_absent(middle, phi)) > means
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray((low + high) / 2)


def _spread(dispersions: Floats) -> tuple[Floats, Floats]:
    """Dispersion and shape r = 1 / phi, kept off 0, where they are not used."""
    phi = np.maximum(dispersions, 1e-12)
    return phi, 1 / phi
