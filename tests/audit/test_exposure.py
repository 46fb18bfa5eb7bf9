"""Who was found: single records, types, and what more records would bring the attacker."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from audit import AuditTarget, audit, record_numbers
from audit.attacks import ATTACKS, AttackView
from audit.attacks._run import AttackResult, run_attack
from audit.copies import Copies
from audit.curves import donors_curve, held_curve, released_curve
from audit.exposure import measure_exposure, outsiders_above
from audit.plugins import Plugins
from audit.statistics import Scores
from audit.verdict import judge

MEMBERS, OTHERS = 120, 80


def view(*, copied: int, seed: int = 0) -> AttackView:
    """Records of one law; the first `copied` members stand nearly verbatim among the synthetic ones."""
    rng = np.random.default_rng(seed)
    queries = rng.standard_normal((MEMBERS + OTHERS, 12))
    synthetic = rng.standard_normal((150, 12))
    synthetic[:copied] = queries[:copied] + 0.01 * rng.standard_normal((copied, 12))
    return AttackView(queries, synthetic)


def attacked(seen: AttackView, *names: str, donors: Any = None) -> list[AttackResult]:
    return [run_attack(ATTACKS[name], seen, MEMBERS, seed=0, delta=1e-5, donors=donors) for name in names]


def test_the_records_that_were_copied_are_the_most_exposed_ones() -> None:
    seen = view(copied=10)
    exposure = measure_exposure(attacked(seen, "dcr", "density"), seen.near_synthetic, seed=7)
    assert exposure is not None
    numbers = record_numbers(MEMBERS, seed=7)
    assert {record.number for record in exposure.records[:10]} == set(numbers[:10].tolist())
    first = exposure.records[0]
    row = int(np.flatnonzero(numbers == first.number)[0])
    assert first.neighbours[0].row == row + 1, "its copy is its nearest synthetic record"
    assert first.nearness is not None
    assert first.nearness < 0.1
    assert first.accusers == 2
    assert all(share == 1 / (OTHERS + 1) for share in first.suspicion)


def test_where_nothing_leaks_members_are_accused_as_often_as_others() -> None:
    seen = view(copied=0)
    exposure = measure_exposure(attacked(seen, "dcr"), seen.near_synthetic, seed=0)
    assert exposure is not None
    # One attack at 10 %: 12 of 120 expected; 24 or more would happen once in two thousand cases.
    assert exposure.found < 24
    assert exposure.accused == OTHERS // 10


def test_the_share_of_outsiders_as_suspect_is_never_zero_and_counts_ties_against_the_attacker() -> None:
    shares = outsiders_above(Scores(np.array([5.0, 1.0, 0.0]), np.array([1.0, 2.0, 3.0])))
    np.testing.assert_allclose(shares, [1 / 4, 4 / 4, 4 / 4, 1, 2 / 3, 1 / 3])


def test_numbers_are_pseudonyms_that_the_seed_repeats() -> None:
    numbers = record_numbers(50, seed=3)
    assert sorted(numbers) == list(range(1, 51))
    assert (numbers == record_numbers(50, seed=3)).all()
    assert (numbers != np.arange(1, 51)).sum() > 40


def subgroups(copied_of: str) -> Any:
    """Three types; members of one of them are nearly copied."""
    rng = np.random.default_rng(1)
    inside = np.repeat(["common", "rare", "tiny"], [80, 37, 3])
    outside = np.repeat(["common", "rare", "tiny"], [50, 28, 2])
    queries = rng.standard_normal((MEMBERS + OTHERS, 12))
    synthetic = rng.standard_normal((400, 12))
    rows = np.flatnonzero(inside == copied_of)
    synthetic[: len(rows)] = queries[rows] + 0.01 * rng.standard_normal((len(rows), 12))
    seen = AttackView(queries, synthetic)
    results = attacked(seen, "dcr")
    return results, measure_exposure(results, seen.near_synthetic, seed=0, labels=(inside, outside))


def test_a_type_that_leaks_is_found_and_others_are_not_blamed() -> None:
    _, exposure = subgroups("rare")
    groups = {group.name: group for group in exposure.subgroups}
    assert groups["rare"].is_found
    assert groups["rare"].auc.low > 0.9
    assert not groups["common"].is_found
    assert not groups["tiny"].is_found


def test_of_a_type_with_three_members_nothing_is_said() -> None:
    _, exposure = subgroups("nobody")
    tiny = next(group for group in exposure.subgroups if group.name == "tiny")
    assert tiny.auc is None
    assert not tiny.is_judged
    assert not any(group.is_found for group in exposure.subgroups)


def test_a_leaking_minority_fails_the_release() -> None:
    results, exposure = subgroups("rare")
    verdict = judge(results, [], Copies(0, MEMBERS, 0, OTHERS, 0, 1.0), None, exposure=exposure)
    check = next(check for check in verdict.checks if check.name == "minorities")
    assert check.outcome == "fail"
    assert "rare by Closest record" in check.reason


def test_types_too_small_to_be_judged_are_named_and_many_of_them_forbid_a_pass() -> None:
    _, exposure = subgroups("nobody")
    assert outcome_of(exposure) == "pass"
    blind = [
        dataclasses.replace(group, visible=None) if group.name == "rare" else group for group in exposure.subgroups
    ]
    assert outcome_of(dataclasses.replace(exposure, subgroups=tuple(blind))) == "cannot tell"


def outcome_of(exposure: Any) -> str:
    """What the check of minorities says; in any case it names the type of three."""
    checks = judge([], [], Copies(0, MEMBERS, 0, OTHERS, 0, 1.0), None, exposure=exposure).checks
    check = next(check for check in checks if check.name == "minorities")
    assert "tiny (3)" in check.reason
    return check.outcome


def test_releasing_more_copies_raises_the_risk() -> None:
    seen = view(copied=100)
    curve = released_curve([ATTACKS["dcr"]], seen, MEMBERS, seed=0)
    assert curve is not None
    points = [point.auc.point for point in curve.points]
    assert points[-1] > points[0] + 0.2
    assert curve.points[-1].at == 150
    whole = attacked(seen, "dcr")[0].auc.point
    assert points[-1] == whole, "the last point is the audit's own"


def test_more_records_of_a_donor_make_the_donor_easier_to_find() -> None:
    rng = np.random.default_rng(0)
    inside, outside = (np.repeat([f"{side}{i}" for i in range(10)], 12) for side in "ab")
    seen = AttackView(rng.standard_normal((240, 5)), rng.standard_normal((50, 5)))
    result = run_attack(ATTACKS["dcr"], seen, 120, seed=0, delta=1e-5, donors=(inside, outside))
    weak = Scores(rng.standard_normal(120) + 0.5, rng.standard_normal(120), inside, outside)
    curve = held_curve([dataclasses.replace(result, scores=weak, fault="")], seed=0)
    assert curve is not None
    by_held = {point.at: point.auc.point for point in curve.points}
    assert list(by_held) == [1, 2, 5, 10, 12]
    assert by_held[12] > by_held[1] + 0.1


def test_an_attack_that_judges_whole_donors_has_no_curve_against_records_held() -> None:
    """Its scores are means over all records of a donor, so that one record held would say as much as all."""
    rng = np.random.default_rng(0)
    inside, outside = (np.repeat([f"{side}{i}" for i in range(10)], 12) for side in "ab")
    known = np.concatenate([inside, outside])
    seen = AttackView(rng.standard_normal((240, 5)), rng.standard_normal((50, 5)), query_donors=known)
    found = [
        run_attack(ATTACKS[name], seen, 120, seed=0, delta=1e-5, donors=(inside, outside)) for name in ("dcr", "copula")
    ]
    curve = held_curve([dataclasses.replace(result, fault="") for result in found], seed=0)
    assert curve is not None
    assert {point.attack for point in curve.points} == {"dcr"}


def test_the_curve_against_released_records_resamples_donors_where_the_audit_does() -> None:
    rng = np.random.default_rng(0)
    queries = np.repeat(rng.standard_normal((20, 5)), 12, axis=0) + 0.1 * rng.standard_normal((240, 5))
    seen = AttackView(queries, rng.standard_normal((60, 5)))
    known = np.repeat([f"d{i}" for i in range(20)], 12)
    by_cell, by_donor = (
        released_curve([ATTACKS["dcr"]], dataclasses.replace(seen, query_donors=donors), 120, seed=0)
        for donors in (None, known)
    )
    assert by_cell is not None
    assert by_donor is not None
    widths = [curve.points[-1].auc.high - curve.points[-1].auc.low for curve in (by_cell, by_donor)]
    assert widths[1] > 1.5 * widths[0]


def test_a_donor_is_easier_to_find_in_a_generator_made_of_few() -> None:
    rng = np.random.default_rng(0)

    def cells(side: str) -> tuple[Any, Any]:
        """12 donors of 10 cells each, every donor with a middle of its own."""
        middles = np.repeat(rng.standard_normal((12, 6)), 10, axis=0)
        return middles + 0.3 * rng.standard_normal((120, 6)), np.repeat([f"{side}{i}" for i in range(12)], 10)

    def averages(records: Any, *, seed: int) -> Any:
        """A generator that hands out means of 40 cells: of all of its donors, or of few."""
        chance = np.random.default_rng(seed)
        size = min(40, len(records))
        return np.stack([records[chance.permutation(len(records))[:size]].mean(axis=0) for _ in range(200)])

    inside, outside = cells("in"), cells("out")
    copying = donors_curve([ATTACKS["dcr"]], lambda records, seed: records, inside, outside, seed=0)
    blurred = donors_curve([ATTACKS["dcr"]], averages, inside, outside, seed=0)
    assert copying is not None
    assert blurred is not None
    assert [point.at for point in blurred.points] == [2, 5, 10, 12]
    assert all(point.auc.point == 1.0 for point in copying.points)
    assert blurred.points[0].auc.point > blurred.points[-1].auc.point


def test_without_donors_there_is_no_curve_of_records_held() -> None:
    assert held_curve(attacked(view(copied=0), "dcr"), seed=0) is None


@dataclasses.dataclass(frozen=True)
class Raises:
    """An attack that cannot work."""

    name: str = "raises"
    label: str = "Raiser"
    explanation: str = "Raises."
    reference: str = "Nobody"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> Any:
        raise ZeroDivisionError("no such luck")


@pytest.mark.parametrize("wrong", [Raises()])
def test_an_attack_that_raises_is_broken_and_its_row_cannot_tell(harmless: AuditTarget, wrong: Raises) -> None:
    plugins = Plugins({"raises": wrong}, {}, {})
    result = audit(harmless, seed=0, attacks=["dcr", "raises"], metrics=[], risks=[], plugins=plugins)
    assert [attack.name for attack in result.attacks] == ["dcr"]
    assert result.broken[0].reason == "ZeroDivisionError: no such luck"
    check = next(check for check in result.verdict.checks if check.name == "attack raises")
    assert check.outcome == "cannot tell"
    assert result.verdict.outcome != "pass"


@dataclasses.dataclass(frozen=True)
class Blind:
    """An attack that looks at one coordinate of a record and at no synthetic one."""

    name: str = "blind"
    label: str = "Blind"
    explanation: str = "Guesses."
    reference: str = "Nobody"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> Any:
        return np.asarray(view.queries[:, 0], dtype=np.float64)


def test_an_attack_that_fails_its_self_test_cannot_tell_whatever_it_found(harmless: AuditTarget) -> None:
    plugins = Plugins({"blind": Blind()}, {}, {})
    result = audit(harmless, seed=0, attacks=["blind", "dcr"], metrics=[], risks=[], plugins=plugins)
    faults = {attack.name: attack.fault for attack in result.attacks}
    assert faults["dcr"] == ""
    assert "finds planted near-copies" in faults["blind"]
    check = next(check for check in result.verdict.checks if check.name == "attack blind")
    assert check.outcome == "cannot tell"
    assert set(result.to_json()["selftest"]["broken"]) == {"blind"}
