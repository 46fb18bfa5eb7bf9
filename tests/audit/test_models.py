"""Attacks that hold a model: they find members of one that memorised, and nobody else."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm

import audit.models
from audit.attacks import Attack, AttackView
from audit.attacks._run import run_attack
from audit.models import (
    DiffusionLoss,
    Elbo,
    Groundhog,
    Lira,
    MeanLoss,
    PartialBlackBox,
    Rmia,
    Shadows,
    TargetedQueries,
    WhiteBox,
    attacks_on,
    closeness,
    fit_shadows,
    reconstruct,
)
from audit.models._lbfgs import minimise
from audit.statistics import Scores, against_chance, auc
from prisyn_base import InputError
from tests.audit.tiny_models import (
    DenoiserHandle,
    DenoiserTraining,
    Floats,
    VaeHandle,
    VaeTraining,
    bystander,
    copyist,
    population,
)

N = 40
"""Members, outsiders and pseudo-members each: records 0 to 39, 40 to 79 and 80 to 119 of one law."""

KINDS = (
    "elbo",
    "lira",
    "lira_offline",
    "rmia",
    "gan_leaks_white",
    "gan_leaks_partial",
    "diffusion_loss",
    "diffusion_shadows",
    "lira_samples",
    "rmia_samples",
    "targeted_queries",
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass(frozen=True, eq=False)
class World:
    """Records, models trained on the first 40 of them, and shadow models dealt all of them."""

    records: Floats
    vae: VaeHandle
    denoiser: DenoiserHandle
    samples: Floats
    vaes: Shadows[VaeHandle]
    strangers: Shadows[VaeHandle]
    denoisers: Shadows[DenoiserHandle]
    sets: Shadows[Floats]

    def attack(self, kind: str) -> Attack:
        """An attack by its kind."""
        loss = MeanLoss(draws=4, most_steps=5)
        made: dict[str, Callable[[], Attack]] = {
            "elbo": lambda: Elbo(self.vae, loss),
            "lira": lambda: Lira(self.vaes, loss, self.vae),
            "lira_offline": lambda: Lira(self.strangers, loss, self.vae),
            "rmia": lambda: Rmia(self.vaes, loss, self.vae),
            "gan_leaks_white": lambda: WhiteBox(self.vae, iterations=25),
            "gan_leaks_partial": lambda: PartialBlackBox(self.vae, rounds=30),
            "diffusion_loss": lambda: DiffusionLoss(self.denoiser, statistic=loss),
            "diffusion_shadows": lambda: DiffusionLoss(self.denoiser, self.denoisers, loss),
            "lira_samples": lambda: Lira(self.sets, closeness),
            "rmia_samples": lambda: Rmia(self.sets, closeness),
            "targeted_queries": lambda: TargetedQueries(self.sets),
        }
        return made[kind]()

    def scores(self, attack: Attack, rows: slice) -> Any:
        return attack.scores(AttackView(self.records[rows], self.samples))


@pytest.fixture(scope="module")
def world() -> World:
    records = population(3 * N, seed=0)
    train, denoise = VaeTraining(passes=150), DenoiserTraining(passes=250)
    return World(
        records=records,
        vae=train(records[:N], seed=1),
        denoiser=denoise(records[:N], seed=1),
        samples=copyist(records[:N], seed=1),
        vaes=fit_shadows(train, records, count=8, seed=2),
        strangers=fit_shadows(train, records, count=4, seed=2, share=0, population=population(N, seed=9), size=N),
        denoisers=fit_shadows(denoise, records, count=4, seed=2),
        sets=fit_shadows(copyist, records, count=16, seed=2),
    )


@pytest.mark.parametrize("kind", KINDS)
class TestEveryAttackOnAModel:
    """The contract that each member of the family keeps."""

    def test_finds_the_members_of_a_model_that_memorised(self, world: World, kind: str) -> None:
        values = world.scores(world.attack(kind), slice(2 * N))
        assert auc(values[:N], values[N:]) >= 0.8

    def test_finds_nothing_among_records_that_the_model_never_saw(self, world: World, kind: str) -> None:
        """One false alarm in a hundred seeds is this test's own error rate for each attack."""
        values = world.scores(world.attack(kind), slice(N, 3 * N))
        chance = against_chance(Scores(values[:N], values[N:]), seed=0)
        assert min(chance.above, chance.below) > 0.005

    def test_gives_one_finite_score_a_record_and_the_same_again(self, world: World, kind: str) -> None:
        values = world.scores(world.attack(kind), slice(2 * N))
        assert values.shape == (2 * N,)
        assert np.isfinite(values).all()
        np.testing.assert_array_equal(values, world.scores(world.attack(kind), slice(2 * N)))

    def test_does_not_depend_on_the_order_of_records(self, world: World, kind: str) -> None:
        order = np.random.default_rng(0).permutation(2 * N)
        attack = world.attack(kind)
        shuffled = attack.scores(AttackView(world.records[: 2 * N][order], world.samples[::-1]))
        np.testing.assert_allclose(shuffled, world.scores(attack, slice(2 * N))[order], rtol=2e-2, atol=1e-4)

    def test_says_what_it_is(self, world: World, kind: str) -> None:
        attack = world.attack(kind)
        assert all([attack.name, attack.label, attack.explanation.endswith("."), attack.reference])


