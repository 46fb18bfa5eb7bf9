"""Gradients at generated samples and teachers' votes: bounded, noised, charged, and their judges stay inside."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from cohort import PBMC68K_TYPES, Cohort
from conditioned_gen.calibration import calibrated
from conditioned_gen.ensemble import Ensemble, EnsembleSettings
from conditioned_gen.generators._guided import Loop, start_from_public
from conditioned_gen.generators._network import ConditionalGenerator
from conditioned_gen.generators.dp_sinkhorn import DpSinkhorn, sinkhorn_divergence, transport
from conditioned_gen.generators.gs_wgan import GsWgan
from conditioned_gen.generators.pate_gan import PateGan
from conditioned_gen.ledger import Entry, Ledger
from conditioned_gen.mechanisms import Noise
from conditioned_gen.representation import CellVectors
from conditioned_gen.sample_gradients import CriticGradients, LossGradients
from conditioned_gen.sums import Records
from conditioned_gen.units import Units
from conditioned_gen.votes import VoteChannel
from kg import GRN

SMALL = EnsembleSettings(members=6, rounds=2, warm_up=2, hidden=4, batch=4)
SAMPLES = 5
LOSS = sinkhorn_divergence(blur=0.05, across=2.0, iterations=10)
LOOP = Loop(steps=3, batch=16, hidden=8, latent=2)
SHARES = np.arange(60) % SMALL.members


def units(cohort: Cohort, rows) -> Units:
    codes = np.array([PBMC68K_TYPES.index(label) for label in cohort.labels])
    records = Records(cohort.counts[rows], codes[rows])
    return Units(records, np.arange(len(rows)), len(rows), CellVectors(cohort.genes))


def shown(cohort: Cohort) -> tuple[torch.Tensor, torch.Tensor]:
    """Some vectors to be judged: cells that are in nobody's share."""
    return units(cohort, np.arange(100, 100 + SAMPLES)).batch(np.arange(SAMPLES))


def entry(cohort: Cohort, sensitivity: float, *, noise: float = 1e-3, rate: float = 1.0, steps: int = 3) -> Entry:
    return Entry("test", sensitivity, noise, SAMPLES * (len(cohort.genes) + 1), steps, rate)


def ensemble(some: Units, shares, loss="wasserstein") -> Ensemble:
    return Ensemble(some, shares, types=len(PBMC68K_TYPES), settings=SMALL, loss=loss, seed=0)


def far(cohort: Cohort) -> Cohort:
    """The cohort with record 59 turned into a million counts of one gene."""
    adata = cohort.adata.copy()
    dense = adata.X.toarray()
    dense[59] = 0
    dense[59, 3] = 1_000_000
    adata.X = dense
    return Cohort(adata, label=cohort.label)


@pytest.mark.parametrize("extreme", [False, True])
def test_one_record_more_moves_a_clipped_loss_by_at_most_twice_the_clip(members, extreme):
    cohort = far(members) if extreme else members
    for clip in (1e-3, 1e3):
        made = [
            LossGradients(LOSS, units(cohort, np.arange(n)), Noise(1), entry(cohort, 2 * clip)).step(*shown(members))
            for n in (60, 59)
        ]
        assert 0 < torch.linalg.vector_norm(made[0] - made[1]) <= 2 * clip


def test_a_loss_that_answers_the_opposite_reaches_twice_the_clip_and_no_more(members):
    """The worst pair: one record turns the gradient round. A bound of one clip would have been wrong."""

    def contrary(samples, types, private, private_types):
        return (1e6 if len(private) == 60 else -1e6) * samples.sum()

    made = [
        LossGradients(contrary, units(members, np.arange(n)), Noise(1), entry(members, 2.0)).step(*shown(members))
        for n in (60, 59)
    ]
    assert float(torch.linalg.vector_norm(made[0] - made[1])) == pytest.approx(2.0, abs=1e-3)


