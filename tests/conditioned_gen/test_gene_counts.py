"""Distributions of counts: what was drawn is found again."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.stats import nbinom

from conditioned_gen.generators._gene_counts import Marginals, dispersion, draw, marginals
from conditioned_gen.generators.copula import scores, shrunk_factors

CELLS = 4000


def drawn(mean: float, phi: float, zeros: float = 0.0, *, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    counts = draw(rng, np.full((CELLS, 1), mean), np.full((CELLS, 1), phi))
    return np.where(rng.random((CELLS, 1)) < zeros, 0, counts)


@pytest.mark.parametrize("phi", [0.0, 0.2, 1.5])
def test_dispersion_is_found_beside_library_sizes_that_differ(phi):
    rng = np.random.default_rng(1)
    libraries = rng.lognormal(7, 0.5, CELLS)
    counts = draw(rng, libraries[:, None] * np.array([[2e-3, 1e-2]]), np.full((CELLS, 2), phi))
    found = dispersion(sp.csr_matrix(counts), libraries, np.array([2e-3, 1e-2]))
    assert np.abs(found - phi).max() <= 0.05 + 0.25 * phi


def test_variance_beyond_poisson_grows_with_the_square_of_the_mean():
    counts = drawn(4.0, 0.5)
    assert counts.mean() == pytest.approx(4.0, rel=0.05)
    assert counts.var() == pytest.approx(4.0 + 0.5 * 16, rel=0.15)


@pytest.mark.parametrize(("phi", "zeros"), [(0.0, 0.0), (0.6, 0.0), (0.0, 0.4), (0.3, 0.4)])
def test_each_gene_gets_the_distribution_it_was_drawn_from(phi, zeros):
    found = marginals(sp.csr_matrix(drawn(5.0, phi, zeros)))
    assert found.means[0] == pytest.approx(5.0, rel=0.08)
    assert found.zeros[0] == pytest.approx(zeros, abs=0.05)
    assert abs(found.dispersions[0] - phi) <= 0.05 + 0.3 * phi


def test_a_gene_that_was_never_seen_stays_unseen_and_one_seen_once_is_poisson():
    counts = np.zeros((50, 2))
    counts[3, 1] = 1
    found = marginals(sp.csr_matrix(counts))
    assert found.means.tolist() == [0.0, 0.02]
    assert found.dispersions.tolist() == found.zeros.tolist() == [0.0, 0.0]


def test_quantile_inverts_the_cumulative_probability():
    some = Marginals(np.array([3.0, 3.0, 3.0]), np.array([0.0, 0.7, 0.7]), np.array([0.0, 0.0, 0.3]))
    counts = np.repeat(np.arange(12.0)[:, None], 3, axis=1)
    assert np.array_equal(some.quantile(some.cumulative(counts) - 1e-9), counts)
    assert some.cumulative(np.zeros((1, 3)))[0, 2] == pytest.approx(0.3 + 0.7 * nbinom.pmf(0, 1 / 0.7, 1 / 3.1))
    assert some.cumulative(np.full((1, 3), -1.0)).tolist() == [[0.0, 0.0, 0.0]]


def test_scores_of_counts_are_normal_whatever_the_counts():
    some = Marginals(np.array([0.4]), np.array([1.0]), np.array([0.0]))
    counts = draw(np.random.default_rng(2), np.full((CELLS, 1), 0.4), np.ones((CELLS, 1)))
    normal = scores(sp.csr_matrix(counts), some, np.random.default_rng(3))
    assert np.quantile(normal, [0.16, 0.5, 0.84]) == pytest.approx([-0.994, 0.0, 0.994], abs=0.07)


def test_noise_has_no_factors_and_a_shared_factor_is_found_at_its_size():
    rng = np.random.default_rng(4)
    noise = rng.standard_normal((300, 400))
    assert shrunk_factors(noise).shape == (400, 0)
    loading = 0.5
    shared = rng.standard_normal((300, 1)) * loading + noise * np.sqrt(1 - loading**2)
    found = shrunk_factors(shared)
    assert found.shape == (400, 1)
    assert np.abs(found).mean() == pytest.approx(loading, abs=0.06)
