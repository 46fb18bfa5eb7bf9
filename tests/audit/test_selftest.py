"""The instruments pass their own test, and the test can fail."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from audit import selftest
from audit._selftest import _distances, _false_alarms
from audit.attacks import ATTACKS, AttackView


def test_the_instruments_pass_and_say_what_was_measured() -> None:
    found = selftest(seed=0)
    assert found.passed, [check for check in found.checks if not check.held]
    plain = found.to_json()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert sum("planted copies" in check["name"] for check in plain["checks"]) == len(ATTACKS)


@dataclass(frozen=True)
class Underflowing:
    """The published score exp(-d^2), which is 0 for every far record."""

    name: str = "underflowing"
    label: str = "Underflowing"
    explanation: str = "Broken on purpose."
    reference: str = "none"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        return np.exp(-(view.near_synthetic.distances[:, 0] ** 2))


@dataclass(frozen=True)
class Peeking(Underflowing):
    """Scores that know the order in which records are handed over."""

    name: str = "peeking"

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        return -np.arange(len(view.queries), dtype=float)


def test_an_attack_that_saturates_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit._selftest.ATTACKS", {"underflowing": Underflowing()})
    checks = _distances(np.random.default_rng(0), 1)
    assert not checks[0].held


def test_an_attack_that_accuses_the_innocent_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit._selftest.ATTACKS", {"peeking": Peeking()})
    assert not _false_alarms(np.random.default_rng(0), 30)[0].held
