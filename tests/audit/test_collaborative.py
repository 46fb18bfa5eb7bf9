"""Collaborative training: what a shared gradient gives away, and that noise with an account takes it back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from audit.collaborative import (
    Defence,
    GaussianNoise,
    InsiderGan,
    Participant,
    SharedModule,
    SimulatedRound,
    Undefended,
    deep_leakage,
    exact_records,
    flattened,
    identify,
    invert_gradient,
    resemblance,
    usable_information,
)
from audit.statistics import gaussian_dp_epsilon
from tests.audit.tiny_models import seeded

FEATURES = 20


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def shared_model(
    *, hidden: int = 32, classes: int = 3, activation: type[nn.Module] = nn.Tanh, seed: int = 0
) -> SharedModule:
    layers = nn.Sequential(nn.Linear(FEATURES, hidden), activation(), nn.Linear(hidden, classes))
    return SharedModule.of(seeded(layers, torch.Generator().manual_seed(seed)))


def drawn(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(seed))


def targets(*classes: int) -> torch.Tensor:
    return torch.eye(3)[list(classes)]


def test_one_record_is_read_off_a_layer_to_the_last_digit() -> None:
    record, model = drawn(1, 0), shared_model()
    found = exact_records(*model.gradient(record, targets(1))[:2])
    assert found.records.shape == (1, FEATURES)
    assert found.mixtures.size == 0
    np.testing.assert_allclose(found.records, record.numpy(), atol=1e-6)


def test_a_batch_is_read_where_a_record_has_units_of_its_own_and_mixtures_are_not_taken_for_records() -> None:
    """The first six of eight units fire for one record each, by construction; the last two for all three."""
    weight = torch.zeros(8, FEATURES)
    for unit in range(6):
        weight[unit, unit // 2] = 1 + unit
    weight[6:, 3] = torch.tensor([1.0, 2.0])
    records = drawn(3, 1)
    records[:, :3] = torch.eye(3) * 2 - 1
    records[:, 3] = torch.tensor([1.0, 2.0, 3.0])
    model = shared_model(hidden=8, activation=nn.ReLU)
    values = dict(model.values) | {"0.weight": weight, "0.bias": torch.zeros(8)}
    found = exact_records(*SharedModule(model.module, values).gradient(records, targets(0, 1, 2))[:2])
    assert found.records.shape == (3, FEATURES)
    assert found.mixtures.shape == (2, FEATURES)
    nearest = np.abs(found.records[:, None] - records.numpy()).max(axis=2)
    np.testing.assert_allclose(nearest.min(axis=0), 0, atol=1e-5)


def test_deep_leakage_recovers_a_record_and_its_label_from_a_small_network() -> None:
    record, model = drawn(1, 2), shared_model(activation=nn.Sigmoid)
    found = deep_leakage(model, model.gradient(record, targets(2)), features=FEATURES, classes=3, seed=0)
    np.testing.assert_allclose(found.records, record.numpy(), atol=1e-2)
    assert found.targets.argmax() == 2
    assert found.mismatch < 1e-6


def recovered(defence: Defence, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of single records inverted: what was found, what was true, and nineteen others like it."""
    model = shared_model()
    found, truth = [], drawn(count, 3)
    for number in range(count):
        known = targets(number % 3)
        shared = defence.shared(model.gradients(truth[[number]], known), number=number)
        found.append(invert_gradient(model, shared, known, features=FEATURES, seed=number, steps=100).records[0])
    others = np.random.default_rng(0).standard_normal((count, 19, FEATURES))
    return np.stack(found), truth.numpy(), others


def test_inverting_a_plain_gradient_names_the_record() -> None:
    judged = identify(*recovered(Undefended(), 5))
    assert judged.top.point == 1
    assert judged.p_value < 1e-6


def test_inverting_a_gradient_clipped_and_noised_at_epsilon_one_is_chance() -> None:
    """By chance 1 of 20 candidates is right, and 4 or more of 10 are in 1 of 1,000 seeds."""
    noise = GaussianNoise.for_epsilon(1, delta=1e-5, rounds=1, clip=1.0, seed=4)
    judged = identify(*recovered(noise, 10))
    assert judged.p_value > 0.01
    assert judged.top.low <= judged.chance <= judged.top.high


