"""Twelve published instruments are wrong; each test says how, and that ours is not wrong in that way."""

from __future__ import annotations

import tracemalloc

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import norm

from audit import AuditTarget
from audit._selftest._metrics import hearing
from audit.attacks import ATTACKS, AttackView
from audit.attacks.gen_lra import log_gain, silverman
from audit.embedding import embed, fit_axes
from audit.graph import Neighbourhoods
from audit.metrics import METRICS, MetricView
from audit.metrics.alpha_precision import authentic
from audit.metrics.mmd import median_distance, mmd_test
from audit.neighbours import nearest
from audit.risks import RISKS, run_risk
from audit.statistics import auc, audit_canaries, clopper_pearson, flip_coins, tied_share

Rows = npt.NDArray[np.float64]


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_1_a_discrepancy_is_not_the_same_for_any_two_sets() -> None:
    """A kernel of fixed width on raw counts is the identity matrix, and MMD is 2/n whatever is compared."""
    rng = generator()
    means = rng.gamma(2, 20, 60)
    real, same, other = rng.poisson(means, (150, 60)), rng.poisson(means, (150, 60)), rng.poisson(2 * means, (150, 60))
    shuffled = rng.poisson(rng.permutation(means), (150, 60))
    assert np.exp(-cdist(real, same, "sqeuclidean")).max() < 1e-12
    found = [mmd_test(real, x, width=median_distance(real, x), seed=0) for x in (same, other, shuffled)]
    assert found[0][1] > 0.01
    assert found[0][0].point < 2 / 150 < min(found[1][0].point, found[2][0].point) / 5
    assert max(found[1][1], found[2][1]) <= 0.01


def test_2_sets_are_compared_in_one_coordinate_system() -> None:
    """A PCA of its own for each set hides an overfitted generator completely."""
    rng = generator()
    mixing = rng.standard_normal((30, 300)) * np.linspace(3, 0.5, 30)[:, None]
    members, others, fresh, known = (rng.standard_normal((250, 30)) @ mixing for _ in range(4))
    members, others, fresh, known = (x + 2 * rng.standard_normal(x.shape) for x in (members, others, fresh, known))
    target = AuditTarget(members, others, 0.65 * members + 0.35 * fresh, known, kind="table")
    space = embed(target, seed=0)
    assert space.reference is not None
    shared = AttackView(np.concatenate([space.members, space.nonmembers]), space.synthetic, space.reference)
    apart = AttackView(*(_own_axes(x) for x in (np.concatenate([members, others]), target.values("synthetic"), known)))
    domias = ATTACKS["domias"]
    one, three = (auc(*np.split(domias.scores(view), 2)) for view in (shared, apart))
    assert one > 0.9
    assert three < 0.65


def _own_axes(values: Rows) -> npt.NDArray[np.float32]:
    return fit_axes(values, seed=0).project(values)


def test_3_far_records_do_not_all_get_the_same_score() -> None:
    """exp(-d^2) is exactly 0 beyond 27 units, every comparison a tie, and the AUC exactly .5."""
    rng = generator()
    members, others, fresh = (rng.standard_normal((200, 900)) * 3 for _ in range(3))
    view = AttackView(np.concatenate([members, others]), 0.35 * members + 0.65 * fresh)
    scores = ATTACKS["dcr"].scores(view)
    assert np.exp(-(scores**2)).max() == 0
    assert tied_share(scores[:200], scores[200:]) == 0
    assert auc(scores[:200], scores[200:]) > 0.6


BOUNDS = ("clopper_pearson", "gaussian", "one_run", "one_run_fdp")


def _bounds(seed: int, mu: float, canaries: int = 200) -> dict[str, float]:
    coins = flip_coins(canaries, seed=seed)
    scores = generator(seed + 1000).standard_normal(canaries) + mu * coins
    return {bound.name: bound.epsilon for bound in audit_canaries(scores, coins, delta=1e-5, seed=seed).bounds}


def test_4_scores_that_point_the_wrong_way_prove_nothing() -> None:
    """The absolute value of a negative mu turns random or reversed scores into a proof of a large epsilon."""
    assert {value for seed in range(10) for value in _bounds(seed, -2.0).values()} == {0.0}


def test_5_and_6_the_best_of_many_thresholds_is_corrected_for() -> None:
    """Without correction random scores prove an epsilon above 0 in 42 % of cases, without an interval in all."""
    found = [_bounds(seed, 0.0) for seed in range(60)]
    for name in BOUNDS:
        assert clopper_pearson(sum(bounds[name] > 0 for bounds in found), 60, level=0.999).low <= 0.05


