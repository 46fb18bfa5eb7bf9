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
    power = smallest_visible(2, 2, spread=tested.spread, floor=tested.floor, level=0.05, fprs=(0.1,))
    assert tested.above > 0.1
    assert power.auc is None


def of_donors(donors: int, cells: int, apart: float) -> Scores:
    """Scores of `donors` a side with `cells` each, in the mean `apart`."""
    rng = np.random.default_rng(0)
    own = rng.standard_normal(2 * donors) + np.repeat([apart, 0.0], donors)
    values = np.repeat(own, cells) + 0.1 * rng.standard_normal(2 * donors * cells)
    names = np.repeat([f"d{i}" for i in range(2 * donors)], cells)
    half = donors * cells
    return Scores(values[:half], values[half:], names[:half], names[half:])


def test_donors_that_a_generator_gives_away_stay_significant_after_correction_for_all_tests() -> None:
    scores = of_donors(20, 10, apart=8.0)
    assert 52 * chance(scores, seed=0, tests=52).above < 0.05
    assert 52 * chance(scores, seed=0).above > 0.05, "with as few permutations as one test needs, nothing could be"


def test_the_spread_of_the_auc_over_donors_is_that_of_permuted_records() -> None:
    scores = of_donors(12, 7, apart=0.5)
    values = np.concatenate([scores.members, scores.nonmembers]).reshape(24, 7)
    rng, drawn = np.random.default_rng(1), []
    for _ in range(2000):
        order = rng.permutation(24)
        drawn.append(auc(values[order[:12]].ravel(), values[order[12:]].ravel()))
    tested = chance(scores, seed=0, tests=5)
    # A standard deviation from 2,000 draws is known to 1.6 %.
    assert tested.spread == pytest.approx(float(np.std(drawn)), rel=0.07)
    reached = float(np.mean(np.array(drawn) >= auc(scores.members, scores.nonmembers)))
    assert tested.above == pytest.approx(reached, abs=0.05)


def test_rates_of_donors_need_donors_and_not_cells() -> None:
    """A hundred cells of each of ten people say nothing of rates among people."""
    assert chance(of_donors(10, 100, apart=0.0), seed=0).rates == ()
    assert [fpr for fpr, _ in chance(of_donors(100, 2, apart=0.0), seed=0).rates] == [0.1]


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
    visible = smallest_visible(n, n, spread=spread, floor=0.0, level=level, fprs=(0.1,))
    assert visible.auc is not None
    from scipy.stats import norm

    mu = float(norm.ppf(visible.auc) * np.sqrt(2))
    seen = sum(chance(draw(seed, n, mu), seed=0).above <= level for seed in range(150))
    assert 0.7 <= seen / 150 <= 0.9


def test_one_donor_a_side_bounds_no_auc() -> None:
    rng = np.random.default_rng(0)
    inside, outside = rng.normal(size=(2, 50))
    estimate = auc_estimate(Scores(inside, outside, np.full(50, "a"), np.full(50, "b")), seed=0)
    assert (estimate.low, estimate.high) == (0.0, 1.0)
    two = auc_estimate(Scores(inside, outside, np.repeat(["a", "c"], 25), np.repeat(["b", "d"], 25)), seed=0)
    assert 0.0 < two.low <= two.point <= two.high < 1.0
