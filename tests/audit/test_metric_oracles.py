"""Metrics against their definitions written out, other people's implementations, and worlds with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.stats import false_discovery_control, ttest_ind, wasserstein_distance
from sklearn.metrics import average_precision_score

from audit.graph import Neighbourhoods
from audit.metrics._edges import Regulations
from audit.metrics._outliers import outlier_factors
from audit.metrics.alpha_precision import authentic, integrated, ranks_in_real, ranks_in_synthetic
from audit.metrics.correlation import agreement
from audit.metrics.cosine import most_similar
from audit.metrics.disparity import _majority, spread
from audit.metrics.edge_preservation import correlations
from audit.metrics.energy import energy_test
from audit.metrics.feature_r2 import r2
from audit.metrics.grn_recovery import average_precision, candidates, importances
from audit.metrics.lisi import mixing_test, neighbourhoods, simpson
from audit.metrics.markers import compare, differences
from audit.metrics.minorities import coverage_by_type
from audit.metrics.nnaa import far
from audit.metrics.perturbation import same_sign
from audit.metrics.prdc import balls
from audit.metrics.regulons import activity
from audit.metrics.sinkhorn import sinkhorn_divergence
from audit.metrics.sliced import sliced_test, sorted_distance
from prisyn_base import InputError


def graph_of(**sets: np.ndarray) -> Neighbourhoods:
    return Neighbourhoods(sets, depth=90)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_precision_recall_density_and_coverage_are_as_defined(rng: np.random.Generator) -> None:
    made, real = rng.normal(0.4, 1.2, (70, 6)), rng.normal(size=(90, 6))
    of_real, of_made = (np.sort(cdist(points, points), axis=1)[:, 5] for points in (real, made))
    across = cdist(made, real)
    found = balls(graph_of(made=made, real=real), "made", "real")
    np.testing.assert_array_equal(found.inside, (across <= of_real).any(axis=1))
    np.testing.assert_allclose(found.density, (across <= of_real).sum(axis=1) / 5)
    np.testing.assert_array_equal(found.covered, (across <= of_real).any(axis=0))
    np.testing.assert_array_equal(found.reached, (across <= of_made[:, None]).any(axis=0))


def test_adversarial_accuracy_is_as_defined(rng: np.random.Generator) -> None:
    real, made = rng.normal(size=(2, 60, 5))
    own = [np.sort(cdist(points, points), axis=1)[:, 1] for points in (real, made)]
    across = cdist(real, made)
    first, second = far(graph_of(made=made, real=real), "real", "made")
    np.testing.assert_array_equal(first, across.min(axis=1) > own[0])
    np.testing.assert_array_equal(second, across.min(axis=0) > own[1])


def test_authenticity_and_supports_are_as_defined_and_do_not_depend_on_row_order(rng: np.random.Generator) -> None:
    made, real = rng.normal(0.2, 1, (40, 4)), rng.normal(size=(50, 4))
    across, own = cdist(made, real), cdist(real, real)
    np.fill_diagonal(own, np.inf)
    expected = np.array([row.min() > own[row.argmin()].min() for row in across])
    np.testing.assert_array_equal(authentic(graph_of(made=made, real=real), "made", "real"), expected)
    order = rng.permutation(50)
    np.testing.assert_array_equal(authentic(graph_of(made=made, real=real[order]), "made", "real"), expected)
    radius, place = (np.linalg.norm(points - real.mean(axis=0), axis=1) for points in (real, made))
    for level in (0.3, 0.7):
        inside = place <= np.sort(radius)[round(level * 50) - 1]
        np.testing.assert_array_equal(ranks_in_real(made, real) <= level + 1e-9, inside)
        support = made[np.argsort(np.linalg.norm(made - made.mean(axis=0), axis=1))[: round(level * 40)]]
        near = cdist(real, support).min(axis=1) <= np.sort(own, axis=1)[:, 4]
        ranks = ranks_in_synthetic(graph_of(made=made, real=real), "made", "real")
        np.testing.assert_array_equal(ranks <= level + 1e-9, near)


def test_the_integral_is_one_for_the_right_share_at_every_level_and_zero_where_nobody_is_inside() -> None:
    assert integrated(np.linspace(0, 1, 1000)) == pytest.approx(1, abs=0.01)
    assert integrated(np.full(100, 2.0)) == pytest.approx(0, abs=0.01)


def test_energy_distance_is_as_defined(rng: np.random.Generator) -> None:
    first, second = rng.normal(size=(40, 3)), rng.normal(0.5, 1, (40, 3))
    pairs = 40 * 39
    expected = 2 * cdist(first, second).mean() - cdist(first, first).sum() / pairs - cdist(second, second).sum() / pairs
    estimate, p_value = energy_test(first, second, seed=0)
    assert estimate.point == pytest.approx(expected)
    assert p_value < 0.05


def test_sliced_distance_is_the_mean_of_one_dimensional_ones(rng: np.random.Generator) -> None:
    first, second = rng.normal(size=(30, 4)), rng.normal(1, 2, (30, 4))
    expected = np.mean([wasserstein_distance(a, b) for a, b in zip(first.T, second.T, strict=True)])
    assert sorted_distance(first, second) == pytest.approx(expected)
    assert sliced_test(first, second, seed=0)[1] == pytest.approx(1 / 200)
    p_values = [sliced_test(*rng.normal(size=(2, 20, 3)), seed=seed)[1] for seed in range(40)]
    # Of 40 tests at 5 %, seven or more reject with a probability of 1 in 150.
    assert sum(p <= 0.05 for p in p_values) <= 6


def test_sinkhorn_divergence_is_transport_without_the_bias_of_smoothing(rng: np.random.Generator) -> None:
    first, second = rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) * [2, 1] + [3, 0]
    cost = cdist(first, second) ** 2
    exact = cost[linear_sum_assignment(cost)].mean()
    assert sinkhorn_divergence(first, second, smoothing=0.1) == pytest.approx(exact, rel=0.05)
    assert sinkhorn_divergence(first, first, smoothing=1.0) == pytest.approx(0, abs=1e-9)
    moved = sinkhorn_divergence(first, first + np.array([3, 4]), smoothing=1.0)
    assert moved == pytest.approx(25, rel=0.01)
    far_away = sinkhorn_divergence(first, first + 1e4, smoothing=0.1)
    assert far_away == pytest.approx(2e8, rel=0.01)


def test_neighbourhoods_have_the_perplexity_asked_for_however_far_apart_records_are(rng: np.random.Generator) -> None:
    points = rng.normal(size=(200, 5)) * 1e4
    graph = graph_of(first=points[:80], second=points[80:], far=points + 1e6, all=points)
    neighbours, weights = neighbourhoods(graph, "first", "second")
    np.testing.assert_array_equal(neighbours, graph.near("all", "all", 90).indices)
    entropy = -(weights * np.log(weights)).sum(axis=1)
    np.testing.assert_allclose(np.exp(entropy), 30, rtol=1e-3)
    apart, p_value = mixing_test(graph, "all", "far", seed=0)
    assert apart.point == pytest.approx(1)
    assert p_value == pytest.approx(0.01)
    half = np.tile([True, False], (3, 45))
    np.testing.assert_allclose(simpson(half, np.full((3, 90), 1 / 90)), 2)


def test_correlations_are_those_of_numpy(rng: np.random.Generator) -> None:
    first, second = (rng.normal(size=(50, 6)) @ rng.normal(size=(6, 8)) for _ in range(2))
    above = np.triu_indices(8, 1)
    a, b = (np.corrcoef(values.T)[above] for values in (first, second))
    assert agreement(first, second) == pytest.approx(np.corrcoef(a, b)[0, 1])
    edges = Regulations(np.array([0, 3]), np.array([1, 7]), np.array([1, 0]))
    np.testing.assert_allclose(correlations(first, edges), np.corrcoef(first.T)[[0, 3], [1, 7]])
    first[:, 1] = 5
    assert correlations(first, edges)[0] == 0


def test_differences_are_those_of_welch(rng: np.random.Generator) -> None:
    values = rng.normal(size=(80, 30)) + rng.normal(size=30)
    inside = np.arange(80) < 25
    values[inside, :5] += 2
    found = differences(values, inside)
    expected = ttest_ind(values[inside], values[~inside], equal_var=False).pvalue
    np.testing.assert_allclose(found.q, false_discovery_control(expected), rtol=1e-6)
    assert (found.q[:5] < 0.05).all()


def test_markers_that_change_sign_are_counted(rng: np.random.Generator) -> None:
    values, inside = rng.normal(size=(200, 40)), np.arange(200) < 100
    shift = np.zeros(40)
    shift[:10] = 3
    real = differences(values + np.outer(inside, shift), inside)
    shift[:4] = -3
    made = differences(rng.normal(size=(200, 40)) + np.outer(inside, shift), inside)
    jaccard, _, flips = compare(made, real)
    assert flips == pytest.approx(0.4)
    assert jaccard == pytest.approx(6 / 14, abs=0.2)
    assert same_sign(made, real).sum() == 6


def test_average_precision_is_that_of_scikit_learn_ties_included(rng: np.random.Generator) -> None:
    truth = rng.random(300) < 0.1
    for scores in (rng.normal(size=300) + truth, np.round(rng.normal(size=300) + truth)):
        assert average_precision(scores, truth) == pytest.approx(average_precision_score(truth, scores))


def test_a_network_is_recovered_from_records_it_made(rng: np.random.Generator) -> None:
    values = rng.normal(size=(200, 16))
    targets = np.arange(6, 16)
    values[:, targets] = values[:, targets % 6] + 0.5 * rng.normal(size=(200, 10))
    edges = Regulations(targets % 6, targets, np.ones(10, dtype=np.intp))
    regulators, found, truth = candidates(edges)
    scores = importances(values, regulators, found, seed=0)
    assert average_precision(scores.ravel(), truth.ravel()) > 0.9
    chance = importances(rng.normal(size=(200, 16)), regulators, found, seed=0)
    assert average_precision(chance.ravel(), truth.ravel()) < 0.5
    with pytest.raises(InputError, match="every regulator regulating every target"):
        candidates(Regulations(np.array([0, 1]), np.array([2, 2]), np.array([1, 1])))


def test_a_repressed_target_speaks_for_an_inactive_regulator() -> None:
    edges = Regulations(np.array([0, 0]), np.array([1, 2]), np.array([1, -1]))
    np.testing.assert_allclose(activity(np.array([[9.0, 1.0, -3.0]]), edges, [0]), [[2.0]])


def test_a_type_that_the_synthetic_set_misses_is_covered_less(rng: np.random.Generator) -> None:
    real, made, other = (np.concatenate([rng.normal(size=(90, 4)), rng.normal(9, 1, (12, 4))]) for _ in range(3))
    labels = np.repeat(["common", "rare"], [90, 12])
    made[90:] = rng.normal(size=(12, 4))
    graph = graph_of(synthetic=made, other=other, real=real)
    common, rare = coverage_by_type(graph, labels, seed=0)
    assert (common.name, rare.name, rare.covered) == ("common", "rare", 0)
    assert rare.p_value < 0.05 < common.p_value


def test_a_record_without_a_vote_is_of_no_type() -> None:
    near, codes = np.array([[0, 1], [2, 3]]), np.array([1, 1, 0, 0])
    assert _majority(near, np.array([True, True, False, False]), codes, 2).tolist() == [1, -1]


def test_outliers_are_judged_by_the_density_where_they_are(rng: np.random.Generator) -> None:
    dense, sparse = 0.01 * rng.normal(size=(100, 3)), rng.normal(20, 1, (100, 3))
    points = np.concatenate([dense, sparse])
    graph = graph_of(points=points, asked=np.array([[0.3, 0, 0], [20.3, 20, 20]]))
    factors = outlier_factors(graph, "asked", "points")
    assert factors[0] > 5
    assert factors[1] < 2
    assert np.isfinite(outlier_factors(graph, "points", "points")).all()
    assert outlier_factors(graph_of(one=np.zeros((1, 3)), ten=np.zeros((10, 3))), "one", "ten").tolist() == [1.0]


def test_small_measures(rng: np.random.Generator) -> None:
    assert spread(np.array([1.0, 3.0]), np.array([1.0, 1.0])) == pytest.approx(1)
    truth = rng.normal(size=(50, 1))
    assert r2(np.zeros((50, 1)), truth)[0] == 1
    assert r2(truth - truth.mean(), truth)[0] == pytest.approx(0)
    np.testing.assert_allclose(most_similar(np.array([[1.0, 0], [0, 0]]), np.array([[2.0, 0], [0, 1]])), [1, 0])
