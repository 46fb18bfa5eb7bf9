"""The instruments, tested on data whose answer is known."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.attacks import ATTACKS, Attack, AttackView
from audit.metrics.mmd import median_distance, mmd_test
from audit.neighbours import nearest
from audit.statistics import (
    Scores,
    auc,
    clopper_pearson,
    epsilon_bound,
    gaussian_dp_epsilon,
    tied_share,
)
from audit.statistics import against_chance as chance

SCHEMA = "prisyn.audit.selftest/1"
AXES, RECORDS = 20, 100
LEVEL = 0.05
DELTA = 1e-5


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """One statement about an instrument, whether it held, and what was measured."""

    name: str
    held: bool
    detail: str


@dataclass(frozen=True)
class SelfTest:
    """All statements; `passed` where every one held."""

    seed: int
    repetitions: int
    checks: tuple[SelfCheck, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return all(check.held for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; seconds are in `timing` only."""
        checks = [{"name": c.name, "held": c.held, "detail": c.detail} for c in self.checks]
        settings = {"seed": self.seed, "repetitions": self.repetitions}
        return {
            "schema": SCHEMA,
            **settings,
            "passed": self.passed,
            "checks": checks,
            "timing": {"total": self.seconds},
        }


def selftest(*, seed: int, repetitions: int = 100) -> SelfTest:
    """Run every attack on null data and on planted copies, and the bounds on a mechanism of known privacy.

    100 repetitions take a few seconds; more make the rejection rate's interval narrower.
    """
    start = time.perf_counter()
    groups = [_false_alarms, _copies, _distances, _invariances, _gaussian_mechanism, _null_epsilon, _discrepancy]
    seeds = np.random.SeedSequence(seed).spawn(len(groups))
    checks = [
        check
        for group, child in zip(groups, seeds, strict=True)
        for check in group(np.random.default_rng(child), repetitions)
    ]
    return SelfTest(seed, repetitions, tuple(checks), time.perf_counter() - start)


def _draw(rng: np.random.Generator, count: int) -> npt.NDArray[np.float32]:
    return rng.standard_normal((count, AXES)).astype(np.float32)


def _null_view(rng: np.random.Generator) -> AttackView:
    return AttackView(_draw(rng, 2 * RECORDS), _draw(rng, RECORDS), _draw(rng, RECORDS))