@pytest.mark.parametrize("kind", ["lira", "lira_samples"])
def test_it_is_evaluated_as_any_attack_is(world: World, kind: str) -> None:
    view = AttackView(world.records[: 2 * N], world.samples)
    result = run_attack(world.attack(kind), view, N, seed=0, delta=1e-5)
    assert result.auc.low > 0.7
    assert result.fault == ""
    assert result.chance.above < 1e-4


@pytest.mark.parametrize("kind", ["lira_samples", "rmia_samples", "targeted_queries"])
def test_a_generator_that_never_looked_gives_nobody_away(world: World, kind: str) -> None:
    samples = bystander(world.records[:N], seed=5)
    values = world.attack(kind).scores(AttackView(world.records[: 2 * N], samples))
    chance = against_chance(Scores(values[:N], values[N:]), seed=0)
    assert min(chance.above, chance.below) > 0.005


def test_set_features_give_away_an_outlier_of_a_small_training_set() -> None:
    """Means and shapes of a set move with one record only if it is far out and the set is small."""
    outliers = 6 * population(8, seed=4)
    records = np.concatenate([outliers, population(24, seed=3)])
    shadows = fit_shadows(copyist, records, count=40, seed=0)
    trained_on = np.concatenate([outliers[:4], records[8:20]])
    values = Groundhog(shadows).scores(AttackView(outliers, copyist(trained_on, seed=7)))
    assert auc(values[:4], values[4:]) == 1


def test_each_target_is_in_half_of_the_training_sets_and_dealt_apart_from_the_others() -> None:
    records = population(60, seed=0)
    seen: list[Floats] = []

    def remember(given: Floats, *, seed: int) -> Floats:
        seen.append(given)
        return given

    shadows = fit_shadows(remember, records, count=10, seed=0, population=population(90, seed=1), size=50)
    assert (shadows.inside.sum(axis=0) == 5).all()
    assert len({column.tobytes() for column in shadows.inside.T}) > 40
    for row, given in zip(shadows.inside, seen, strict=True):
        assert len(given) == max(50, row.sum())
        held = {record.tobytes() for record in given}
        assert [record.tobytes() in held for record in records] == row.tolist()


def test_settings_that_cannot_work_are_named_at_once() -> None:
    records = population(10, seed=0)
    with pytest.raises(InputError) as caught:
        fit_shadows(copyist, records, count=1, seed=0, share=0, size=20)
    text = str(caught.value)
    assert "at least 2 shadow models" in text
    assert "at least 20" in text
    with pytest.raises(InputError, match="some models with and some without"):
        fit_shadows(copyist, records, count=4, seed=0, share=1.0)
    with pytest.raises(InputError, match="no records to train on"):
        fit_shadows(copyist, records, count=4, seed=0, share=0)


def test_records_that_no_shadow_model_was_dealt_are_not_judged(world: World) -> None:
    strange = AttackView(population(5, seed=77), world.samples)
    with pytest.raises(ValueError, match="5 records are judged that the shadow models were not dealt"):
        world.attack("lira").scores(strange)


def test_learning_attacks_refuse_shadows_that_never_held_a_record() -> None:
    records = population(9, seed=0)
    offline = fit_shadows(copyist, records, count=2, seed=0, share=0, population=records, size=9)
    with pytest.raises(ValueError, match="with and without each record"):
        TargetedQueries(offline).scores(AttackView(records, records))


def test_the_likelihood_ratio_is_that_of_two_normal_laws() -> None:
    inside = np.array([[True, False], [True, True], [False, False], [False, True]])
    seen = np.array([[3.0, 1.0], [5.0, 4.0], [0.0, 2.0], [2.0, 6.0]])
    shadows = Shadows(np.eye(2), inside, (0, 1, 2, 3))
    attack = Lira(shadows, lambda model, records: np.array([4.5, 2.5]) if model == 9 else seen[model], 9)
    pooled_in, pooled_out = np.sqrt((2 + 2) / 2), np.sqrt((2 + 0.5) / 2)
    expected = norm.logpdf([4.5, 2.5], [4, 5], pooled_in) - norm.logpdf([4.5, 2.5], [1, 1.5], pooled_out)
    np.testing.assert_allclose(attack.scores(AttackView(np.eye(2), np.eye(2))), expected)


