"""Every private method, audited at a worst-case pair by an adversary who reads all that passes the barrier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.generator_privacy import audit_pair, judged, most_power
from conditioned_gen import Ledger, delta_of
from conditioned_gen.ledger import Entry
from conditioned_gen.mechanisms import Noise
from tests.conditioned_gen.test_generators import PRIVATE, QUICK

EPSILON = 2.0
FITS = 24


def settings(name: str):
    """Quick ones, in which a canary is drawn in nearly every fit: what is not drawn cannot leak."""
    quick = QUICK[name]
    return replace(quick, sample_rate=0.5) if hasattr(quick, "sample_rate") else quick


class Whisper(Noise):
    """A twentieth of the noise that is charged."""

    def gaussian(self, size: int, scale: float):
        return super().gaussian(size, scale / 20)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRIVATE)
def test_no_test_of_a_canary_has_more_power_than_the_ledger_allows(name):
    found = audit_pair(settings(name), epsilon=EPSILON, fits=FITS, seed=0)
    assert found.kept, found
    assert found.epsilon < EPSILON


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dp_gan", "grn_subspace"])
def test_a_method_with_too_little_noise_is_found_out(name, monkeypatch):
    monkeypatch.setattr("conditioned_gen.barrier.Noise", Whisper)
    found = audit_pair(settings(name), epsilon=EPSILON, fits=FITS, seed=0)
    assert not found.kept, found


def gaussian(mu: float, **options) -> Ledger:
    entry = Entry(name="one", sensitivity=1.0, noise=1 / mu, coordinates=1, **options)
    return Ledger(unit="cell", budget_epsilon=50.0, delta=1e-5, entries=[entry])


def test_the_audit_refutes_what_is_half_as_noisy_as_it_says_and_not_what_is_as_it_says():
    """4,000 scores a side at mu 2, against ledgers of mu 2, and of mu 1."""
    rng = np.random.default_rng(0)
    out, inside = rng.standard_normal(4000), 2 + rng.standard_normal(4000)
    assert judged(out, inside, gaussian(2.0)).kept
    assert not judged(out, inside, gaussian(1.0)).kept
    assert 5 < judged(out, inside, gaussian(2.0)).gaussian_epsilon < 10


def test_the_power_that_a_curve_allows_is_that_of_the_best_test():
    """At the level where the best test of a Gaussian cuts, its power is Phi(PhiInv(level) + mu); a curve of epsilon and
    delta that is composed numerically allows little more."""
    exact = most_power(gaussian(1.0), 0.1)
    assert exact == pytest.approx(0.389, abs=1e-3)
    numerical = most_power(gaussian(1.0, steps=1, sample_rate=1 - 1e-9), 0.1)
    assert exact - 1e-3 < numerical < exact + 0.01
    assert delta_of(1.0, 0.5) + np.exp(0.5) * 0.1 >= exact
