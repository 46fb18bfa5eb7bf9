"""Metrics, tested on tables whose answer is known: alive, and deaf to units and to the order of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audit._selftest._result import SelfCheck
from audit.metrics import Measured, Metric, MetricView, Score
from audit.metrics.energy import energy_test
from audit.metrics.mmd import median_distance, mmd_test
from audit.neighbours import nearest
from audit.records import Kind
from audit.statistics import clopper_pearson
from audit.target import AuditTarget, SetName
from prisyn_base import InputError, MissingExtraError

RECORDS, COLUMNS, TYPES = 120, 12, 3
LEVEL = 0.05
ALIKE = {"unit": 0.15, "order": 2.0}
"""Half intervals that a number may move: hardly with the unit; with the order as with a seed, where rows are drawn."""
SETS: tuple[SetName, ...] = ("members", "nonmembers", "synthetic", "reference")
Rows = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tables:
    """Values (n, 12) and types (n,) of each set; columns 0 to 5 regulate 6 to 11, one each."""

    values: dict[SetName, Rows] = field(default_factory=dict)
    types: dict[SetName, npt.NDArray[np.str_]] = field(default_factory=dict)

    def view(self, kind: Kind) -> MetricView:
        """What a metric gets to see: the values as a table, or as counts that rise with them."""
        import pandas as pd

        names = [f"v{column}" for column in range(COLUMNS)]
        frames = [pd.DataFrame(self.values[s], columns=names).assign(type=self.types[s]) for s in SETS]
        edges = [(names[column], names[column + COLUMNS // 2]) for column in range(COLUMNS // 2)]
        target = AuditTarget(*frames, label="type", kind=kind, edges=edges)
        return MetricView(target, 0)

    def changed(self, change: Callable[[Rows], Rows]) -> Tables:
        """Other values of the same records."""
        return Tables({name: change(values) for name, values in self.values.items()}, self.types)


def hearing(known: Mapping[str, Metric], rng: np.random.Generator) -> list[SelfCheck]:
    """Every metric that these tables, or counts, allow: it tells a spoilt synthetic set from a good one, whatever unit
    or order the records are handed over in."""
    good = _good(rng)
    sets = {"good": good, "spoilt": _spoilt(good, rng), "order": _reordered(good, rng)}
    kinds = [_views("table", sets), _views("counts", {name: each.changed(_counts) for name, each in sets.items()})]
    return [check for name, metric in sorted(known.items()) for check in _checks(name, metric, kinds)]


def _views(kind: Kind, sets: Mapping[str, Tables]) -> dict[str, MetricView]:
    views = {name: each.view(kind) for name, each in sets.items()}
    return views | {"unit": sets["good"].changed(lambda values: 1000 * values).view(kind)}


def _counts(values: Rows) -> Rows:
    return np.rint(np.exp(3 + 0.4 * values))


def _checks(name: str, metric: Metric, kinds: Sequence[Mapping[str, MetricView]]) -> list[SelfCheck]:
    """What the first kind of records that the metric takes shows; nothing where it takes neither."""
    for views in kinds:
        try:
            return _judged(name, {variant: metric.measure(view) for variant, view in views.items()})
        except (InputError, MissingExtraError):
            continue
        except Exception as error:  # whatever a stranger's metric may raise, it is that metric's failure alone
            return [SelfCheck("metric", name, "runs", False, f"{type(error).__name__}: {error}")]
    return []


def _good(rng: np.random.Generator) -> Tables:
    tables = Tables()
    centres = 2 * rng.standard_normal((TYPES, COLUMNS // 2))
    for name in SETS:
        kinds = rng.permutation(np.arange(RECORDS) % TYPES)
        drivers = centres[kinds] + rng.standard_normal((RECORDS, COLUMNS // 2))
        driven = drivers + 0.7 * rng.standard_normal(drivers.shape)
        tables.values[name] = np.concatenate([drivers, driven], axis=1)
        tables.types[name] = np.array([f"type {kind}" for kind in kinds])
    return tables


def _spoilt(good: Tables, rng: np.random.Generator) -> Tables:
    """The synthetic set moved away, each column shuffled by itself, all but two records of one type."""
    made = rng.permuted(good.values["synthetic"], axis=0) + 3 * good.values["synthetic"].std(axis=0)
    types = np.where(np.arange(RECORDS) < RECORDS - 2, "type 0", "type 1")
    return Tables({**good.values, "synthetic": made}, {**good.types, "synthetic": types})


def _reordered(good: Tables, rng: np.random.Generator) -> Tables:
    tables = Tables()
    for name in SETS:
        order = rng.permutation(RECORDS)
        tables.values[name], tables.types[name] = good.values[name][order], good.types[name][order]
    return tables


def _judged(name: str, found: Mapping[str, Measured]) -> list[SelfCheck]:
    scores = {kind: {score.key: score for score in measured.scores} for kind, measured in found.items()}
    moved = {key: _apart(score, scores["spoilt"].get(key)) for key, score in scores["good"].items()}
    told = f"moved by {max(moved.values(), default=0.0):.2f} half intervals"
    checks = [SelfCheck("metric", name, "tells a spoilt set from a good one", any(m > 1 for m in moved.values()), told)]
    for kind, statement in (("unit", "the unit does not matter"), ("order", "the order of rows does not matter")):
        apart = max((_apart(score, scores[kind].get(key)) for key, score in scores["good"].items()), default=0.0)
        detail = f"differs by {apart:.2f} half intervals"
        checks.append(SelfCheck("metric", name, statement, apart <= ALIKE[kind], detail))
    return checks


def _apart(first: Score, second: Score | None) -> float:
    """How far two values of a score are apart, in widths of half its interval (at least .001 of its size)."""
    if second is None or not np.isfinite([first.estimate.point, second.estimate.point]).all():
        return 0.0
    half = max(first.estimate.high - first.estimate.low, second.estimate.high - second.estimate.low) / 2
    size = max(abs(first.estimate.point), abs(second.estimate.point), 1e-6)
    return float(abs(first.estimate.point - second.estimate.point) / max(half, 1e-3 * size))


def distances(rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """A copy lies at distance zero; discrepancies do not saturate, and in so many repetitions reject as they should."""
    first, second = (rng.standard_normal((40, COLUMNS)) for _ in range(2))
    far = 1e4 * first
    zero = float(nearest((far + 1e6)[:1], far + 1e6, 1).distances[0, 0])
    checks = [SelfCheck("statistic", "neighbours", "a copy lies at distance zero", zero == 0.0, f"distance {zero:g}")]
    for name, test in (("mmd", _mmd), ("energy", _energy)):
        results = [(test(f * first, f * second)[0], test(f * first, f * (second + 1))[0]) for f in (1.0, 1e4)]
        held = all(different > 10 * abs(same) for same, different in results)
        detail = "; ".join(f"same {same:.4g}, shifted {different:.4g}" for same, different in results)
        checks.append(SelfCheck("metric", name, "is not saturated, near or far", held, detail))
        if repetitions:
            checks.append(_alarms(name, test, rng, repetitions))
    return checks


Test = Callable[[Rows, Rows], tuple[float, float]]


def _mmd(first: Rows, second: Rows) -> tuple[float, float]:
    estimate, p_value = mmd_test(first, second, width=median_distance(first, second), seed=0)
    return estimate.point, p_value


def _energy(first: Rows, second: Rows) -> tuple[float, float]:
    estimate, p_value = energy_test(first, second, seed=0)
    return estimate.point, p_value


def _alarms(name: str, test: Test, rng: np.random.Generator, repetitions: int) -> SelfCheck:
    rejected = sum(test(*rng.standard_normal((2, 30, COLUMNS)))[1] <= LEVEL for _ in range(repetitions))
    share = clopper_pearson(rejected, repetitions, level=0.999)
    detail = f"{share.point:.1%} of {repetitions} cases"
    return SelfCheck("metric", name, "rejects equal laws in about 5 % of cases", share.low <= LEVEL, detail)