def test_an_empty_subsample_is_as_noisy_as_any_other(members):
    channel = LossGradients(LOSS, units(members, np.arange(60)), Noise(1), entry(members, 2.0, noise=3.0, rate=1e-9))
    assert float(channel.step(*shown(members)).std()) == pytest.approx(3.0, rel=0.05)
    critics = ensemble(units(members, np.arange(60)), SHARES)
    bound = 2 * math.sqrt(SAMPLES)
    asked = CriticGradients(critics, SMALL.members, Noise(1), entry(members, bound, noise=3.0, rate=1e-9))
    assert float(asked.step(*shown(members)).std()) == pytest.approx(3.0, rel=0.05)
    nobody = LossGradients(LOSS, units(members, np.arange(0)), Noise(1), entry(members, 2.0, noise=3.0))
    assert float(nobody.step(*shown(members)).std()) == pytest.approx(3.0, rel=0.05)


def test_a_gradient_that_is_not_finite_says_nothing(members):
    def broken(samples, types, private, private_types):
        return samples.sum() * math.inf

    channel = LossGradients(broken, units(members, np.arange(60)), Noise(1), entry(members, 2.0))
    assert float(channel.step(*shown(members)).abs().max()) < 0.01


@pytest.mark.parametrize("extreme", [False, True])
def test_one_record_more_changes_the_critic_of_its_share_and_no_other(members, extreme):
    cohort = far(members) if extreme else members
    found = []
    for n in (60, 59):
        critics = ensemble(units(cohort, np.arange(n)), SHARES[:n])
        for _ in range(4):
            critics.train(*shown(members))
        found.append(critics.slopes(*shown(members), np.ones(SMALL.members, dtype=bool)))
    moved = (found[0] != found[1]).flatten(1).any(dim=1).numpy()
    assert moved.tolist() == [False, False, False, False, False, True]


def test_a_batch_of_a_critics_gradients_moves_by_at_most_twice_the_root_of_its_size(members):
    bound = 2 * math.sqrt(SAMPLES)
    made = []
    for n in (60, 59):
        critics = ensemble(units(far(members), np.arange(n)), SHARES[:n])
        made.append(CriticGradients(critics, SMALL.members, Noise(1), entry(members, bound)).step(*shown(members)))
    assert 0 < torch.linalg.vector_norm(made[0] - made[1]) <= bound


def test_each_samples_gradient_counts_for_at_most_one(members):
    """One chosen critic, however steep, gives rows of norm <= 1."""

    class Steep:
        def train(self, samples, types):
            pass

        def slopes(self, samples, types, chosen):
            return torch.ones((1, *samples.shape)) * 1e9

    asked = CriticGradients(Steep(), 1, Noise(1), entry(members, 2 * math.sqrt(SAMPLES), noise=1e-6))  # type: ignore[arg-type]
    assert torch.linalg.vector_norm(asked.step(*shown(members)), dim=1).numpy() == pytest.approx(1.0, abs=1e-3)


def test_critics_are_trained_alike_whomever_the_coins_choose(members):
    """Otherwise a critic would remember at which steps it was asked, and no step would be a fresh subsample."""
    states = []
    for coins in (1, 2):
        critics = ensemble(units(members, np.arange(60)), SHARES)
        channel = CriticGradients(
            critics, SMALL.members, Noise(coins), entry(members, 2 * math.sqrt(SAMPLES), rate=0.3)
        )
        for _ in range(3):
            channel.step(*shown(members))
        states.append(critics.scores(*shown(members)))
    assert torch.equal(*states)


def test_a_share_without_records_has_no_opinion(members):
    critics = ensemble(units(members, np.arange(59)), np.zeros(59, np.intp))
    critics.train(*shown(members))
    assert not critics.scores(*shown(members))[1:].any()
    assert not critics.slopes(*shown(members), np.arange(SMALL.members) > 0).any()
    nobody = ensemble(units(members, np.arange(0)), np.zeros(0, np.intp))
    nobody.train(*shown(members))
    assert not nobody.scores(*shown(members)).any()