def test_6_perfect_separation_of_finitely_many_canaries_proves_a_finite_epsilon() -> None:
    found = _bounds(0, 50.0)
    assert all(0 < value < 40 for value in found.values())
    # 200 canaries of which about 100 were out: rates below 1/100 cannot be told from 1/100.
    assert found["clopper_pearson"] < np.log(100)


def test_7_authenticity_does_not_depend_on_the_order_of_rows_nor_on_equal_sizes() -> None:
    """Rows of one set were indexed by those of another. By definition: is s farther from its nearest member than that
    member is from the nearest of its own?"""
    rng = generator()
    members, made = rng.standard_normal((120, 6)), rng.standard_normal((80, 6))
    made[:30] = members[:30] + 0.01
    found = authentic(Neighbourhoods({"made": made, "members": members}), "made", "members")
    distances, own = cdist(made, members), cdist(members, members) + np.diag(np.full(120, np.inf))
    expected = distances.min(axis=1) > own.min(axis=1)[distances.argmin(axis=1)]
    np.testing.assert_array_equal(found.astype(bool), expected)
    order = rng.permutation(120)
    shuffled = Neighbourhoods({"made": made[::-1], "members": members[order]})
    np.testing.assert_array_equal(authentic(shuffled, "made", "members"), found[::-1])


def test_8_what_is_not_an_equivalence_class_is_not_called_k_anonymity() -> None:
    """Sizes of k-means clusters were reported under these names, and entropy weights computed and thrown away."""
    taken = {*METRICS, *RISKS}
    assert not taken & {"k_anonymity", "l_diversity", "k_map", "delta_presence", "identifiability"}


def test_9_no_metric_pairs_records_that_are_not_pairs() -> None:
    """A Rand index of unpaired cells measures the order of rows; rows in another order say the same here."""
    cheap = {name: metric for name, metric in METRICS.items() if name in {"correlation", "retention", "nnaa"}}
    assert len(cheap) == 3
    checks = [check for check in hearing(cheap, generator()) if "order of rows" in check.statement]
    assert len(checks) == 3
    assert all(check.held for check in checks), checks


def test_10_the_closest_record_is_found_without_a_table_of_all_pairs() -> None:
    """A cross merge of 2,000 and 2,000 rows of 20 columns took 36 s and 1.3 GB; the number is the same."""
    rng = generator()
    queries, points = (rng.standard_normal((2000, 20)) for _ in range(2))
    tracemalloc.start()
    found = nearest(queries, points, 1).distances[:, 0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(found, cdist(queries, points).min(axis=1), rtol=1e-6)
    assert peak < 300e6


def test_11_adding_a_record_to_a_density_needs_no_second_fit() -> None:
    """The closed form is the log likelihood ratio of the refitted density, record by record."""
    rng = generator()
    queries, made, known = (rng.standard_normal((n, 3)) for n in (20, 60, 50))
    near = nearest(queries, made, 15).indices
    width = silverman(known)

    def density(at: Rows, centres: Rows) -> Rows:
        return np.asarray(norm.pdf((at[:, None] - centres) / width).prod(axis=2).mean(axis=1))

    refitted = [
        np.log(density(made[rows], np.vstack([known, x])) / density(made[rows], known)).sum() + 15 * np.log(51 / 50)
        for x, rows in zip(queries, near, strict=True)
    ]
    np.testing.assert_allclose(np.exp(log_gain(queries, made, known, near)), refitted, rtol=1e-6)


@pytest.fixture(scope="module")
def planted() -> AuditTarget:
    """A fifth of the synthetic table is members moved by a little; one member in ten stands there verbatim."""
    rng = generator()
    mixing = rng.standard_normal((6, 16))
    sets = [rng.standard_normal((400, 6)) @ mixing + 0.5 * rng.standard_normal((400, 16)) for _ in range(3)]
    sets[2][:80] = sets[0][:80] + 0.3 * rng.standard_normal((80, 16))
    sets[2][:40] = sets[0][:40]
    names = [f"v{column}" for column in range(16)]
    return AuditTarget(*(pd.DataFrame(values, columns=names) for values in sets), kind="table")


@pytest.mark.parametrize("name", ["linkability", "attribute_inference", "singling_out"])
def test_12_other_risks_survive_copies_and_controls_that_succeed(planted: AuditTarget, name: str) -> None:
    """(a - c) / (1 - c) explodes as c nears 1 and stood for a risk of 0 beside a leak; exact copies raised an error."""
    found = run_risk(RISKS[name], MetricView(planted, 0))
    assert -1 <= found.advantage.low <= found.advantage.point <= found.advantage.high <= 1
    assert found.advantage.point == pytest.approx(found.success.point - found.control.point, abs=1e-9)
    assert found.gained is None or found.gained.low >= -1
    if name == "linkability":
        assert found.advantage.low > 0
        assert found.p_value < 0.01
