from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from kg import Reliability
from kg.calibration import calibration, expected_calibration_error, fit_reliability, isotonic_curve, platt_curve


def test_with_nothing_judged_a_reader_is_what_it_was_thought_and_with_much_what_it_did():
    assert fit_reliability(0, 0, 0.3).probability == pytest.approx(0.3)
    assert fit_reliability(10, 10, 0.3).probability == pytest.approx((10 + 3) / 20)
    assert fit_reliability(900, 1000, 0.3).probability == pytest.approx(0.9, abs=0.01)
    wide, narrow = fit_reliability(5, 10, 0.5), fit_reliability(500, 1000, 0.5)
    assert narrow.high - narrow.low < wide.high - wide.low


def test_the_error_of_a_constant_is_how_far_it_is_from_the_share_that_was_right():
    assert expected_calibration_error([0.3] * 10, [1, 0] * 5) == pytest.approx(0.2)
    assert expected_calibration_error([0.5] * 10, [1, 0] * 5) == 0.0


def test_errors_in_different_bins_do_not_cancel():
    p = [0.2] * 50 + [0.8] * 50
    y = [0.0] * 20 + [1.0] * 30 + [1.0] * 20 + [0.0] * 30
    assert np.mean(p) == pytest.approx(np.mean(y))
    assert expected_calibration_error(p, y) == pytest.approx(0.4)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=1, max_size=60), st.randoms())
def test_the_error_does_not_depend_on_order_and_is_a_share(rows, random):
    shuffled = rows.copy()
    random.shuffle(shuffled)
    errors = [expected_calibration_error(*zip(*some, strict=True)) for some in (rows, shuffled)]
    assert errors[0] == pytest.approx(errors[1])
    assert 0 <= errors[0] <= 1


def test_honest_probabilities_have_an_error_near_zero_and_boasts_do_not():
    rng = np.random.default_rng(0)
    p = rng.random(4000)
    y = rng.random(4000) < p
    honest = calibration(p, y, range(4000))
    boast = calibration(np.sqrt(p), y, range(4000))
    assert honest.ece <= honest.ece_by_chance[1] < boast.ece
    assert honest.ece < 0.03 < boast.ece
    assert honest.brier < boast.brier
    assert honest.brier_interval[0] < honest.brier < honest.brier_interval[1]
    assert honest.right == y.sum()


def test_statements_of_one_document_do_not_make_the_interval_narrow():
    rng = np.random.default_rng(0)
    right = np.repeat(rng.random(20) < 0.5, 50)
    alone = calibration(np.full(1000, 0.5), right, range(1000))
    together = calibration(np.full(1000, 0.5), right, np.repeat(np.arange(20), 50).tolist())
    assert together.ece_interval[1] > 2 * alone.ece_interval[1]


@pytest.mark.parametrize("fit", [platt_curve, isotonic_curve])
def test_scores_become_the_probabilities_they_stand_for(fit):
    rng = np.random.default_rng(0)
    score = rng.uniform(0.5, 1.0, 5000)
    truth = 1 / (1 + np.exp(-(1.5 * np.log(score / (1 - score)) - 2)))
    curve = fit(score, rng.random(5000) < truth)
    fitted = Reliability(0.5, "a test", curve=curve)
    middle = (score > 0.55) & (score < 0.95)
    error = [fitted.of(float(s)) - t for s, t in zip(score[middle], truth[middle], strict=True)]
    assert np.abs(error).max() < 0.12
    assert np.abs(np.mean(error)) < 0.03


def test_the_isotonic_curve_is_scikit_learns():
    rng = np.random.default_rng(0)
    score, y = np.round(rng.random(200), 2), rng.random(200) < 0.4
    curve = isotonic_curve(score, y)
    steps = sorted({round(float(p), 6) for p in IsotonicRegression().fit_transform(score, y.astype(float))})
    assert [p for _, p in curve] == pytest.approx(steps)


def test_scores_that_tell_nothing_or_mislead_make_no_curve():
    score = np.linspace(0.1, 0.9, 50)
    assert platt_curve(score, score < 0.5) == ()
    assert platt_curve([0.5] * 9, [1, 0, 1] * 3) == ()
    assert isotonic_curve(score, score < 0.5) == ()


def test_few_statements_that_were_all_right_make_no_certainty():
    curve = platt_curve([0.6, 0.7, 0.8, 0.9], [0, 1, 1, 1])
    assert 0.02 < curve[0][1] < curve[-1][1] < 0.98
