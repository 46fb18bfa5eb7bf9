"""The pieces that generators are made of."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort import make_cohort, to_dense
from conditioned_gen.axes import public_view, regulon_axes
from conditioned_gen.hellinger import RootMeans, root_proportions
from conditioned_gen.networks import CausalNetwork
from conditioned_gen.networks.causal import held_deviation
from conditioned_gen.sampling import draw_labels
from conditioned_gen.shrinkage import shrink, shrink_along, shrink_towards
from kg import GRN
from prisyn_base import InputError


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 10**6), min_size=4, max_size=4), min_size=1, max_size=5))
def test_root_proportions_have_norm_one_or_zero_whatever_the_counts(rows):
    roots = root_proportions(sp.csr_matrix(np.array(rows, dtype=float)))
    norms = np.linalg.norm(roots, axis=1)
    assert np.allclose(norms, [1.0 if sum(row) else 0.0 for row in rows])


@pytest.mark.parametrize(("log_mean", "log_sd"), [(5.0, 0.3), (6.5, 0.3), (9.5, 0.6)])
def test_mean_roots_are_those_of_simulated_cells_and_invert(log_mean, log_sd):
    table = RootMeans(log_mean, log_sd)
    rng = np.random.default_rng(0)
    proportions = np.array([1e-4, 1e-3, 0.01, 0.1, 0.4])
    libraries = np.exp(log_mean + log_sd * rng.standard_normal(200_000))
    simulated = np.sqrt(rng.poisson(libraries[:, None] * proportions) / libraries[:, None]).mean(axis=0)
    assert table.expected(proportions) == pytest.approx(simulated, rel=0.02)
    assert table.proportions(table.expected(proportions)) == pytest.approx(proportions, rel=1e-9)
    assert table.proportions(np.array([-0.1])) == 0


def test_shrinkage_takes_out_noise_and_keeps_markers():
    rng = np.random.default_rng(0)
    truth = np.zeros((6, 500))
    truth[0, :10], truth[1:3, 10:30] = 9.0, 6.0
    noisy = truth + rng.standard_normal(truth.shape)
    shrunk = shrink(noisy)
    assert np.sum((shrunk - truth) ** 2) < 0.25 * np.sum((noisy - truth) ** 2)
    assert shrunk[0, :10].mean() > 7.5


def test_pure_noise_is_shrunk_to_nearly_nothing():
    noise = np.random.default_rng(1).standard_normal((8, 1000))
    assert np.mean(shrink(noise) ** 2) < 0.05


def test_related_types_lend_each_other_strength():
    rng = np.random.default_rng(2)
    profile = rng.standard_normal(400) * 1.5 * (rng.random(400) < 0.3)
    truth = np.vstack([profile] * 6)
    noisy = truth + rng.standard_normal(truth.shape)
    together = np.mean((shrink(noisy)[0] - truth[0]) ** 2)
    alone = np.mean((shrink(noisy[:1])[0] - truth[0]) ** 2)
    assert together < 0.7 * alone


def test_axes_that_carry_the_signal_help_and_none_are_needed():
    rng = np.random.default_rng(3)
    axes = np.linalg.qr(rng.standard_normal((600, 5)))[0]
    truth = rng.standard_normal((6, 5)) * 8 @ axes.T
    noisy = truth + rng.standard_normal(truth.shape)
    along = np.mean((shrink_along(noisy, axes) - truth) ** 2)
    assert along < 0.5 * np.mean((shrink_along(noisy, None) - truth) ** 2)


def test_a_prior_helps_where_noise_is_large_and_does_not_mislead_where_it_is_small():
    rng = np.random.default_rng(0)
    prior = rng.gamma(0.5, 0.05, 2000)
    truth = prior * rng.lognormal(0.0, 0.2, 2000)
    for noise, gain in ((0.02, 0.3), (0.0005, 1.01)):
        observed = truth + noise * rng.standard_normal(2000)
        drawn = shrink_towards(observed, prior, noise)
        assert np.mean((drawn - truth) ** 2) < gain * np.mean((observed - truth) ** 2)


def test_a_prior_that_is_wrong_or_lacking_changes_little():
    rng = np.random.default_rng(0)
    truth = rng.gamma(0.5, 0.05, 2000)
    observed = truth + 0.001 * rng.standard_normal(2000)
    wrong = shrink_towards(observed, rng.permutation(truth), 0.001)
    assert np.mean((wrong - truth) ** 2) < 1.05 * np.mean((observed - truth) ** 2)
    assert np.array_equal(shrink_towards(observed, np.full(2000, np.nan), 0.001), observed)


def test_axes_are_orthonormal_and_absent_where_the_graph_has_no_regulons(cells, grn):
    for axes in (public_view(cells, cells.genes).axes, regulon_axes(grn, cells.genes)):
        assert axes is not None
        assert np.allclose(axes.T @ axes, np.eye(axes.shape[1]), atol=1e-6)
    assert regulon_axes(GRN.from_evidence([]), cells.genes) is None


def network(grn, genes, gain=0.8) -> CausalNetwork:
    return CausalNetwork.from_grn(grn, genes, gain=gain, spread=0.35)


def test_the_jacobian_is_zero_wherever_the_graph_has_no_path(grn):
    genes = ["SPI1", "FCER1A", "IL1B", "LYZ", "GATA2", "CST3", "NKG7"]
    net = network(grn, genes)
    jacobian = net.propagate(np.eye(len(genes)))
    reach = np.array([[target in net.descendants(source) for source in range(7)] for target in range(7)])
    assert np.all((jacobian != 0) == reach)
    assert reach[genes.index("LYZ"), genes.index("GATA2")]
    assert not reach[genes.index("CST3")].sum() > 1


def test_the_direct_effect_of_a_gene_is_its_edge_and_nothing_else(grn):
    """Holding all genes but one, that one moves with its regulators' held values by exactly the edge weights."""
    genes = ["SPI1", "FCER1A", "IL1B", "LYZ", "GATA2", "CST3"]
    net = network(grn, genes)
    for target in range(len(genes)):
        others = [gene for gene in range(len(genes)) if gene != target]
        base = net.propagate(np.zeros((6, 1)), held=dict.fromkeys(others, 0.0))[target, 0]
        for source in others:
            moved = net.propagate(np.zeros((6, 1)), held={**dict.fromkeys(others, 0.0), source: 1.0})[target, 0]
            assert moved - base == pytest.approx(net.weights[target, source])


