"""The trained causal network as a generator: what it may look at, and what an intervention moves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cohort import PBMC68K_TYPES, make_cohort, to_dense
from conditioned_gen import PrivateCohort, load
from conditioned_gen.generators.grn_causal import GrnCausal
from conditioned_gen.networks.training import Training

QUICK = GrnCausal(training=Training(latent=3, width=8, hidden=2, steps=40))


def promised(members, epsilon) -> PrivateCohort:
    return PrivateCohort(members, epsilon=epsilon, delta=1e-5, types=PBMC68K_TYPES, noise_seed=7)


@pytest.fixture(scope="module", params=["nothing promised", "public cells", "a release alone"])
def fitted(request, members, others, grn):
    private = promised(members, math.inf if request.param == "nothing promised" else 5.0)
    return QUICK.fit(private, grn=grn, public=others if request.param == "public cells" else None, seed=0)


def test_an_intervention_changes_what_it_reaches_and_nothing_else(fitted, members):
    before, after = fitted.sample(200, seed=5), fitted.sample(200, do={"SPI1": 0.0}, seed=5)
    changed = np.flatnonzero((to_dense(before.counts) != to_dense(after.counts)).any(axis=0))
    names = {members.genes[gene] for gene in changed}
    assert "SPI1" in names
    assert names <= {"SPI1", "FCER1A", "IL1B", "LYZ", "GATA2"}
    assert to_dense(after.counts)[:, members.genes.index("SPI1")].sum() == 0


def test_a_gene_held_at_a_multiple_of_its_level_has_that_multiple(fitted, members):
    gene = members.genes.index("LYZ")
    means = [float(to_dense(fitted.sample(3000, do={"LYZ": fold}, seed=1).counts)[:, gene].mean()) for fold in (1, 3)]
    assert means[1] == pytest.approx(3 * means[0], rel=0.1)


def test_a_model_of_any_of_its_modes_is_loaded_as_it_was_saved(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert (
        again.sample(40, do={"SPI1": 2.0}, seed=3).counts != fitted.sample(40, do={"SPI1": 2.0}, seed=3).counts
    ).nnz == 0


def test_what_was_promised_is_in_the_ledger(fitted):
    if math.isinf(fitted.ledger.budget_epsilon):
        assert "NO PRIVACY" in fitted.ledger.statement()
    else:
        assert 4.9 < fitted.ledger.epsilon <= 5.0


def test_a_promise_keeps_the_released_levels(members, others, grn):
    """Whatever the network does to cells, a gene's mean in a type stays what was released."""
    fitted = QUICK.fit(promised(members, 1e4), grn=grn, public=others, seed=0)
    monocytes = fitted.sample(labels=["CD14+ Monocyte"] * 3000, seed=0)
    profile = np.asarray(monocytes.counts.sum(axis=0)).ravel()
    released = QUICK.release.fit(promised(members, 1e4), grn=grn, public=others, seed=0)
    expected = released.proportions[PBMC68K_TYPES.index("CD14+ Monocyte")]
    assert np.corrcoef(np.sqrt(profile / profile.sum()), np.sqrt(expected))[0, 1] > 0.995


def test_public_cells_that_lack_genes_of_the_panel_will_do(members, others, grn):
    fewer = make_cohort(to_dense(others.counts)[:, 50:], genes=others.genes[50:])
    sampled = QUICK.fit(promised(members, 5.0), grn=grn, public=fewer, seed=0).sample(50, seed=0)
    assert sampled.genes == members.genes
    assert np.isfinite(sampled.counts.data).all()


def test_a_graph_without_edges_here_is_no_obstacle(members, others, grn):
    empty = grn.of([])
    for epsilon, public in ((math.inf, None), (5.0, others), (5.0, None)):
        assert len(QUICK.fit(promised(members, epsilon), grn=empty, public=public, seed=0).sample(20, seed=0)) == 20
