"""The instruments pass their own test, and the test can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from audit import selftest
from audit._selftest import SelfCheck, quick_selftest
from audit._selftest._attacks import behaviour, false_alarms
from audit._selftest._metrics import hearing
from audit._selftest._planted import FPR, ROWS, TPR, leaking_table
from audit.attacks import ATTACKS, Attack, AttackView
from audit.metrics import METRICS, Measured, MetricView, Score
from audit.statistics import Estimate, rates
from prisyn_base import InputError, Problem

CHEAP = {name: ATTACKS[name] for name in ("dcr", "density", "calibrated", "domias", "dpi")}


def failed(checks: list[SelfCheck]) -> set[str]:
    return {check.statement for check in checks if not check.held}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_instruments_pass_and_say_what_was_measured() -> None:
    found = selftest(seed=0, repetitions=20, attacks=CHEAP, metrics={"nnaa": METRICS["nnaa"], "mmd": METRICS["mmd"]})
    assert found.passed, found.broken
    plain = found.to_json()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert {check["instrument"] for check in plain["checks"]} >= {*CHEAP, "nnaa", "mmd", "epsilon one_run_fdp"}
    assert "seconds" not in json.dumps(plain)


def test_the_quick_test_looks_at_every_attack_before_an_audit() -> None:
    found = quick_selftest(0)
    assert found.broken == {}
    assert {check.instrument for check in found.checks} >= set(ATTACKS)
    assert {check.instrument for check in quick_selftest(0, attacks={"dcr": ATTACKS["dcr"]}).checks} >= {"dcr", "mmd"}


@pytest.mark.parametrize("name", sorted(set(ATTACKS) - set(CHEAP)))
def test_every_other_attack_behaves(name: str) -> None:
    assert failed(behaviour({name: ATTACKS[name]}, rng())) == set()


def test_attacks_accuse_the_innocent_as_often_as_they_say() -> None:
    """Those that train nothing, few repetitions; `prisyn audit selftest` runs all of them 200 times."""
    trained = {"classifier", "logan", "ensemble"}
    quick = {name: attack for name, attack in ATTACKS.items() if name not in trained}
    assert failed(false_alarms(quick, rng(3), 25)) == set()


def test_planted_near_copies_are_named_at_one_false_alarm_in_a_thousand() -> None:
    values = ATTACKS["dcr"].scores(leaking_table(rng()))
    found = rates(values[:ROWS], values[ROWS:], fprs=(FPR,))[0]
    assert found.resolvable
    assert found.tpr.point >= TPR


@dataclass(frozen=True)
class Made:
    """An attack that is broken on purpose."""

    judge: Callable[[AttackView], npt.NDArray[np.float64]]
    name: str = "made"
    label: str = "Made"
    explanation: str = "Broken on purpose."
    reference: str = "none"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        return self.judge(view)


def underflowing(view: AttackView) -> npt.NDArray[np.float64]:
    """The published score exp(-d^2), which is 0 for every far record."""
    return np.exp(-(view.near_synthetic.distances[:, 0] ** 2))


def constant_radius(view: AttackView) -> npt.NDArray[np.float64]:
    """Counts within one unit, whatever the unit is."""
    return (view.near_synthetic.distances < 1).sum(axis=1).astype(float)


def blind(view: AttackView) -> npt.NDArray[np.float64]:
    return np.linalg.norm(view.queries, axis=1)


def by_row(view: AttackView) -> npt.NDArray[np.float64]:
    return -view.near_synthetic.distances[:, 0] - 1e-3 * np.arange(len(view.queries))


def by_position_of_synthetic(view: AttackView) -> npt.NDArray[np.float64]:
    """Indexes one set with the row numbers of another."""
    return -np.linalg.norm(view.queries - view.synthetic[np.arange(len(view.queries)) % len(view.synthetic)], axis=1)


def counting(view: AttackView) -> npt.NDArray[np.float64]:
    """Many records share one place in the order, and all ties count as found."""
    return -np.round(view.near_synthetic.distances[:, 0])


def raising(view: AttackView) -> npt.NDArray[np.float64]:
    raise ZeroDivisionError("no neighbours")


@pytest.mark.parametrize(
    ("judge", "statement"),
    [
        (underflowing, "the unit does not matter, and distances do not saturate"),
        (constant_radius, "the unit does not matter, and distances do not saturate"),
        (counting, "the unit does not matter, and distances do not saturate"),
        (blind, "finds planted near-copies"),
        (by_row, "equal records get equal scores"),
        (by_position_of_synthetic, "the order of records does not matter"),
        (raising, "runs"),
    ],
)
def test_each_way_to_be_broken_is_seen(judge: Callable[[AttackView], npt.NDArray[np.float64]], statement: str) -> None:
    assert statement in failed(behaviour({"made": Made(judge)}, rng()))


def test_an_attack_that_accuses_the_innocent_is_caught() -> None:
    peeking: Attack = Made(lambda view: -np.arange(len(view.queries), dtype=float))
    assert failed(false_alarms({"made": peeking}, rng(), 20)) == {"rejects harmless data in about 5 % of cases"}


def test_a_broken_instrument_is_named_with_its_reasons() -> None:
    found = quick_selftest(0, attacks={"dcr": ATTACKS["dcr"], "made": Made(underflowing)})
    assert not found.passed
    assert set(found.broken) == {"made"}
    assert "distances do not saturate" in found.broken["made"]
    assert found.to_json()["broken"] == found.broken


@dataclass(frozen=True)
class Measure:
    """A metric that is broken on purpose."""

    number: Callable[[MetricView], float]
    name: str = "made"
    label: str = "Made"
    explanation: str = "Broken on purpose."
    reference: str = "none"
    needs_labels: bool = False

    def measure(self, view: MetricView) -> Measured:
        point = self.number(view)
        estimate = Estimate(point, point, point, 100)
        return Measured((Score("made", "Made", "minimise", None, None, 0.0, estimate, None, "", ""),))


def saturated(view: MetricView) -> float:
    """MMD with a kernel far narrower than the data: the kernel matrix is the identity, and the answer 2/n."""
    sets = [view.target.values(name).astype(float) for name in ("synthetic", "nonmembers")]
    kernels = [np.exp(-1e4 * ((a[:, None] - b) ** 2).sum(axis=2)).mean() for a in sets for b in sets]
    return float(kernels[0] + kernels[3] - kernels[1] - kernels[2])


def indexing(view: MetricView) -> float:
    """Compares the i-th synthetic with the i-th real record."""
    sets = [view.target.values(name) for name in ("synthetic", "nonmembers")]
    return float(np.linalg.norm(sets[0] - sets[1], axis=1).mean())


@pytest.mark.parametrize(
    ("number", "statement"),
    [(saturated, "tells a spoilt set from a good one"), (indexing, "the order of rows does not matter")],
)
def test_each_way_a_metric_can_be_broken_is_seen(number: Callable[[MetricView], float], statement: str) -> None:
    assert failed(hearing({"made": Measure(number)}, rng())) == {statement}


def test_a_metric_that_these_tables_do_not_allow_is_left_out_and_one_that_breaks_is_not() -> None:
    def refuse(view: MetricView) -> float:
        raise InputError([Problem("members", "a table", "counts", "hand in counts")])

    def fail(view: MetricView) -> float:
        raise ArithmeticError("too small")

    assert hearing({"made": Measure(refuse)}, rng()) == []
    assert failed(hearing({"made": Measure(fail)}, rng())) == {"runs"}