def _false_alarms(rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """All sets from one law: each attack must reject in about 5 % of the repetitions, by AUC and by TPR."""
    alarms = dict.fromkeys(ATTACKS, 0)
    rates = dict.fromkeys(ATTACKS, 0)
    for _ in range(repetitions):
        view = _null_view(rng)
        for name, attack in ATTACKS.items():
            values = attack.scores(view)
            tested = chance(Scores(values[:RECORDS], values[RECORDS:]), seed=0, fprs=(0.1,))
            alarms[name] += tested.above <= LEVEL
            rates[name] += any(p <= LEVEL for _, p in tested.rates)
    checks = []
    for name in sorted(ATTACKS):
        # 99.9 %: ten statements are made at once, and each is to stand on its own.
        by_auc, by_rate = (clopper_pearson(found[name], repetitions, level=0.999) for found in (alarms, rates))
        detail = f"AUC test {by_auc.point:.1%} [{by_auc.low:.1%}, {by_auc.high:.1%}], TPR test {by_rate.point:.1%}"
        held = by_auc.low <= LEVEL <= by_auc.high and by_rate.low <= LEVEL
        checks.append(SelfCheck(f"{name}: rejects harmless data in about 5 % of cases", held, detail))
    return checks


def _copies(rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """Members stand in the synthetic set, ten times each: every attack must find them."""
    members = _draw(rng, RECORDS)
    view = AttackView(
        np.concatenate([members, _draw(rng, RECORDS)]), np.repeat(members, 10, axis=0), _draw(rng, 10 * RECORDS)
    )
    return [_found(name, attack, view) for name, attack in sorted(ATTACKS.items())]


def _found(name: str, attack: Attack, view: AttackView) -> SelfCheck:
    values = attack.scores(view)
    area = auc(values[:RECORDS], values[RECORDS:])
    return SelfCheck(f"{name}: finds planted copies", area > 0.8, f"AUC {area:.3f}")


def _distances(rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """Records thousands of units apart keep their order: no ties, and the same AUC as when they are near."""
    members, outsiders, reference = _draw(rng, RECORDS), _draw(rng, RECORDS), _draw(rng, RECORDS)
    synthetic = members + 0.5 * _draw(rng, RECORDS)
    near = AttackView(np.concatenate([members, outsiders]), synthetic, reference)
    checks = []
    for name, attack in sorted(ATTACKS.items()):
        values = attack.scores(_scaled(near, 1e4))
        ties = tied_share(values[:RECORDS], values[RECORDS:])
        area = auc(values[:RECORDS], values[RECORDS:])
        detail = f"ties {ties:.1%}, AUC {area:.3f} at distances of {1e4:g} units"
        checks.append(SelfCheck(f"{name}: distances do not saturate", ties < 0.01 and area > 0.55, detail))
    copy = np.concatenate([synthetic[:1], synthetic[1:] + 1000])
    zero = float(nearest(copy[:1], copy, 1).distances[0, 0])
    return [*checks, SelfCheck("a copy lies at distance zero", zero == 0.0, f"distance {zero:g}")]


def _scaled(view: AttackView, factor: float) -> AttackView:
    reference = None if view.reference is None else view.reference * factor
    return AttackView(view.queries * factor, view.synthetic * factor, reference)


def _invariances(rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """Neither the unit of measurement nor the order of records may change who is suspected."""
    view = _null_view(rng)
    order = rng.permutation(2 * RECORDS)
    shuffled = AttackView(view.queries[order], rng.permutation(view.synthetic), view.reference)
    checks = []
    for name, attack in sorted(ATTACKS.items()):
        ranks = _order(attack.scores(view))
        scale = float(np.mean(_order(attack.scores(_scaled(view, 8.0))) == ranks))
        place = float(np.mean(_order(attack.scores(shuffled)) == ranks[order]))
        detail = f"{scale:.1%} of ranks kept under scaling, {place:.1%} under reordering"
        checks.append(SelfCheck(f"{name}: unit and order do not matter", min(scale, place) > 0.98, detail))
    return checks


def _order(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """The place of each score among the others, equal scores sharing one."""
    return np.unique(np.round(scores, 9), return_inverse=True)[1]


def _gaussian_mechanism(rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """Scores of a Gaussian mechanism with mu = 1: the bounds must stay below the true epsilon and above nothing."""
    truth = gaussian_dp_epsilon(1.0, DELTA)
    bounds = [_bounds(rng, 1.0) for _ in range(repetitions)]
    gaussian, exact = (np.array(kind) for kind in zip(*bounds, strict=True))
    return [
        _below("Clopper-Pearson", exact, truth),
        _below("Gaussian", gaussian, truth),
        _useful("Gaussian", gaussian, truth),
    ]


def _bounds(rng: np.random.Generator, mu: float) -> tuple[float, float]:
    scores = Scores(rng.standard_normal(1000) + mu, rng.standard_normal(1000))
    bound = epsilon_bound(scores, delta=DELTA)
    return bound.gaussian, bound.clopper_pearson


def _below(name: str, bounds: npt.NDArray[np.float64], truth: float) -> SelfCheck:
    above = clopper_pearson(int((bounds > truth).sum()), len(bounds), level=0.999)
    detail = f"above {truth:.2f} in {above.point:.1%} of cases, median bound {np.median(bounds):.2f}"
    return SelfCheck(f"{name} bound stays below the true epsilon of a known mechanism", above.low <= LEVEL, detail)


def _useful(name: str, bounds: npt.NDArray[np.float64], truth: float) -> SelfCheck:
    middle = float(np.median(bounds))
    return SelfCheck(f"{name} bound says something", middle > truth / 4, f"median bound {middle:.2f} of {truth:.2f}")


def _null_epsilon(rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """Random scores prove nothing: a bound above zero must be rare."""
    bounds = [_bounds(rng, 0.0) for _ in range(repetitions)]
    checks = []
    for name, values in zip(("Gaussian", "Clopper-Pearson"), zip(*bounds, strict=True), strict=True):
        above = clopper_pearson(int((np.array(values) > 0).sum()), repetitions, level=0.999)
        detail = f"above zero in {above.point:.1%} of cases"
        checks.append(SelfCheck(f"{name} bound proves nothing from random scores", above.low <= LEVEL, detail))
    return checks


def _discrepancy(rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """MMD must tell a shifted law from the same law, whatever the unit."""
    first, second, other = _draw(rng, RECORDS), _draw(rng, RECORDS), _draw(rng, RECORDS) + 1
    results = []
    for factor in (1.0, 1e4):
        width = median_distance(first * factor, second * factor)
        same, different = (mmd_test(first * factor, s * factor, width=width, seed=0)[0] for s in (second, other))
        results.append((same.point, different.point))
    held = all(different > 10 * abs(same) for same, different in results)
    detail = "; ".join(f"same {same:.4f}, shifted {different:.4f}" for same, different in results)
    return [SelfCheck("MMD is not saturated", held, detail)]
