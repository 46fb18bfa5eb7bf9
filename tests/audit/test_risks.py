"""Risks other than membership: found where planted and not where there are none, without dividing by nothing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from audit import AuditTarget
from audit.embedding import Axes
from audit.metrics import MetricView
from audit.risks import RISKS, Risk, RiskMeasured, run_risk
from audit.risks._compare import compare, compare_events
from audit.risks.attribute_inference import AttributeInference
from audit.risks.dataset_reconstruction import DatasetReconstruction, reconstruct
from audit.risks.linkability import chance_of_a_link
from audit.statistics import Estimate
from prisyn_base import InputError

STATIC = {name: risk for name, risk in RISKS.items() if "model" not in risk.needs}
SIZES = {"members": 150, "nonmembers": 120, "synthetic": 130}


def people(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """A table of ten numbers that hang together, a category that they decide, and one that is a coin's."""
    hidden = rng.standard_normal((count, 4))
    loadings = np.random.default_rng(0).standard_normal((4, 10))
    numbers = hidden @ loadings + rng.standard_normal((count, 10))
    table = pd.DataFrame(numbers, columns=[f"lab{at}" for at in range(10)])
    table["stage"] = np.where(hidden[:, 0] > 0, "late", "early")
    table["coin"] = rng.choice(["heads", "tails"], count)
    return table


def view_of(sets: Sequence[Any], *, seed: int = 0, **options: Any) -> MetricView:
    target = AuditTarget(*sets, **options)
    return MetricView(target, seed)


def unrelated(seed: int) -> list[pd.DataFrame]:
    rng = np.random.default_rng(seed)
    return [people(rng, count) for count in SIZES.values()]


def leaking(seed: int) -> list[pd.DataFrame]:
    """Half of the synthetic records are members, their numbers a little disturbed."""
    rng = np.random.default_rng(seed)
    members, nonmembers, synthetic = unrelated(seed)
    copies = members.iloc[:65].copy()
    numbers = copies.columns[:10]
    copies[numbers] += 0.05 * rng.standard_normal((65, 10))
    return [members, nonmembers, pd.concat([copies, synthetic.iloc[65:]], ignore_index=True)]


def estimates(measured: RiskMeasured) -> list[Estimate]:
    known = (measured.success, measured.control, measured.naive, measured.advantage, measured.gained)
    return [estimate for estimate in known if estimate is not None]


@pytest.mark.parametrize("risk", STATIC.values(), ids=STATIC.keys())
class TestEveryRisk:
    """The contract that each member of the family keeps."""

    def test_finds_nothing_in_records_of_strangers(self, risk: Risk) -> None:
        """At a coverage of 95 %, fewer than 27 of 30 intervals hold 0 in 6 % of such tests; the seeds are fixed."""
        results = [risk.measure(view_of(unrelated(seed))) for seed in range(30)]
        assert sum(r.advantage.low <= 0 <= r.advantage.high for r in results) >= 27
        assert sum(r.p_value <= 0.05 for r in results) <= 5

    def test_finds_members_that_were_copied(self, risk: Risk) -> None:
        found = risk.measure(view_of(leaking(0)))
        assert found.advantage.low > 0
        assert found.p_value <= 0.01
        assert found.success.point > found.naive.point

    def test_gives_finite_numbers_in_their_intervals(self, risk: Risk) -> None:
        found = risk.measure(view_of(leaking(1)))
        for estimate in estimates(found):
            assert all(map(math.isfinite, (estimate.low, estimate.point, estimate.high)))
            assert estimate.low <= estimate.point <= estimate.high
        assert all(e.low >= 0 and e.high <= 1 for e in (found.success, found.control, found.naive))
        assert found.advantage.point == pytest.approx(found.success.point - found.control.point)
        assert 0 <= found.p_value <= 1
        assert found.tables

    def test_says_the_same_again_whatever_the_order_of_records(self, risk: Risk) -> None:
        sets, rng = leaking(2), np.random.default_rng(0)
        shuffled = [table.iloc[rng.permutation(len(table))].reset_index(drop=True) for table in sets]
        first, second = (risk.measure(view_of(tables)) for tables in (sets, shuffled))
        for one, other in zip(estimates(first), estimates(second), strict=True):
            assert dataclasses.astuple(other) == pytest.approx(dataclasses.astuple(one))
        assert second.p_value == pytest.approx(first.p_value)

    def test_says_what_it_is(self, risk: Risk) -> None:
        assert all([risk.name, risk.label, risk.explanation.endswith("."), risk.reference])
        result = run_risk(risk, view_of(unrelated(0)))
        assert (result.name, result.label) == (risk.name, risk.label)
        assert result.seconds > 0