def test_a_prior_on_neighbouring_features_finds_a_smooth_record() -> None:
    record = torch.linspace(-1, 1, FEATURES)[None]
    model = shared_model()
    shared = GaussianNoise(1.0, 20.0, seed=0).shared(model.gradients(record, targets(0)), number=0)
    errors = []
    for smoothness in (0.0, 0.03):
        found = invert_gradient(model, shared, targets(0), features=FEATURES, seed=0, steps=150, smoothness=smoothness)
        errors.append(float(np.abs(found.records - record.numpy()).mean()))
    assert errors[1] < errors[0]


def test_identification_by_chance_is_one_in_as_many_as_there_are_candidates() -> None:
    rng = np.random.default_rng(0)
    judged = identify(*(rng.standard_normal(shape) for shape in ((400, 5), (400, 5), (400, 9, 5))))
    assert judged.chance == 0.1
    assert judged.top.low <= 0.1 <= judged.top.high
    assert judged.nearer.low <= 0.5 <= judged.nearer.high


def test_noise_keeps_its_account() -> None:
    noise = GaussianNoise.for_epsilon(1, delta=1e-5, rounds=50, clip=0.3)
    assert noise.epsilon(50, delta=1e-5) == pytest.approx(1, rel=1e-6)
    assert noise.epsilon(1, delta=1e-5) < 1 < noise.epsilon(51, delta=1e-5)
    assert noise.epsilon(9, delta=1e-5) == pytest.approx(gaussian_dp_epsilon(3 * noise.mu, 1e-5))


@pytest.mark.parametrize("unit", ["record", "participant"])
def test_one_unit_more_moves_what_is_shared_by_at_most_the_clip(unit: str) -> None:
    model, records = shared_model(), 100 * drawn(6, 5)
    gradients = model.gradients(records, targets(0, 1, 2, 0, 1, 2))
    noise = GaussianNoise(0.5, 1.0, unit, seed=1)  # type: ignore[arg-type]
    silent = tuple(torch.zeros_like(piece) for piece in gradients)
    less = silent if unit == "participant" else tuple(torch.cat([p[:-1], 0 * p[-1:]]) for p in gradients)
    moved = [a - b for a, b in zip(noise.shared(gradients, number=0), noise.shared(less, number=0), strict=True)]
    length = float(torch.cat([piece.flatten() for piece in moved]).norm()) * (6 if unit == "record" else 1)
    assert length == pytest.approx(0.5, rel=1e-3)


def test_noise_is_of_the_promised_size_fresh_each_round_and_from_the_system_without_a_seed() -> None:
    silent = (torch.zeros(1, 20_000),)
    seeded_noise = GaussianNoise(0.5, 0.25, seed=1)
    (first,), (second,) = (seeded_noise.shared(silent, number=number) for number in (0, 1))
    assert float(first.std()) == pytest.approx(2, rel=0.03)
    assert abs(float(torch.corrcoef(torch.stack([first, second]))[0, 1])) < 0.03
    (a,), (b,) = (GaussianNoise(0.5, 0.25).shared(silent, number=0) for _ in range(2))
    assert not torch.equal(a, b)


def test_gradients_of_single_records_average_to_that_of_the_batch() -> None:
    model, records = shared_model(), drawn(5, 6)
    said = targets(0, 1, 2, 1, 0)
    for alone, together in zip(model.gradients(records, said), model.gradient(records, said), strict=True):
        torch.testing.assert_close(alone.mean(dim=0), together)


def test_a_round_moves_the_model_by_everyones_mean_gradient() -> None:
    model, records = shared_model(), drawn(4, 7)
    said = targets(0, 1, 2, 1)
    first = SimulatedRound(model, (Participant(records[:2], said[:2]),), learning_rate=0.5)
    second = first.finish(model.gradient(records[2:], said[2:]))
    moved = zip(second.shared.parameters(), model.parameters(), model.gradient(records, said), strict=True)
    for now, before, slope in moved:
        torch.testing.assert_close(now, before - 0.5 * slope)
    assert second.number == 1