def test_a_repressor_lowers_and_an_activator_raises_its_target(grn):
    genes = ["SPI1", "GATA2", "IL1B"]
    net = network(grn, genes)
    down = net.propagate(np.zeros((3, 1)), held={1: held_deviation(2.0)})
    assert down[0, 0] < 0
    up = net.propagate(np.zeros((3, 1)), held={0: held_deviation(2.0)})
    assert up[2, 0] > 0


def test_feedback_never_blows_up(edge):
    genes = [f"G{i}" for i in range(30)]
    loop = GRN.from_evidence([edge(a, b) for a in genes for b in genes if a != b])
    net = CausalNetwork.from_grn(loop, genes, gain=1.0, spread=0.35)
    assert np.abs(net.propagate(np.ones((30, 1)))).max() <= 2.0 + 1e-9


def test_weights_take_memory_by_the_edge_and_not_by_genes_squared(grn):
    genes = [f"gene-{i}" for i in range(50_000)]
    genes[:3] = ["SPI1", "IL1B", "LYZ"]
    net = network(grn, genes)
    held = net.weights.data.nbytes + net.weights.indices.nbytes
    assert net.edges == 1
    assert held < 100


def test_labels_meet_the_released_proportions_and_every_type_is_there():
    counts = np.array([700.0, 295.0, 1.0])
    drawn = draw_labels(100, None, ("a", "b", "c"), counts, unit="cell")
    assert [drawn.count(t) for t in "abc"] == [69, 30, 1]
    assert len(draw_labels(None, None, ("a", "b", "c"), counts, unit="cell")) == 996
    with pytest.raises(InputError, match="only donors were counted"):
        draw_labels(None, None, ("a",), counts[:1], unit="donor")
    with pytest.raises(InputError, match="types the model knows"):
        draw_labels(None, ["z"], ("a",), counts[:1], unit="cell")


def test_public_genes_that_are_missing_have_no_loading(cells):
    fewer = make_cohort(to_dense(cells.counts)[:, 5:], genes=cells.genes[5:])
    view = public_view(fewer, cells.genes)
    assert np.all(view.axes[:5] == 0)
    assert np.isnan(view.middle[:5]).all()
    assert np.isfinite(view.middle[5:]).all()