def test_one_record_more_moves_each_count_of_votes_by_at_most_one(members):
    charged = Entry("votes", math.sqrt(SAMPLES), 1e-6, SAMPLES, 3)
    made = []
    for n in (60, 59):
        teachers = ensemble(units(far(members), np.arange(n)), SHARES[:n], loss="logistic")
        channel = VoteChannel(teachers, Noise(1), charged)
        made.append(np.array([channel.step(*shown(members)) for _ in range(3)]))
    assert np.abs(made[0] - made[1]).max() <= 1 + 1e-9
    assert np.allclose(made[0], np.rint(made[0]), atol=1e-4)


def test_votes_are_as_noisy_as_the_ledger_says(members, barrier):
    private = barrier(epsilon=1.0)
    channel = private.votes(SMALL, steps=200, samples=SAMPLES, seed=0)
    charged = private.ledger.entries[-1]
    assert charged.sensitivity == math.sqrt(SAMPLES)
    assert 0.99 < private.ledger.epsilon <= 1.0
    counts = np.concatenate([channel.step(*shown(members)) for _ in range(60)])
    assert counts.std() == pytest.approx(charged.noise, rel=0.15)


def test_channels_give_out_the_steps_that_were_charged_and_samples_of_the_size_that_was(members, barrier):
    options = {"steps": 2, "samples": SAMPLES}
    opened = [
        barrier(epsilon=math.inf).sample_gradients(LOSS, sample_rate=0.1, clip=1.0, **options),
        barrier(epsilon=math.inf).critic_gradients(SMALL, sample_rate=0.3, seed=0, **options),
        barrier(epsilon=math.inf).votes(SMALL, seed=0, **options),
    ]
    vectors, types = shown(members)
    for channel in opened:
        channel.step(vectors, types)
        with pytest.raises(ValueError, match="were charged"):
            channel.step(vectors[:2], types[:2])
        with pytest.raises(RuntimeError, match="have been taken"):
            channel.step(vectors, types)


def test_channels_show_nothing_but_their_step(barrier):
    options = {"steps": 2, "samples": SAMPLES}
    for channel in (
        barrier(epsilon=math.inf).sample_gradients(LOSS, sample_rate=0.1, clip=1.0, **options),
        barrier(epsilon=math.inf).critic_gradients(SMALL, sample_rate=0.3, seed=0, **options),
        barrier(epsilon=math.inf).votes(SMALL, seed=0, **options),
    ):
        assert [name for name in dir(channel) if not name.startswith("_")] == ["step"]


def test_shares_and_subsamples_are_of_donors_where_donors_are_the_unit(members, barrier):
    adata = members.adata.copy()
    adata.obs["donor"] = [f"d{row % 7}" for row in range(len(members))]
    cohort = Cohort(adata, label=members.label, donor="donor")
    seen: list[int] = []

    def loss(samples, types, private, private_types):
        seen.append(len(private))
        return samples.sum()

    private = barrier(cohort, unit="donor", epsilon=math.inf)
    channel = private.sample_gradients(loss, steps=20, samples=SAMPLES, sample_rate=0.5, clip=1.0)
    for _ in range(20):
        channel.step(*shown(members))
    sizes = np.bincount(np.arange(len(members)) % 7)
    assert len(set(seen)) > 3
    assert all(number >= sizes.min() for number in seen)