def test_attacks_do_not_touch_the_module_they_were_given() -> None:
    module = nn.Linear(FEATURES, 3)
    before = module.weight.detach().clone()
    model = SharedModule.of(module)
    invert_gradient(model, model.gradient(drawn(1, 0), targets(0)), targets(0), features=FEATURES, seed=0, steps=3)
    torch.testing.assert_close(module.weight.detach(), before)
    assert module.weight.grad is None


def clouds() -> dict[int, torch.Tensor]:
    """Two classes that lie alike around the origin, in opposite directions."""
    direction = torch.cat([torch.ones(FEATURES // 2), -torch.ones(FEATURES // 2)])
    return {0: 0.5 * drawn(100, 8) + direction, 1: 0.5 * drawn(100, 9) - direction}


def insider(wanted: int, defence: Defence) -> float:
    """How much more the drawn records are like the wanted class than like the other, which nobody holds."""
    real = clouds()
    victim = Participant(real[wanted], targets(*[wanted] * 100), defence)
    first = SimulatedRound(shared_model(), (victim,), learning_rate=0.5)
    attack = InsiderGan(wanted, fake=2, rounds=60, steps=3, batch=32)
    drawn_records = attack.attack(first, features=FEATURES, classes=3, seed=wanted).records
    return resemblance(drawn_records, real[wanted].numpy(), real[1 - wanted].numpy()).advantage.point


def test_an_insider_draws_a_class_it_never_saw() -> None:
    assert min(insider(0, Undefended()), insider(1, Undefended())) > 0.3


def test_an_insider_draws_nothing_from_a_participant_hidden_at_epsilon_one() -> None:
    """Attacking both classes in turn, whatever else decides where the drawn records lie cancels out."""
    advantages = []
    for seed in range(3):
        noise = GaussianNoise.for_epsilon(1, delta=1e-5, rounds=60, clip=0.1, unit="participant", seed=seed)
        advantages.append((insider(0, noise) + insider(1, noise)) / 2)
    assert abs(np.mean(advantages)) < 0.1


def test_resemblance_is_zero_between_classes_that_are_alike() -> None:
    rng = np.random.default_rng(0)
    made, first, second = (rng.standard_normal((200, 5)) for _ in range(3))
    found = resemblance(made, first, second)
    assert abs(found.advantage.point) < 0.02
    own = resemblance(first, first + 0.1, second + 4)
    assert own.advantage.low > 0.5
    assert own.cosine_wanted > 0.9 > 0 > own.cosine_unrelated


def gradients_and_attribute(defence: Defence) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of 120 records, half of which share something that is no label."""
    records = drawn(120, 10)
    attribute = np.arange(120) % 2
    records[:, :4] += torch.as_tensor(2.0 * attribute - 1, dtype=torch.float32)[:, None]
    # One class: a linear reader does not see through the sign that the class gives to the whole gradient.
    pieces = shared_model().gradients(records, targets(*[0] * 120))
    rows = [tuple(p[[row]] for p in pieces) for row in range(120)]
    shared = [defence.shared(alone, number=number) for number, alone in enumerate(rows)]
    return flattened(shared), np.where(attribute == 1, "yes", "no")


def test_a_plain_gradient_carries_usable_bits_about_an_attribute_that_is_no_label() -> None:
    found = usable_information(*gradients_and_attribute(Undefended()), seed=0)
    assert found.without == pytest.approx(1, abs=0.02)
    assert found.information.low > 0.3


def test_a_gradient_noised_at_epsilon_one_carries_none() -> None:
    noise = GaussianNoise.for_epsilon(1, delta=1e-5, rounds=1, clip=1.0, seed=0)
    assert usable_information(*gradients_and_attribute(noise), seed=0).information.high < 0.1


def test_usable_information_of_an_attribute_that_is_always_seen_is_its_entropy() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(3, size=300)
    shown = np.eye(3)[codes] * 100 + rng.standard_normal((300, 3))
    found = usable_information(shown, np.array(["a", "b", "c"])[codes], seed=0)
    assert found.information.point > 0.75 * found.without
    with pytest.raises(ValueError, match="at least two values"):
        usable_information(shown, np.full(300, "a"), seed=0)