@pytest.mark.parametrize("risk", STATIC.values(), ids=STATIC.keys())
def test_cells_handed_out_as_they_are_are_found_by_each_risk(copied: AuditTarget, risk: Risk) -> None:
    found = risk.measure(MetricView(copied, 0))
    assert found.advantage.low > 0.05
    assert found.p_value <= 0.01


def test_a_control_that_nearly_always_succeeds_leaves_no_quotient_but_a_difference() -> None:
    """(a - c) / (1 - c) of 991 and 993 in 1,000 is -0.29, and its interval reaches from -5 to 0.73."""
    found = compare(np.arange(1000) < 991, np.arange(1000) < 993, seed=0)
    assert found.gained is None
    assert found.difference.point == pytest.approx(-0.002)
    assert -0.012 < found.difference.low < 0 < found.difference.high < 0.01


def test_a_perfect_attack_has_an_interval() -> None:
    found = compare(np.ones(50), np.zeros(60), seed=0)
    assert (found.success.point, found.control.point) == (1, 0)
    assert 0.85 < found.difference.low < 1
    assert found.gained is not None
    assert found.gained.point == 1
    assert found.p_value < 1e-12


def test_the_interval_of_a_difference_covers_the_truth_about_as_often_as_it_says() -> None:
    """95 %: outside 2 to 21 times in 200 with probability 99.9 %."""
    rng = np.random.default_rng(0)
    outside = 0
    for _ in range(200):
        found = compare(rng.random(80) < 0.3, rng.random(60) < 0.1, seed=0).difference
        outside += not found.low <= 0.2 <= found.high
    assert 2 <= outside <= 21


def test_records_of_few_donors_are_not_counted_as_independent() -> None:
    rng = np.random.default_rng(0)
    donors = np.repeat([f"d{at}" for at in range(12)], 40)
    by_record = by_donor = 0
    for _ in range(40):
        values = (rng.random(480) < np.repeat(rng.choice([0.2, 0.8], 12), 40)).astype(float)
        sides = values[:240], values[240:]
        by_record += compare(*sides, seed=0).p_value <= 0.05
        by_donor += compare(*sides, donors=(donors[:240], donors[240:]), seed=0).p_value <= 0.05
    assert by_record > 10
    assert by_donor <= 7


def test_events_are_judged_at_equal_numbers_by_counting_all_draws() -> None:
    """Four members, two controls: every pair of members is tried."""
    hits = np.array([[1, 1, 0, 0, 1, 0], [1, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0]])
    for event, holds in (("exactly one", lambda c: c == 1), ("at least one", lambda c: c >= 1)):
        found = compare_events(sp.csr_matrix(hits), 4, event, seed=0)
        pairs = [hits[:, list(pair)].sum(axis=1) for pair in combinations(range(4), 2)]
        assert found.success.point == pytest.approx(np.mean([holds(count) for count in pairs]))
        assert found.control.point == pytest.approx(np.mean(holds(hits[:, 4:].sum(axis=1))))


def test_a_thousand_guesses_at_one_record_are_one_guess() -> None:
    hits = np.zeros((1000, 40))
    hits[:, 0] = 1
    found = compare_events(sp.csr_matrix(hits), 20, "at least one", seed=0)
    assert found.success.point == 1
    assert found.success.low < 0.5
    assert found.p_value > 0.3


def test_what_never_happened_among_few_guesses_is_not_excluded() -> None:
    found = compare_events(sp.csr_matrix(np.zeros((20, 40))), 20, "at least one", seed=0)
    assert found.difference.point == 0
    assert found.difference.high == pytest.approx(3 / 20)


def test_the_chance_of_a_link_is_that_of_two_hands_from_one_deck() -> None:
    hands = list(combinations(range(6), 2))
    met = np.mean([bool(set(a) & set(b)) for a in hands for b in hands])
    assert chance_of_a_link(6, 2) == pytest.approx(met)
    assert chance_of_a_link(100, 1) == pytest.approx(0.01)
    assert chance_of_a_link(3, 2) == 1


def categories(rng: np.random.Generator, count: int, columns: int) -> pd.DataFrame:
    return pd.DataFrame({f"c{at}": rng.choice(list("pqrs"), count) for at in range(columns)})


def test_people_of_categories_alone_are_singled_out_by_equality() -> None:
    rng = np.random.default_rng(0)
    members, nonmembers, strangers = (categories(rng, count, 10) for count in (150, 150, 75))
    synthetic = pd.concat([members.iloc[:75], strangers], ignore_index=True)
    found = RISKS["singling_out"].measure(view_of([members, nonmembers, synthetic]))
    assert found.advantage.low > 0.2
    assert found.p_value <= 0.01


def test_where_no_description_fits_one_record_alone_nothing_is_said() -> None:
    sets = [categories(np.random.default_rng(seed), 150, 1) for seed in range(3)]
    with pytest.raises(InputError, match="no record that a few values isolate"):
        RISKS["singling_out"].measure(view_of(sets))