@pytest.mark.parametrize("name", ["dp_sinkhorn", "gs_wgan", "pate_gan"])
def test_the_product_holds_a_generator_and_counts_and_nothing_of_its_judges(members, cells, barrier, name):
    """No critic, teacher or student goes along, and no running statistics that nobody noised; public cells or none."""
    settings = {
        "dp_sinkhorn": DpSinkhorn(loop=LOOP),
        "gs_wgan": GsWgan(loop=LOOP, critics=SMALL),
        "pate_gan": PateGan(loop=LOOP, teachers=SMALL),
    }[name]
    for public in (None, cells):
        private = barrier(epsilon=math.inf)
        fitted = settings.fit(private, grn=GRN(), public=public, seed=0)
        layers = {f"{layer}.{kind}" for layer in ("first", "second", "last") for kind in ("weight", "bias")}
        assert set(fitted.network.state_dict()) == layers
        assert not list(fitted.network.buffers())
        assert len(private.ledger.entries) == 2
        assert any("cells of other people" in what for what in private.ledger.public) == (public is not None)
        assert len(fitted.sample(20, seed=0)) == 20


def test_with_public_cells_samples_move_along_their_axes_alone(members, cells, barrier):
    private = barrier(epsilon=math.inf)
    network = ConditionalGenerator(private.representation, len(private.types), latent=2, hidden=4)
    axes = start_from_public(network, private, cells)
    assert axes is not None
    assert np.allclose(axes.T @ axes, np.eye(axes.shape[1]), atol=1e-4)
    off = torch.eye(len(axes)) - torch.from_numpy(axes @ axes.T)
    start = off @ network.last.bias.detach()
    for parameter in network.last.parameters():
        parameter.data.normal_()
    assert torch.allclose(off @ network.last.bias.detach(), start, atol=1e-4)
    assert float((off @ network.last.weight.detach()).abs().max()) < 1e-4


def test_exchanges_cost_more_than_additions_of_half_and_less_than_additions_of_the_whole():
    """Additions of c, exchanges of c for c, and additions of 2 c, on subsamples, at the same noise."""

    def epsilon(sensitivity, exchanges):
        step = Entry("x", sensitivity, 1.5, 1, 100, 0.05, exchanges=exchanges)
        return Ledger("cell", 10.0, 1e-5, entries=[step]).epsilon

    assert epsilon(1.0, False) < epsilon(2.0, True) < epsilon(2.0, False)


def test_an_exchange_on_everything_is_the_gaussian_mechanism_of_the_whole_distance():
    plain = Entry("x", 2.0, 3.0, 1)
    ledgers = [
        Ledger("cell", 1.0, 1e-5, entries=[Entry("x", 2.0, 3.0, 1, 1, rate, exchanges=True)]) for rate in (1, 1 - 1e-9)
    ]
    for ledger in ledgers:
        assert ledger.epsilon == pytest.approx(Ledger("cell", 1.0, 1e-5, entries=[plain]).epsilon, rel=1e-3)


@pytest.mark.parametrize(("exchanges", "promise"), [(True, 2.0), (False, 10.0)])
def test_noise_is_the_least_that_keeps_the_promise(exchanges, promise):
    ledger = Ledger("cell", promise, 1e-5, entries=[Entry("before", 1.0, 20.0, 1)])
    found = calibrated(ledger, Entry("x", 2.0, 2.0, 1, 50, 0.05, exchanges=exchanges))
    assert 0.995 * promise < Ledger("cell", promise, 1e-5, entries=[*ledger.entries, found]).epsilon <= promise


def test_an_entropic_plan_between_equal_points_is_nearly_free_and_its_gradient_points_home():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    cost = torch.cdist(points, points) ** 2
    assert float(transport(cost, 0.01, 50)) == pytest.approx(0.0, abs=1e-6)
    types = torch.zeros(2, dtype=torch.int64)
    moved = (points + torch.tensor([[0.1, 0.0], [0.1, 0.0]])).requires_grad_()
    loss = sinkhorn_divergence(blur=0.01, across=2.0, iterations=100)
    (gradient,) = torch.autograd.grad(loss(moved, types, points, types), moved)
    assert gradient[:, 0].numpy() == pytest.approx([0.1, 0.1], abs=1e-3)
    assert gradient[:, 1].abs().max() < 1e-6
