"""What canaries prove, by bounds that were checked against mechanisms whose epsilon is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from audit.statistics import (
    Guesses,
    GuessPlan,
    audit_canaries,
    clopper_pearson,
    default_plans,
    flip_coins,
    gaussian_dp_epsilon,
    one_run_epsilon,
    one_run_gaussian_epsilon,
    one_run_p_value,
    refutes_gaussian,
)
from audit.statistics.gaussian_dp import auc_lower_bound
from bench.audit_bounds import main as bench
from prisyn_base import InputError

DELTA = 1e-5
BOUNDS = ("clopper_pearson", "gaussian", "one_run", "one_run_fdp")


def experiment(seed: int, mu: float, canaries: int = 200) -> dict[str, float]:
    coins = flip_coins(canaries, seed=seed)
    scores = np.random.default_rng(10_000 + seed).standard_normal(canaries) + mu * coins
    return {bound.name: bound.epsilon for bound in audit_canaries(scores, coins, delta=DELTA, seed=seed).bounds}


@pytest.mark.parametrize("mu", [0.0, 1.0, 2.0])
def test_no_bound_exceeds_the_truth_more_often_than_it_admits(mu: float) -> None:
    truth = gaussian_dp_epsilon(mu, DELTA)
    found = [experiment(seed, mu) for seed in range(40)]
    for name in BOUNDS:
        above = sum(bounds[name] > truth for bounds in found)
        assert clopper_pearson(above, 40, level=0.999).low <= 0.05, name
    if mu > 0:
        assert all(np.median([bounds[name] for bounds in found]) > truth / 10 for name in BOUNDS)


def test_fewer_assumptions_prove_less() -> None:
    found = experiment(3, 2.0, canaries=500)
    assert found["clopper_pearson"] < found["one_run_fdp"] < found["gaussian"]
    assert found["one_run"] < found["one_run_fdp"]


def test_one_run_bounds_hold_where_the_scores_hang_together_and_the_others_do_not() -> None:
    """All canaries are moved together by a coin of the mechanism's own: each score says next to nothing of its own."""
    canaries, wrong = 300, dict.fromkeys(BOUNDS, 0)
    for seed in range(80):
        rng = np.random.default_rng(seed)
        coins = flip_coins(canaries, seed=seed + 500)
        # With probability 3/10 the mechanism shows all coins, else none: delta is .3, and no epsilon holds at 1e-5;
        # at delta .3 it is (0, .3)-private.
        shown = rng.random() < 0.3
        scores = rng.standard_normal(canaries) + 10 * coins * shown
        bounds = audit_canaries(scores, coins, delta=0.3, seed=seed).bounds
        for bound in bounds:
            wrong[bound.name] += bound.epsilon > 0
    assert wrong["clopper_pearson"] > 10
    assert wrong["one_run"] == 0


def test_a_p_value_without_delta_is_the_binomial_tail_of_randomised_response() -> None:
    """Randomised response at epsilon reaches the bound: 9 or 10 of 10 right with share e^eps / (1 + e^eps)."""
    share = np.exp(1.5) / (1 + np.exp(1.5))
    exact = 10 * share**9 * (1 - share) + share**10
    assert one_run_p_value(Guesses(40, 10, 9), epsilon=1.5, delta=0) == pytest.approx(exact)


def test_delta_makes_a_p_value_larger_by_the_published_term() -> None:
    guesses, share = Guesses(50, 6, 6), np.e / (1 + np.e)
    tails = [sum(_binomial(6, k, share) for k in range(least, 7)) for least in (6, 5, 4, 3, 2, 1, 0)]
    worst = max((tails[i] - tails[0]) / i for i in range(1, 7))
    assert one_run_p_value(guesses, epsilon=1, delta=1e-3) == pytest.approx(tails[0] + 2 * 50 * 1e-3 * worst)


def _binomial(n: int, k: int, share: float) -> float:
    from math import comb

    return comb(n, k) * share**k * (1 - share) ** (n - k)


