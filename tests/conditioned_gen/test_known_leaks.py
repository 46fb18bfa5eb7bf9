"""Ten leaks that others' private generators have had; each test says how, and that ours do not leak in that way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from opacus import GradSampleModule
from torch import nn

from cohort import PBMC68K_TYPES, Cohort, make_cohort, to_dense
from conditioned_gen import PrivateCohort, Records, Release
from conditioned_gen.generators._critic import Critic
from conditioned_gen.generators.dp_gan import real_loss
from conditioned_gen.gradients import clipped_gradient_sum
from conditioned_gen.mechanisms import GRID_BITS
from conditioned_gen.representation import CellVectors
from tests.conditioned_gen.test_generators import PRIVATE, QUICK

GENES = [f"G{place}" for place in range(12)]


def tiny(labels: list[str], *, seed: int = 0) -> Cohort:
    counts = np.random.default_rng(seed).poisson(3.0, (len(labels), len(GENES)))
    return make_cohort(counts, genes=GENES, labels=labels)


def behind(cohort: Cohort, **options: Any) -> PrivateCohort:
    settings = {"epsilon": 5.0, "delta": 1e-5, "types": ("x", "y"), "noise_seed": 1, **options}
    return PrivateCohort(cohort, **settings)


def critic(seed: int = 0) -> Critic:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Critic(len(GENES) + 1, 2, hidden=4)


def test_1_gradients_are_clipped_record_by_record_and_not_as_a_batch():
    """One clip of the batch's gradient lets a record move everybody else's part, and by more than the noise is for."""
    view = CellVectors(tuple(GENES))
    one = tiny(["x"])
    module = GradSampleModule(critic(), loss_reduction="sum")

    def summed(copies: int) -> float:
        records = Records(one.counts[[0] * copies], np.zeros(copies, np.intp))
        whole = clipped_gradient_sum(module, real_loss(view), records, np.zeros((copies, 0)), clip=1e-3)
        return float(np.linalg.norm(whole / 2.0**GRID_BITS))

    assert [summed(copies) for copies in (1, 8)] == pytest.approx([1.0, 8.0], rel=1e-3)


class Deaf(PrivateCohort):
    """A barrier that charges for every release and hands out the same numbers whatever the records are."""

    def release_sum(self, name, blocks, *, share) -> Release:
        release = super().release_sum(name, blocks, share=share)
        rng = np.random.default_rng(0)
        made = {key: 50 + release.noise[key] * rng.standard_normal(value.shape) for key, value in release.sums.items()}
        return Release(made, release.noise)

    def model_steps(self, module, **options):
        return _DeafChannel(super().model_steps(module, **options))

    def sample_gradients(self, loss, **options):
        return _DeafChannel(super().sample_gradients(loss, **options))

    def critic_gradients(self, critics, **options):
        return _DeafChannel(super().critic_gradients(critics, **options))

    def votes(self, teachers, **options):
        return _DeafChannel(super().votes(teachers, **options))


class _DeafChannel:
    def __init__(self, channel) -> None:
        self._channel = channel
        self._rng = np.random.default_rng(1)

    def step(self, *arguments):
        given = self._channel.step(*arguments)
        if isinstance(given, list):
            return [self._like(piece) for piece in given]
        return self._like(given)

    def close(self) -> None:
        self._channel.close()

    def _like(self, piece):
        made = self._rng.standard_normal(tuple(piece.shape))
        return made if isinstance(piece, np.ndarray) else torch.from_numpy(made.astype(np.float32))


@pytest.mark.parametrize("name", PRIVATE)
def test_2_to_5_nothing_of_the_records_goes_round_the_barrier(name, members, others, grn):
    """Quantile edges and bin means, marginals beside a noised copula, clusters of raw cells, a kernel as wide as the
    median distance: none was paid for. Where all that passes the barrier is held, other cells make the same model."""
    few = others.subset(np.arange(0, len(others), 3))
    made = []
    for cohort in (members, few):
        private = Deaf(cohort, epsilon=5.0, delta=1e-5, types=PBMC68K_TYPES, noise_seed=7)
        made.append(QUICK[name].fit(private, grn=grn, seed=0))
    assert made[0].ledger == made[1].ledger
    one, two = (fitted.sample(40, seed=3) for fitted in made)
    np.testing.assert_array_equal(to_dense(one.counts), to_dense(two.counts))
    network = getattr(made[0], "network", None)
    assert not isinstance(network, nn.Module) or not list(network.buffers())


def test_6_a_channel_leaves_nothing_un_noised_in_the_critic_it_has_seen():
    """A critic carried on from round to round without noise tells the generator of records that nobody paid for."""
    module = critic()
    before = [parameter.detach().clone() for parameter in module.parameters()]
    channel = behind(tiny(["x", "y"] * 20)).critic_steps(module, steps=2, sample_rate=0.9, clip=1.0)
    channel.step(real_loss(CellVectors(tuple(GENES))))
    assert all(torch.equal(was, now) for was, now in zip(before, module.parameters(), strict=True))
    assert all(p.grad is None and getattr(p, "grad_sample", None) is None for p in module.parameters())
    assert {name for name in vars(channel) if not name.startswith("_")} == set()
    assert {name for name in dir(channel) if not name.startswith("_")} == {"close", "step"}


def test_7_two_releases_are_charged_twice():
    """Noise on critic and generator, with one sigma counted once, is two Gaussian releases for the price of one."""
    private = behind(tiny(["x", "y"] * 20))
    private.critic_steps(critic(), steps=2, sample_rate=0.5, clip=1.0)
    (entry,) = private.ledger.entries
    assert entry.steps == 2
    assert replace(private.ledger, entries=[replace(entry, steps=1)]).epsilon < 5.0
    assert replace(private.ledger, entries=[entry, entry]).epsilon > 1.3 * 5.0


@pytest.mark.parametrize("labels", [["x"] * 5, ["nobody's"] * 5])
def test_8_a_round_that_drew_nobody_is_as_noisy_as_any(labels):
    """Where noise is added only to what was drawn, a silent round says that the record was not there."""
    module = critic()
    private = behind(tiny(labels))
    channel = private.critic_steps(module, steps=3, sample_rate=1e-6, clip=1.0)
    drawn = np.concatenate(
        [piece.ravel() for _ in range(3) for piece in channel.step(real_loss(CellVectors(tuple(GENES))))]
    )
    assert np.std(drawn) == pytest.approx(private.ledger.entries[-1].noise, rel=0.2)


def test_9_networks_with_statistics_of_their_batches_are_refused():
    """Running means of a batch normalisation are no parameters, and travelled without noise."""
    module = nn.Sequential(nn.Linear(12, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    with pytest.raises(NotImplementedError, match="BatchNorm"):
        behind(tiny(["x", "y"] * 20)).model_steps(module, steps=2, sample_rate=0.5, clip=1.0)


@pytest.mark.parametrize("name", PRIVATE)
def test_10_every_release_of_every_method_has_more_noise_for_a_smaller_epsilon(name, grn):
    """One branch took noise of a scale that no epsilon entered."""
    ledgers = []
    for epsilon in (5.0, 20.0):
        private = behind(tiny(["x", "y"] * 20), epsilon=epsilon)
        ledgers.append(QUICK[name].fit(private, grn=grn, seed=0).ledger)
    small, large = ledgers
    assert len(small.entries) >= 1
    for entry in small.entries:
        least = min((e.noise / e.sensitivity for e in large.entries if e.name == entry.name), default=0.0)
        assert entry.noise / entry.sensitivity > 1.5 * least
    assert small.epsilon <= 5.0 < large.epsilon <= 20.0