def test_the_relative_score_counts_the_records_that_are_favoured_less() -> None:
    rng = np.random.default_rng(0)
    records, others = np.arange(6.0)[:, None], np.arange(6.0, 16.0)[:, None]
    table = rng.standard_normal((4, 16))
    shadows = Shadows(records, np.zeros((3, 6), dtype=bool), (0, 1, 2))
    said = lambda model, given: table[model, given[:, 0].astype(int)]  # noqa: E731
    values = Rmia(shadows, said, 3, others, gamma=1.3).scores(AttackView(records, records))
    ratio = np.exp(table[3] - table[:3].mean(axis=0))
    shares = (ratio[:6, None] / ratio[None, 6:] >= 1.3).mean(axis=1)
    assert (np.diff(shares[np.argsort(values)]) >= 0).all()


def test_the_relative_score_has_no_unit(world: World) -> None:
    view = AttackView(world.records, world.samples)
    small = Rmia(world.sets, closeness).scores(view)
    large = Rmia(world.sets, lambda m, r: 1e4 * closeness(m, r)).scores(view)
    np.testing.assert_array_equal(small, large)


def test_members_are_rebuilt_from_the_weights_and_outsiders_are_not(world: World) -> None:
    outsiders = np.concatenate([world.records[N:], population(40, seed=21)])
    found = reconstruct(WhiteBox(world.vae, iterations=25), world.records[:N], outsiders, seed=0)
    assert found.members.low > found.control.high
    assert found.p_value < 1e-3
    assert found.records.shape == (N, 30)
    nobody = reconstruct(WhiteBox(world.vae, iterations=25), population(N, seed=22), outsiders, seed=0)
    assert nobody.p_value > 0.005


def test_a_threshold_at_five_percent_needs_forty_outsiders(world: World) -> None:
    with pytest.raises(ValueError, match="at least 40"):
        reconstruct(WhiteBox(world.vae), world.records[:5], world.records[:39], seed=0)


def test_gradients_reach_closer_than_trials(world: World) -> None:
    white, partial = (
        kind.reach(world.records[:N]).cost for kind in (WhiteBox(world.vae), PartialBlackBox(world.vae, rounds=10))
    )
    assert (white < partial).mean() > 0.9


def test_the_search_solves_each_row_as_if_it_were_alone() -> None:
    """Rosenbrock's valley: 0 at (a, a^2), from starts on both of its sides."""
    a = torch.tensor([1.0, 0.5, -0.7], dtype=torch.float64)
    starts = torch.tensor([[-1.2, 1.0], [2.0, 2.0], [0.0, 0.0]], dtype=torch.float64)

    def valley(rows: list[int]) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda x: (a[rows] - x[:, 0]) ** 2 + 100 * (x[:, 1] - x[:, 0] ** 2) ** 2

    together = minimise(valley([0, 1, 2]), starts, iterations=60)
    torch.testing.assert_close(together, torch.stack([a, a**2], dim=1), atol=1e-5, rtol=0)
    for row in range(3):
        alone = minimise(valley([row]), starts[[row]], iterations=60)
        torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=0)


def test_a_handle_says_by_what_it_can_do_which_attacks_it_allows(world: World) -> None:
    assert [a.name for a in attacks_on(world.vae, seed=0)] == ["gan_leaks_white", "gan_leaks_partial", "elbo"]
    assert [a.name for a in attacks_on(world.denoiser, seed=0)] == ["diffusion_loss"]
    assert attacks_on(world.samples, seed=0) == ()


def test_searching_leaves_the_global_source_of_chance_and_the_weights_alone(world: World) -> None:
    state, weights = torch.get_rng_state(), [p.clone() for p in world.vae.vae.parameters()]
    for attack in attacks_on(world.vae, seed=0)[:2]:
        world.scores(attack, slice(4))
    torch.testing.assert_close(torch.get_rng_state(), state)
    for before, now in zip(weights, world.vae.vae.parameters(), strict=True):
        torch.testing.assert_close(before, now.detach())
        assert now.grad is None or not now.grad.isnan().any()


def test_the_protocols_are_there_without_torch() -> None:
    """torch is an extra: no module of the package imports it before an attack that needs it runs."""
    for file in Path(audit.models.__file__).parent.glob("*.py"):
        top = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not [node for node in top if "torch" in ast.unparse(node)], file.name
