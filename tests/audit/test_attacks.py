"""Membership attacks: what each of them keeps, and what the newer ones are for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import gaussian_kde, spearmanr

from audit.attacks import ATTACKS, Attack, AttackView
from audit.attacks._marginals import dependence_tree, levels, log_ratios
from audit.attacks.edges import contributions, known_edges
from audit.attacks.ensemble import rehearsal
from audit.attacks.gen_lra import log_gain
from audit.neighbours import nearest
from audit.statistics import auc, tied_share

MEMBERS = 100


def make_view(seed: int = 0, scale: float = 1.0, *, leak: bool = False) -> AttackView:
    """100 members, 100 others, 100 synthetic records (near-copies of the members if they leak), 200 of reference."""
    rng = np.random.default_rng(seed)
    members, others, synthetic, reference = (scale * rng.standard_normal((n, 25)) for n in (100, 100, 100, 200))
    if leak:
        synthetic = members + 0.3 * synthetic
    return AttackView(np.concatenate([members, others]), synthetic, reference)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
class TestEveryAttack:
    """The contract that each member of the family keeps."""

    def test_gives_one_finite_score_a_record(self, attack: Attack) -> None:
        values = attack.scores(make_view())
        assert values.shape == (2 * MEMBERS,)
        assert np.isfinite(values).all()

    def test_finds_members_however_far_apart_records_are(self, attack: Attack) -> None:
        """exp(-d^2) is 0 for every record beyond 27 units and makes every AUC exactly .5."""
        values = attack.scores(make_view(scale=1e4, leak=True))
        assert tied_share(values[:MEMBERS], values[MEMBERS:]) < 0.01
        assert auc(values[:MEMBERS], values[MEMBERS:]) > 0.55

    def test_does_not_depend_on_the_unit(self, attack: Attack) -> None:
        small, large = attack.scores(make_view()), attack.scores(make_view(scale=16.0))
        np.testing.assert_array_equal(np.argsort(small, kind="stable"), np.argsort(large, kind="stable"))

    def test_does_not_depend_on_the_order_of_records(self, attack: Attack) -> None:
        view, order = make_view(leak=True), np.random.default_rng(1).permutation(2 * MEMBERS)
        assert view.reference is not None
        shuffled = AttackView(view.queries[order], view.synthetic[::-1], view.reference[::-1])
        np.testing.assert_allclose(attack.scores(shuffled), attack.scores(view)[order], rtol=1e-6)

    def test_repeats_itself(self, attack: Attack) -> None:
        np.testing.assert_array_equal(attack.scores(make_view()), attack.scores(make_view()))

    def test_says_what_it_is(self, attack: Attack) -> None:
        assert all([attack.name, attack.label, attack.explanation.endswith("."), attack.reference])

    def test_asks_for_a_reference_if_it_says_so(self, attack: Attack) -> None:
        bare = replace(make_view(leak=True), reference=None)
        if attack.needs_reference:
            with pytest.raises(ValueError, match="reference"):
                attack.scores(bare)
        else:
            values = attack.scores(bare)
            assert auc(values[:MEMBERS], values[MEMBERS:]) > 0.55


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_one_feature_is_enough(attack: Attack) -> None:
    view = make_view()
    narrow = replace(view, queries=view.queries[:, :1], synthetic=view.synthetic[:, :1])
    if view.reference is not None:
        narrow = replace(narrow, reference=view.reference[:, :1])
    assert np.isfinite(attack.scores(narrow)).all()


def test_gen_lra_is_what_adding_the_record_to_the_density_gives() -> None:
    """The rank-one update against refitting, with the kernel's width and shape held."""
    rng = np.random.default_rng(0)
    queries, synthetic, reference = (rng.standard_normal((n, 4)) for n in (30, 60, 80))
    near = nearest(queries, synthetic, 10).indices
    count, axes = reference.shape
    width = (count * (axes + 2) / 4) ** (-1 / (axes + 4)) * reference.std(axis=0, ddof=1)

    def log_density(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
        gaps = (points[:, None] - centres) / width
        return logsumexp(-0.5 * (gaps**2).sum(axis=2), axis=1) - np.log(len(centres))

    plain = [
        (log_density(synthetic[at], np.vstack([reference, x])) - log_density(synthetic[at], reference)).sum()
        for x, at in zip(queries, near, strict=True)
    ]
    gained = np.exp(log_gain(queries, synthetic, reference, near)) + near.shape[1] * np.log(count / (count + 1))
    np.testing.assert_allclose(gained, plain, rtol=1e-8)


def test_gen_lra_ranks_as_refitting_a_published_density_does() -> None:
    """SciPy's density takes its shape anew with each record added, an effect that fades as the reference grows."""
    rng = np.random.default_rng(1)
    members, others, reference = (rng.standard_normal((n, 5)) for n in (60, 60, 500))
    synthetic = members + 0.5 * rng.standard_normal((60, 5))
    queries = np.concatenate([members, others])
    near = nearest(queries, synthetic, 10).indices
    before = gaussian_kde(reference.T, "silverman")
    refitted = [
        np.log(gaussian_kde(np.vstack([reference, x]).T, "silverman")(synthetic[at].T)).sum()
        - np.log(before(synthetic[at].T)).sum()
        for x, at in zip(queries, near, strict=True)
    ]
    assert spearmanr(refitted, log_gain(queries, synthetic, reference, near)).statistic > 0.95


def test_gen_lra_tells_records_apart_where_no_kernel_reaches() -> None:
    far = np.arange(1.0, 6.0)[:, None] * np.full((5, 3), 1e3)
    points = np.random.default_rng(0).standard_normal((50, 3))
    scores = log_gain(far, points, points, np.tile(np.arange(5), (5, 1)))
    assert (np.diff(scores) < 0).all()


def test_levels_do_not_change_when_a_feature_is_measured_otherwise() -> None:
    values = np.random.default_rng(0).gamma(1.0, size=(3, 40, 6))
    plain, logged = levels(*values), levels(*np.log1p(values))
    for name in ("queries", "synthetic", "population"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(logged, name))


def test_where_zeros_are_common_they_are_a_level_of_their_own() -> None:
    values = np.array([[0.0]] * 8 + [[1.0], [2.0]])
    found = levels(values, values, values).queries[:, 0]
    assert len(set(found[:8])) == 1
    assert found[0] < found[8]


def test_marginals_are_smoothed_frequencies() -> None:
    population = np.repeat([0.0, 1.0, 2.0, 3.0], 10)[:, None]
    synthetic = np.zeros((10, 1))
    ((_, ratios),) = log_ratios(levels(population[::10], synthetic, population))
    made, real = np.array([10.5, 0.5, 0.5, 0.5]) / 12, np.full(4, 10.5 / 42)
    np.testing.assert_allclose(ratios[:, 0], np.log(made / real))


def test_the_tree_joins_what_depends_on_each_other() -> None:
    rng = np.random.default_rng(0)
    root = rng.standard_normal(500)
    chain = np.stack([root, root + 0.1 * rng.standard_normal(500), rng.standard_normal(500)], axis=1)
    values = np.concatenate([chain, chain[:, 1:2] + 0.1 * rng.standard_normal((500, 1))], axis=1)
    tree = {tuple(edge) for edge in dependence_tree(levels(values, values, values).synthetic).tolist()}
    assert {(0, 1), (1, 3)} <= tree
    assert len(tree) == 3


def leaking_edge(seed: int) -> AttackView:
    """Members' (a, b) pairs stand in the synthetic set, with everything else fresh; c and d are left alone."""
    rng = np.random.default_rng(seed)
    queries, synthetic, reference = (rng.standard_normal((n, 4)) for n in (40, 80, 400))
    synthetic[:, :2] = np.tile(queries[:20, :2], (4, 1))
    known = {"features": ("a", "b", "c", "d"), "edges": (("a", "b", 1), ("c", "d", 0), ("a", "a", 1), ("a", "x", 1))}
    return AttackView(queries, synthetic, reference, **known)


def test_edges_are_those_of_the_graph_between_features() -> None:
    assert known_edges(leaking_edge(0)).tolist() == [[0, 1], [2, 3]]


def test_the_edge_that_leaks_is_the_one_that_shows_it() -> None:
    found = []
    for seed in range(5):
        ((pairs, terms),) = contributions(leaking_edge(seed))
        assert pairs.tolist() == [[0, 1], [2, 3]]
        found.append([auc(term[:20], term[20:]) for term in terms.T])
    leaking, quiet = np.mean(found, axis=0)
    assert leaking > 0.625
    # The mean of five AUCs of 20 against 20 has standard deviation .041 under chance.
    assert abs(quiet - 0.5) < 0.125


def donors_view(seed: int) -> tuple[AttackView, np.ndarray]:
    """Eight donors of 20 cells, each with means of its own, and two types; the synthetic set is made of four donors."""
    rng = np.random.default_rng(seed)
    kinds = np.array(["t", "b"])[rng.integers(2, size=160)]
    donors = np.repeat(np.arange(8), 20)
    effects = 0.4 * rng.standard_normal((8, 60))
    cells = rng.standard_normal((160, 60)) + effects[donors] + 3 * (kinds == "b")[:, None]
    made_of = rng.integers(4, size=300)
    made_kinds = np.array(["t", "b"])[rng.integers(2, size=300)]
    made = rng.standard_normal((300, 60)) + effects[made_of] + 3 * (made_kinds == "b")[:, None]
    other_kinds = np.array(["t", "b"])[rng.integers(2, size=300)]
    others = 1.08 * rng.standard_normal((300, 60)) + 3 * (other_kinds == "b")[:, None]
    view = AttackView(
        cells, made, others, query_labels=kinds, synthetic_labels=made_kinds, reference_labels=other_kinds
    )
    return view, donors.astype(str)


def test_a_donor_is_found_by_the_mean_of_its_cells() -> None:
    view, donors = donors_view(0)
    attack = ATTACKS["copula"]
    cells, means = attack.scores(view), attack.scores(replace(view, query_donors=donors))
    assert len(np.unique(means)) == 8
    assert auc(means[:80], means[80:]) > auc(cells[:80], cells[80:]) > 0.5
    assert auc(means[:80], means[80:]) > 0.9


def test_a_type_that_is_rare_is_judged_by_all_records() -> None:
    view, _ = donors_view(1)
    assert view.query_labels is not None
    rare = view.query_labels.copy()
    rare[:5] = "never seen"
    scores = ATTACKS["copula"].scores(replace(view, query_labels=rare))
    assert np.isfinite(scores).all()
    assert len(np.unique(scores[:5])) == 5


@pytest.mark.parametrize("name", ["classifier", "logan"])
def test_a_discriminator_that_remembers_finds_what_a_line_cannot(name: str) -> None:
    """Each member is there ten times over: the sets have the same mean and spread."""
    rng = np.random.default_rng(0)
    members, others = rng.standard_normal((2, 60, 15))
    view = AttackView(np.concatenate([members, others]), np.repeat(members, 10, axis=0), rng.standard_normal((600, 15)))
    values = ATTACKS[name].scores(view)
    assert auc(values[:60], values[60:]) > 0.8


def test_the_ensemble_rehearses_on_the_reference_alone() -> None:
    """Whoever is judged, the rehearsal is the same, and what it makes lies between its own members."""
    view = make_view(leak=True)
    assert view.reference is not None
    shadow, inside = rehearsal(view, seed=0)
    other, _ = rehearsal(replace(view, queries=view.queries[:7]), seed=0)
    np.testing.assert_array_equal(shadow.synthetic, other.synthetic)
    assert len(shadow.synthetic) == len(view.synthetic)
    known = {record.tobytes() for record in view.reference}
    assert shadow.reference is not None
    parts = [{record.tobytes() for record in part} for part in (shadow.queries, shadow.reference)]
    assert parts[0] | parts[1] == known
    assert not parts[0] & parts[1]
    made = nearest(shadow.synthetic, shadow.queries[inside], 1).distances.mean()
    assert made < nearest(shadow.synthetic, shadow.queries[~inside], 1).distances.mean()
