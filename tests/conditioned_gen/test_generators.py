"""What every generator promises, and what the flagship promises beside."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from cohort import PBMC68K_TYPES, Cohort, to_dense
from conditioned_gen import Block, Fitted, PrivateCohort, Records, generator, load, methods
from conditioned_gen.ensemble import EnsembleSettings
from conditioned_gen.generators._cvae import ConditionalVae, per_record_loss
from conditioned_gen.generators._guided import Loop
from conditioned_gen.generators.copula import Copula
from conditioned_gen.generators.dp_cvae import DpCvae
from conditioned_gen.generators.dp_gan import DpGan
from conditioned_gen.generators.dp_merf import DpMerf
from conditioned_gen.generators.dp_sinkhorn import DpSinkhorn
from conditioned_gen.generators.grn_causal import GrnCausal
from conditioned_gen.generators.grn_subspace import GrnSubspace
from conditioned_gen.generators.gs_wgan import GsWgan
from conditioned_gen.generators.marginals import MarginalModel
from conditioned_gen.generators.negative_binomial import NegativeBinomial
from conditioned_gen.generators.pate_gan import PateGan
from conditioned_gen.generators.psg import Psg
from conditioned_gen.generators.ron_gauss import RonGauss
from conditioned_gen.generators.vae import Vae
from conditioned_gen.generators.wgan_gp import WganGp
from conditioned_gen.gradients import clipped_gradient_sum
from conditioned_gen.mechanisms import GRID_BITS
from conditioned_gen.networks.training import Training
from prisyn_base import InputError

LOOP = Loop(steps=3, batch=16, hidden=8, latent=2)
SHARED = EnsembleSettings(members=4, rounds=2, warm_up=1, hidden=4, batch=4)
QUICK = {
    "copula": Copula(),
    "dp_cvae": DpCvae(hidden=8, latent=2, steps=4),
    "dp_gan": DpGan(hidden=8, critic_hidden=4, latent=2, steps=4),
    "dp_merf": DpMerf(features=20, hidden=8, latent=2, steps=4),
    "dp_sinkhorn": DpSinkhorn(loop=LOOP),
    "grn_causal": GrnCausal(training=Training(latent=2, width=8, hidden=1, steps=4)),
    "grn_subspace": GrnSubspace(),
    "gs_wgan": GsWgan(loop=LOOP, critics=SHARED),
    "marginals": MarginalModel(),
    "negative_binomial": NegativeBinomial(),
    "pate_gan": PateGan(loop=LOOP, teachers=SHARED),
    "psg": Psg(size=2, hidden=4, steps=4, run=2),
    "ron_gauss": RonGauss(dimensions=8),
    "vae": Vae(hidden=8, latent=2, steps=4),
    "wgan_gp": WganGp(hidden=8, critic_hidden=8, latent=2, steps=2),
}
NAMES = [method.name for method in methods() if "cells" in method.cohorts]
OPEN = [method.name for method in methods() if not method.units and "cells" in method.cohorts]
PRIVATE = [name for name in NAMES if name not in OPEN]


@pytest.fixture(scope="module", params=NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def fitted(name, members, grn) -> Fitted:
    return _fit(name, members, grn)


@pytest.fixture(scope="module", params=PRIVATE)
def private_name(request) -> str:
    return request.param


def _fit(name, members, grn, **options) -> Fitted:
    promise = {"epsilon": math.inf if name in OPEN else 5.0, "delta": 1e-5}
    settings = {**promise, "types": PBMC68K_TYPES, "noise_seed": 7, **options}
    return QUICK[name].fit(PrivateCohort(members, **settings), grn=grn, seed=0)


def test_every_method_has_quick_settings_here():
    assert set(QUICK) == set(NAMES)
    assert all(type(generator(name)) is type(QUICK[name]) for name in NAMES)


def test_the_panel_and_all_types_come_out_as_raw_counts(fitted, members):
    synthetic = fitted.sample(seed=1)
    assert synthetic.genes == members.genes
    assert synthetic.types == PBMC68K_TYPES
    values = synthetic.counts.data
    assert np.array_equal(values, np.rint(values))
    assert values.min() >= 0
    assert 0.8 * len(members) < len(synthetic) < 1.2 * len(members)


def test_the_column_of_types_keeps_its_name(name, members, grn):
    renamed = Cohort(members.adata.copy(), label="kind")
    renamed.adata.obs = renamed.adata.obs.rename(columns={"cell_type": "kind"})
    assert _fit(name, renamed, grn).sample(20, seed=0).label == "kind"


def test_the_ledger_composes_to_the_promise_and_not_beyond(fitted, name):
    promised = math.inf if name in OPEN else 5.0
    assert 0.98 * promised <= fitted.ledger.epsilon <= promised == fitted.ledger.budget_epsilon
    assert not fitted.ledger.private


@pytest.mark.parametrize("name", OPEN)
def test_a_method_that_protects_nobody_makes_no_promise(name, members, grn):
    with pytest.raises(InputError, match="protects nobody"):
        _fit(name, members, grn, epsilon=5.0)


def test_the_same_seeds_give_the_same_cohort_and_others_another(fitted, name, members, grn):
    one, two = fitted.sample(50, seed=1), _fit(name, members, grn).sample(50, seed=1)
    assert (one.counts != two.counts).nnz == 0
    assert (one.counts != fitted.sample(50, seed=2).counts).nnz > 0
    other = _fit(name, members, grn, noise_seed=8).sample(50, seed=1)
    assert ((one.counts != other.counts).nnz > 0) == (name in PRIVATE)


def test_noise_is_fresh_where_no_seed_is_given(private_name, members, grn):
    one, two = (_fit(private_name, members, grn, noise_seed=None) for _ in range(2))
    assert one.ledger.private
    assert (one.sample(50, seed=1).counts != two.sample(50, seed=1).counts).nnz > 0


def test_what_was_saved_is_what_is_loaded(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.ledger == fitted.ledger
    assert (again.sample(40, seed=3).counts != fitted.sample(40, seed=3).counts).nnz == 0
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == ["model.json", "model.safetensors"]


def test_a_model_that_was_tampered_with_or_is_of_another_version_is_refused(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    original = weights.read_bytes()
    weights.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
    with pytest.raises(InputError, match="do not match"):
        load(tmp_path / "model")
    weights.write_bytes(original)
    description = json.loads((tmp_path / "model" / "model.json").read_text())
    (tmp_path / "model" / "model.json").write_text(json.dumps({**description, "schema": 99}))
    with pytest.raises(InputError, match="schema 99"):
        load(tmp_path / "model")
    with pytest.raises(InputError, match=r"no model\.json"):
        load(tmp_path)


def test_asking_for_types_or_genes_that_are_not_there_names_them(fitted):
    with pytest.raises(InputError, match=r"did you mean .*SPI1"):
        fitted.sample(10, do={"SPI": 0.0}, seed=0)
    with pytest.raises(InputError, match="Neuron"):
        fitted.sample(labels=["Neuron"], seed=0)
    with pytest.raises(InputError, match="at least 1"):
        fitted.sample(0, seed=0)


def test_a_neighbouring_cohort_changes_nothing_but_the_barriers_outputs(private_name, members, grn):
    """With the noise seeded, the releases of neighbouring cohorts have the same shape, noise and ledger."""
    whole, less = (_fit(private_name, some, grn) for some in (members, members.subset(np.arange(1, len(members)))))
    assert whole.ledger == less.ledger
    conditioned = private_name in {"grn_causal", "grn_subspace", "marginals"}
    assert any("graph" in what for what in whole.ledger.public) == conditioned
    assert (whole.genes, whole.types) == (less.genes, less.types)


class Overheard(PrivateCohort):
    """A barrier that keeps the functions it was asked to run on private records."""

    blocks: list[Block]

    def release_sum(self, name, blocks, *, share):
        self.__dict__.setdefault("blocks", []).extend(blocks)
        return super().release_sum(name, blocks, share=share)


def test_what_a_generator_runs_on_records_treats_each_record_by_itself(private_name, members, grn):
    _treats_each_by_itself(private_name, members, grn, public=None)


@pytest.mark.parametrize("epsilon", [1, 50])
def test_so_it_does_where_public_cells_help(members, others, grn, epsilon):
    blocks = _treats_each_by_itself("grn_subspace", members, grn, public=others, epsilon=epsilon)
    assert ("deviations" in blocks) == (epsilon > 1)


def _treats_each_by_itself(name, members, grn, *, public, epsilon=5.0) -> list[str]:
    private = Overheard(members, epsilon=epsilon, delta=1e-5, types=PBMC68K_TYPES, noise_seed=7)
    QUICK[name].fit(private, grn=grn, public=public, seed=0)
    codes = np.array([PBMC68K_TYPES.index(label) for label in members.labels])
    assert private.blocks
    for block in private.blocks:
        together = np.asarray(block.of(Records(members.counts, codes)))
        for row in (0, 7, len(members) - 1):
            alone = np.asarray(block.of(Records(members.counts[[row]], codes[[row]])))
            assert np.array_equal(alone[0], together[row]), block.name
    return [block.name for block in private.blocks]


@pytest.mark.parametrize("row", [0, 11, -1])
def test_removing_a_record_moves_a_sum_of_real_gradients_by_at_most_the_clip(members, row):
    """The record's own secret draw goes with it; everybody else's stays theirs."""
    from opacus import GradSampleModule

    settings = QUICK["dp_cvae"]
    torch.manual_seed(0)
    module = ConditionalVae(len(members.genes), len(PBMC68K_TYPES), hidden=8, latent=2)
    wrapped = GradSampleModule(module, loss_reduction="sum")
    codes = np.array([PBMC68K_TYPES.index(label) for label in members.labels])[:40]
    draws = np.random.default_rng(0).standard_normal((40, 2))
    kept = np.delete(np.arange(40), row)

    def summed(rows):
        records = Records(members.counts[rows], codes[rows])
        return clipped_gradient_sum(wrapped, per_record_loss, records, draws[rows], clip=settings.clip)

    distance = np.linalg.norm((summed(np.arange(40)) - summed(kept)) / 2.0**GRID_BITS)
    assert 0.01 < distance <= 1 + 1e-3


def test_a_channel_gives_out_the_steps_that_were_charged_and_no_more(members):
    private = PrivateCohort(members, epsilon=5, delta=1e-5, types=PBMC68K_TYPES, noise_seed=7)
    module = ConditionalVae(len(members.genes), len(PBMC68K_TYPES), hidden=4, latent=2)
    channel = private.model_steps(module, steps=2, sample_rate=0.01, clip=1.0, draws=2)
    size = sum(p.numel() for p in module.parameters())
    assert private.ledger.entries[-1].coordinates == size
    for _ in range(2):
        assert sum(piece.numel() for piece in channel.step(per_record_loss)) == size
    with pytest.raises(RuntimeError, match="have been taken"):
        channel.step(per_record_loss)


def test_a_record_that_is_no_cell_at_all_cannot_move_the_flagship_far(members, grn):
    """A canary a million counts deep in one gene is bounded like any other record."""
    adata = members.adata.copy()
    dense = to_dense(adata.X)
    dense[0] = 0
    dense[0, 3] = 1_000_000
    adata.X = dense
    canary = _fit("grn_subspace", Cohort(adata, label=members.label), grn)
    plain = _fit("grn_subspace", members, grn)
    assert np.abs(canary.counts - plain.counts).max() < 5  # type: ignore[attr-defined]
    moved = np.abs(canary.proportions - plain.proportions).sum(axis=1)  # type: ignore[attr-defined]
    assert moved.max() < 0.2


def test_an_intervention_changes_what_it_reaches_and_nothing_else(members, grn):
    fitted = _fit("grn_subspace", members, grn)
    before, after = fitted.sample(seed=5), fitted.sample(do={"SPI1": 0.0}, seed=5)
    changed = np.flatnonzero((to_dense(before.counts) != to_dense(after.counts)).any(axis=0))
    spi1 = members.genes.index("SPI1")
    assert spi1 in changed
    assert set(changed) <= set(fitted.network.descendants(spi1))  # type: ignore[attr-defined]
    assert to_dense(after.counts)[:, spi1].sum() == 0
    il1b = members.genes.index("IL1B")
    assert to_dense(after.counts)[:, il1b].sum() < to_dense(before.counts)[:, il1b].sum()


def test_types_that_are_bought_leave_a_whole_fit_within_the_promise(private_name, members, grn):
    fitted = _fit(private_name, members, grn, types=None)
    assert "Dendritic" in fitted.types
    assert "CD34+" not in fitted.types
    assert 4.9 < fitted.ledger.epsilon <= 5.0
    assert set(fitted.sample(60, seed=0).types) == set(fitted.types)


def test_public_cells_guide_the_flagship_and_cost_nothing(members, cells, grn):
    private = PrivateCohort(members, epsilon=5, delta=1e-5, types=PBMC68K_TYPES, noise_seed=7)
    fitted = GrnSubspace().fit(private, grn=grn, public=cells, seed=0)
    assert fitted.settings["axes_from"] == "public cells"
    assert fitted.ledger.epsilon <= 5.0


def test_with_much_budget_the_flagship_finds_the_types_means(members, grn):
    fitted = _fit("grn_subspace", members, grn, epsilon=1e4)
    monocytes = members.labels == "CD14+ Monocyte"
    profile = np.asarray(members.counts[monocytes].sum(axis=0)).ravel()
    released = fitted.proportions[fitted.types.index("CD14+ Monocyte")]  # type: ignore[attr-defined]
    assert np.corrcoef(np.sqrt(profile / profile.sum()), np.sqrt(released))[0, 1] > 0.99


def test_methods_say_where_the_barrier_stands():
    assert {method.name: method.place for method in methods() if "cells" in method.cohorts} == {
        "copula": "none",
        "dp_cvae": "own parameters",
        "dp_gan": "critic",
        "dp_merf": "measurements",
        "dp_sinkhorn": "sample gradients",
        "grn_causal": "measurements",
        "grn_subspace": "measurements",
        "gs_wgan": "sample gradients",
        "marginals": "measurements",
        "negative_binomial": "none",
        "pate_gan": "critic",
        "psg": "own parameters",
        "ron_gauss": "measurements",
        "vae": "none",
        "wgan_gp": "none",
    }
    with pytest.raises(InputError, match="dp_cvae, dp_gan, "):
        generator("gan")


def test_donors_are_refused_where_a_method_protects_cells_alone(members, grn):
    adata = members.adata.copy()
    adata.obs["donor"] = [f"d{row % 9}" for row in range(len(members))]
    cohort = Cohort(adata, label=members.label, donor="donor")
    with pytest.raises(InputError, match="choose grn_subspace"):
        _fit("dp_cvae", cohort, grn, unit="donor")
    fitted = _fit("grn_subspace", cohort, grn, unit="donor")
    assert "all cells of one donor" in fitted.ledger.statement()
    assert len(fitted.sample(30, seed=0)) == 30