def test_what_columns_say_of_each_other_is_no_leak() -> None:
    """The stage follows from the numbers: it is guessed of everybody, so its advantage is none."""
    found = AttributeInference(secrets=("stage",)).measure(view_of(unrelated(4)))
    assert found.success.point > found.naive.point + 0.1
    assert found.advantage.low <= 0 <= found.advantage.high


@pytest.mark.parametrize(
    ("sets", "secrets"),
    [
        ([table[["lab0"]] for table in unrelated(0)], ()),
        (unrelated(0), ("nowhere",)),
        (list(np.random.default_rng(0).normal(size=(3, 40, 60))), tuple(f"feature-{at}" for at in range(60))),
    ],
    ids=["one column", "no such column", "all columns secret"],
)
def test_where_nothing_can_be_guessed_from_anything_that_is_said(sets: Any, secrets: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="none to be guessed"):
        AttributeInference(secrets=secrets).measure(view_of(sets))


def test_a_coin_that_nobody_could_guess_is_read_off_copies() -> None:
    found = AttributeInference(secrets=("coin",)).measure(view_of(leaking(4)))
    assert found.control.low <= 0.5 <= found.control.high
    assert found.advantage.low > 0


def memorising(records: np.ndarray[Any, Any], *, seed: int) -> np.ndarray[Any, Any]:
    return records + np.float32(0.01) * np.random.default_rng(seed).standard_normal(records.shape, dtype=np.float32)


def correlated(records: np.ndarray[Any, Any], *, seed: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(records.mean(axis=0), np.cov(records.T), len(records)).astype(np.float32)


def test_a_secret_dealt_out_by_lot_is_told_by_memory_alone() -> None:
    risk, sets = RISKS["randomised_secret"], [table.iloc[:, :10] for table in unrelated(0)]
    remembers = risk.measure(view_of(sets, model=memorising))
    learns = risk.measure(view_of(sets, model=correlated))
    assert remembers.advantage.low > 0.3
    assert learns.advantage.low <= 0 <= learns.advantage.high
    assert learns.p_value > 0.05


@pytest.mark.parametrize("model", [lambda records, *, seed: "weights", "weights"])
def test_a_handle_that_gives_no_samples_is_named(model: Any) -> None:
    with pytest.raises(InputError, match="samples"):
        RISKS["randomised_secret"].measure(view_of(unrelated(0), model=model))


@pytest.mark.parametrize("name", ["linkability", "sample_reconstruction"])
def test_a_single_column_cannot_be_divided(name: str) -> None:
    with pytest.raises(InputError, match="columns"):
        RISKS[name].measure(view_of([table[["lab0"]] for table in unrelated(0)]))


def test_noisy_versions_of_one_person_are_claimed_once_and_nearer_than_any_of_them() -> None:
    rng = np.random.default_rng(0)
    members = rng.normal(0, 4, (40, 30))
    synthetic = (np.repeat(members, 5, axis=0) + rng.standard_normal((200, 30))).astype(np.float32)
    claimed = reconstruct(synthetic, 40, seed=0).records
    away = np.linalg.norm(claimed[:, None] - members, axis=2)
    of_synthetic = np.linalg.norm(synthetic[:, None] - members, axis=2).min(axis=1)
    assert len(set(away.argmin(axis=1).tolist())) >= 38
    assert np.median(away.min(axis=1)) < 0.6 * np.median(of_synthetic)


def test_any_generator_may_stand_in_for_the_one_under_audit() -> None:
    def betraying(records: Any, axes: Axes, count: int, *, seed: int) -> Any:
        return np.repeat(view.target.values("members"), 2, axis=0)[:count]

    view = view_of(unrelated(5))
    found = DatasetReconstruction(surrogate=betraying).measure(view)
    assert found.advantage.low > 0.2


def test_a_reference_set_takes_the_place_of_the_surroundings() -> None:
    reference = people(np.random.default_rng(99), 140)
    found = DatasetReconstruction().measure(view_of([*leaking(0), reference]))
    assert found.advantage.low > 0
    strangers = DatasetReconstruction().measure(view_of([*unrelated(0), reference]))
    assert strangers.advantage.low <= 0 <= strangers.advantage.high


@pytest.mark.parametrize("risk", STATIC.values(), ids=STATIC.keys())
def test_two_donors_a_side_prove_nothing(risk: Risk) -> None:
    """Of the six ways to call two of four donors members none is rarer than one in six."""
    sets = leaking(0)
    for table, names in zip(sets, (["a", "b"], ["c", "d"], ["e", "f"]), strict=True):
        table["donor"] = np.resize(names, len(table))
    found = risk.measure(view_of(sets, donor="donor"))
    assert found.p_value > 0.1
