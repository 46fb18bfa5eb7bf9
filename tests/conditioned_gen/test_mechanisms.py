from __future__ import annotations

import math

import numpy as np
import pytest
from dp_accounting import GaussianDpEvent
from dp_accounting.pld import PLDAccountant
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from conditioned_gen import delta_of, epsilon_of, mu_of
from conditioned_gen.mechanisms import Noise


@pytest.mark.parametrize(("epsilon", "mu"), [(0.5, 0.142), (1, 0.268), (2, 0.502), (5, 1.121), (8, 1.666), (10, 2.000)])
def test_the_analytic_gaussian_gives_the_known_mu_at_delta_1e_5(epsilon, mu):
    assert mu_of(epsilon, 1e-5) == pytest.approx(mu, abs=6e-4)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 30), st.floats(1e-9, 1e-3))
def test_mu_epsilon_and_delta_are_each_others_inverses(epsilon, delta):
    mu = mu_of(epsilon, delta)
    assert delta_of(mu, epsilon) <= delta
    assert epsilon_of(mu, delta) == pytest.approx(epsilon, rel=1e-6)


@pytest.mark.parametrize("mu", [0.1, 0.5, 1.121, 3.0])
def test_an_independent_accountant_agrees(mu):
    accountant = PLDAccountant()
    accountant.compose(GaussianDpEvent(1 / mu))
    assert epsilon_of(mu, 1e-5) == pytest.approx(accountant.get_epsilon(1e-5), rel=2e-3, abs=2e-3)


def test_noise_has_the_distribution_it_claims_on_whole_numbers():
    draws = Noise(1).gaussian(200_000, scale=3.0)
    assert draws.dtype == np.int64
    cells = np.arange(-9, 10)
    expected = stats.norm.cdf((cells + 0.5) / 3) - stats.norm.cdf((cells - 0.5) / 3)
    observed = np.array([(draws == cell).sum() for cell in cells])
    rest = len(draws) - observed.sum()
    _, p = stats.chisquare([*observed, rest], np.array([*expected, 1 - expected.sum()]) * len(draws))
    assert p > 1e-3


def test_noise_from_the_operating_system_is_never_the_same_and_seeded_noise_always_is():
    assert not np.array_equal(Noise().gaussian(50, 1e6), Noise().gaussian(50, 1e6))
    assert np.array_equal(Noise(3).gaussian(50, 1e6), Noise(3).gaussian(50, 1e6))
    assert not Noise().seeded


def test_poisson_coins_fall_at_their_rate_and_at_the_ends():
    assert abs(Noise(2).choose(100_000, 0.15).mean() - 0.15) < 0.005
    assert Noise(2).choose(1000, 1.0).all()
    assert not Noise(2).choose(1000, 0.0).any()


def test_no_delta_is_needed_where_nothing_was_released():
    assert epsilon_of(0.0, 1e-5) == 0.0
    assert delta_of(0.0, 1.0) == 0.0
    assert math.isclose(delta_of(1e-9, 0.0), 4e-10, rel_tol=0.05)
