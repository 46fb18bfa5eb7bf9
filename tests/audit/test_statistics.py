"""What the numbers may and may not say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.statistics import (
    Scores,
    auc,
    auc_estimate,
    clopper_pearson,
    epsilon_bound,
    gaussian_dp_delta,
    gaussian_dp_epsilon,
    holm,
    rates,
    roc,
    smallest_visible,
    tied_share,
)
from audit.statistics import against_chance as chance


def draw(seed: int, n: int = 500, mu: float = 0.0) -> Scores:
    rng = np.random.default_rng(seed)
    return Scores(rng.standard_normal(n) + mu, rng.standard_normal(n))


def test_the_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    members, outsiders = np.array([3.0, 1.0, 2.0]), np.array([0.0, 2.0])
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in members for b in outsiders]
    assert auc(members, outsiders) == pytest.approx(np.mean(pairs))
    assert tied_share(members, outsiders) == pytest.approx(1 / 6)


@given(st.integers(0, 2**20))
@settings(max_examples=30, deadline=None)
def test_the_auc_does_not_depend_on_the_unit_of_the_scores(seed: int) -> None:
    scores = draw(seed, 40)
    assert auc(np.exp(scores.members), np.exp(scores.nonmembers)) == auc(scores.members, scores.nonmembers)


def test_a_bootstrap_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = 0.7602  # Phi(1 / sqrt 2)
    inside = sum(
        (e := auc_estimate(draw(s, 150, 1.0), seed=s, repetitions=300)).low <= truth <= e.high for s in range(100)
    )
    covered = clopper_pearson(inside, 100, level=0.999)
    assert covered.low <= 0.95 <= covered.high


def test_rates_are_steps_and_nothing_is_interpolated_below_the_resolution() -> None:
    members, outsiders = np.array([5.0, 4.0, 0.5, 0.4]), np.arange(100) / 100.0
    by_fpr = {rate.fpr: rate for rate in rates(members, outsiders, fprs=(0.001, 0.1))}
    assert by_fpr[0.001].tpr.point == 0.5
    assert not by_fpr[0.001].resolvable
    assert by_fpr[0.1].resolvable


def test_a_roc_rises_from_nothing_to_everything() -> None:
    false, true = roc(*(getattr(draw(0, 3000), side) for side in ("members", "nonmembers")))
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()
    assert len(false) <= 201


def test_chance_is_rejected_as_often_as_the_level_says() -> None:
    tests = [chance(draw(seed, 120), seed=0, fprs=(0.1,)) for seed in range(400)]
    by_auc = clopper_pearson(sum(t.above <= 0.05 for t in tests), 400, level=0.999)
    assert by_auc.low <= 0.05 <= by_auc.high
    by_rate = clopper_pearson(sum(t.rates[0][1] <= 0.05 for t in tests), 400, level=0.999)
    assert by_rate.low <= 0.05


def test_cells_of_few_donors_are_not_counted_as_independent() -> None:
    rng = np.random.default_rng(0)
    rejected_by_cell, rejected_by_donor = 0, 0
    for _ in range(40):
        values = np.repeat(rng.standard_normal(12), 50) + 0.1 * rng.standard_normal(600)
        donors = np.repeat([f"d{i}" for i in range(12)], 50)
        as_donors = Scores(values[:300], values[300:], donors[:300], donors[300:])
        rejected_by_cell += chance(Scores(values[:300], values[300:]), seed=0).above <= 0.05
        rejected_by_donor += chance(as_donors, seed=0).above <= 0.05
    assert rejected_by_cell > 10
    assert rejected_by_donor <= 7


def test_two_donors_a_side_can_show_nothing() -> None:
    donors = np.repeat(["a", "b", "c", "d"], 50)
    scores = Scores(np.arange(100.0) + 500, np.arange(100.0), donors[:100], donors[100:])
    tested = chance(scores, seed=0)
    power = smallest_visible(
        100, 100, spread=tested.spread, floor=tested.floor, level=0.05, fprs=(0.1,), clustered=True
    )
    assert tested.above > 0.1
    assert power.auc is None


@pytest.mark.parametrize("kind", ["clopper_pearson", "gaussian"])
def test_random_scores_prove_no_epsilon(kind: str) -> None:
    """Maximising over thresholds without correction proves epsilon > 0 from noise in 42 to 100 % of cases."""
    above = sum(getattr(epsilon_bound(draw(seed), delta=1e-5), kind) > 0 for seed in range(100))
    assert clopper_pearson(above, 100, level=0.999).low <= 0.05


@pytest.mark.parametrize("kind", ["clopper_pearson", "gaussian"])
def test_a_bound_stays_below_the_epsilon_of_a_known_mechanism(kind: str) -> None:
    truth = gaussian_dp_epsilon(1.0, 1e-5)
    bounds = [getattr(epsilon_bound(draw(seed, 1000, 1.0), delta=1e-5), kind) for seed in range(60)]
    assert sum(bound > truth for bound in bounds) <= 6
    assert np.median(bounds) > 0.2 * truth


def test_scores_that_point_the_wrong_way_are_not_taken_by_their_absolute_value() -> None:
    """abs(mu) turns anti-correlated scores into a large proved epsilon; here a negative mu is none."""
    below = [epsilon_bound(draw(seed, 500, -1.0), delta=1e-5) for seed in range(20)]
    assert all(bound.mu == 0 and bound.gaussian == 0 for bound in below)


def test_epsilon_of_gaussian_privacy_matches_the_published_value() -> None:
    assert gaussian_dp_epsilon(1.0, 1e-5) == pytest.approx(4.38, abs=0.01)
    assert gaussian_dp_epsilon(2.0, 1e-5) == pytest.approx(10.0, abs=0.1)
    assert gaussian_dp_delta(1.0, gaussian_dp_epsilon(1.0, 1e-5)) == pytest.approx(1e-5, rel=1e-4)
    assert gaussian_dp_epsilon(0.0, 1e-5) == 0


def test_holm_is_never_less_strict_than_a_single_test_nor_stricter_than_bonferroni() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([]) == ()


def test_what_power_calls_visible_is_seen_in_four_of_five_cases() -> None:
    n, level = 300, 0.01
    spread = chance(draw(0, n), seed=0).spread
    visible = smallest_visible(n, n, spread=spread, floor=0.0, level=level, fprs=(0.1,), clustered=False)
    assert visible.auc is not None
    from scipy.stats import norm

    mu = float(norm.ppf(visible.auc) * np.sqrt(2))
    seen = sum(chance(draw(seed, n, mu), seed=0).above <= level for seed in range(150))
    assert 0.7 <= seen / 150 <= 0.9