def test_the_recursion_refutes_what_no_distribution_of_right_guesses_can_satisfy() -> None:
    """Against a linear programme over all distributions of the number of right guesses, for few canaries.

    The constraint is concave, so it is imposed as its tangents at many points.
    """
    from scipy.optimize import linprog

    canaries, made = 8, 6
    counts = np.arange(made + 1)
    for right, mu in product((5, 6), (0.2, 0.6, 1.2)):
        rows, limits = [], []
        for least in range(1, made + 1):
            gained = np.where(counts >= least, counts, 0) / canaries
            lost = np.where(counts >= least - 1, made - counts, 0) / canaries
            for at in norm.cdf(np.linspace(-5, 5, 121)):
                height = norm.cdf(norm.ppf(at) + mu)
                slope = np.exp(-mu * norm.ppf(at) - mu**2 / 2)
                rows.append(gained - slope * lost)
                limits.append(height - slope * at)
        reach = -linprog(
            -(counts >= right).astype(float), A_ub=rows, b_ub=limits, A_eq=[np.ones(made + 1)], b_eq=[1.0]
        ).fun
        guesses = Guesses(canaries, made, right)
        assert refutes_gaussian(guesses, mu=mu, error=min(reach * 1.03, 1.0))
        assert not refutes_gaussian(guesses, mu=mu, error=reach * 0.97)


def test_more_right_guesses_prove_more() -> None:
    exact = [one_run_epsilon(Guesses(200, 50, right), delta=DELTA, error=0.05) for right in range(25, 51)]
    gaussian = [one_run_gaussian_epsilon(Guesses(200, 50, right), delta=DELTA, error=0.05) for right in range(25, 51)]
    assert exact == sorted(exact)
    assert gaussian == sorted(gaussian)
    assert exact[0] == gaussian[0] == 0 < exact[-1] < gaussian[-1]


def test_the_bound_by_the_auc_covers_and_is_exact_at_the_edges() -> None:
    rng = np.random.default_rng(0)
    truth = float(norm.cdf(1 / np.sqrt(2)))
    above = 0
    for _ in range(200):
        members, others = rng.standard_normal(60) + 1, rng.standard_normal(60)
        above += auc_lower_bound(float((members[:, None] > others).mean()), 60, 0.05) > truth
    assert above <= 10
    assert auc_lower_bound(1.0, 10, 0.05) == pytest.approx(0.05**0.1)
    assert auc_lower_bound(0.49, 100, 0.05) == 0.5


def test_scores_without_differences_prove_nothing_whichever_canaries_come_first() -> None:
    coins = np.arange(400) < 200
    for order in (coins, ~coins):
        bounds = audit_canaries(np.zeros(400), order, delta=DELTA, seed=1).bounds
        assert [bound.epsilon for bound in bounds] == [0, 0, 0, 0]


def test_every_bound_says_what_it_takes_for_granted() -> None:
    coins = flip_coins(100, seed=0)
    found = audit_canaries(coins.astype(float), coins, delta=DELTA, seed=0)
    assert {bound.name: "fair coin" in bound.assumption for bound in found.bounds} == {
        name: name.startswith("one_run") for name in BOUNDS
    }
    assert {bound.name: "Gaussian noise" in bound.assumption for bound in found.bounds} == {
        name: name in {"gaussian", "one_run_fdp"} for name in BOUNDS
    }
    assert [bound.name for bound in found.refuted(found.epsilon("one_run"))]
    assert not found.refuted(1000.0)


def test_default_guesses_shrink_by_fours_and_never_outnumber_the_canaries() -> None:
    assert default_plans(500)[:2] == [GuessPlan(125, 0), GuessPlan(63, 62)]
    assert {plan.top + plan.bottom for plan in default_plans(5000)} == {1250, 312, 78, 19}
    assert default_plans(2) == [GuessPlan(1, 0), GuessPlan(1, 0)]


def test_every_fault_of_an_experiment_is_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        audit_canaries(np.array([1.0, np.nan]), np.ones(2, bool), delta=1.0, seed=0, error=0.7, plans=[GuessPlan(3, 0)])
    assert len(caught.value.problems) == 5
    with pytest.raises(InputError, match="coins of shape"):
        audit_canaries(np.zeros(3), np.array([True, False]), delta=0, seed=0)


def test_the_bench_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    bench(["--repetitions", "2", "--canaries", "60", "--mu", "0", "2"])
    printed = capsys.readouterr().out
    assert printed.count('"median"') == 8
    assert '"true_epsilon": 10.0' in printed
