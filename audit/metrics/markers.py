"""Would an analyst find the same marker genes, with the same signs?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control
from scipy.stats import t as student

from audit.document import Table
from audit.metrics._draws import CONTROL, Floats, Labels, draw_trio, labels_of
from audit.metrics._likeness import spearman
from audit.metrics._protocol import Goal, Measured, MetricView, Score, register
from audit.statistics import Estimate, around

MOST = 2000
TOP = 50
FDR = 0.05
FEWEST = 10
RESAMPLES = 20


@dataclass(frozen=True, eq=False)
class Differences:
    """A type against the rest, per feature: difference of means `change` (p,) and its adjusted p-value `q` (p,)."""

    change: npt.NDArray[np.float64]
    q: npt.NDArray[np.float64]


@register
@dataclass(frozen=True)
class Markers:
    """Differences of each type from the rest (Welch's t on log-normalised values) in synthetic and in real records.

    Jaccard: overlap of the 50 features that each type has most more of. Spearman: rank correlation of the differences
    over all features. Sign flips: of the features significant in both (5 % false discoveries after Benjamini and
    Hochberg), those that point the other way. Means over types with at least 10 records in every set; intervals
    resample records.
    """

    name: str = "markers"
    label: str = "Marker features"
    explanation: str = "Finds the features that set each type apart, in synthetic and in real records."
    reference: str = "Welch, Biometrika 1947; Benjamini and Hochberg, J. R. Stat. Soc. B 1995"
    needs_labels: bool = True
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        sets = trio.of(view.target.values)
        labels = trio.of(lambda name: labels_of(view, name))
        kinds = [k for k in np.unique(labels[1]) if min((said == k).sum() for said in labels) >= FEWEST]
        if not kinds:
            return Measured((), notes=(f"No type has {FEWEST} records in each set.",))
        real = sets[1], labels[1]
        found, control = (_overlap((sets[i], labels[i]), real, kinds, view.seed) for i in (0, 2))
        scores = tuple(_score(key, found[key], control[key]) for key in _READINGS)
        return Measured(scores, (_table(sets, labels, kinds),), (f"{trio.size} records a side, {len(kinds)} types.",))


_READINGS: Mapping[str, tuple[str, Goal, float, float, str]] = {
    "jaccard": (f"Overlap of the top {TOP} markers", "maximise", 0.0, 1.0, "1: the same markers; 0: none in common."),
    "spearman": ("Rank correlation of differences", "maximise", -1.0, 1.0, "1: types differ in the same features."),
    "flips": ("Markers that change sign", "minimise", 0.0, 0.0, "0: whatever is significant points the same way."),
}


def differences(values: Floats, inside: npt.NDArray[np.bool_]) -> Differences:
    """Records `inside` (n,) against the others, for each column of values (n, p); no variance means no difference."""
    return _differences(_moments(values, inside.astype(float)), _moments(values, 1.0 - inside))


Moments = tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]]


def _moments(values: Floats, weights: Floats) -> Moments:
    """How many records, their mean and their variance, where record i counts `weights[i]` times."""
    kept = np.flatnonzero(weights)
    some, times = values[kept], weights[kept].astype(values.dtype)
    count = float(weights.sum())
    mean = np.asarray(times @ some, dtype=np.float64) / count
    square = np.asarray(times @ (some * some), dtype=np.float64) / count
    return count, mean, np.maximum(square - mean**2, 0.0) * count / max(count - 1, 1.0)


def _differences(first: Moments, second: Moments) -> Differences:
    (n, a, u), (m, b, v) = first, second
    change, error = a - b, u / n + v / m
    known = error > 1e-12
    freedom = np.divide(error**2, (u / n) ** 2 / (n - 1) + (v / m) ** 2 / (m - 1), out=np.ones_like(error), where=known)
    statistic = np.divide(np.abs(change), np.sqrt(error), out=np.zeros_like(error), where=known)
    p_values = 2 * student.sf(statistic, np.maximum(freedom, 1.0))
    return Differences(change, np.asarray(false_discovery_control(np.clip(p_values, 0.0, 1.0))))


def compare(first: Differences, second: Differences) -> tuple[float, float, float]:
    """Jaccard index of the top features, Spearman correlation of the changes, share of significant sign flips."""
    top = min(TOP, len(first.change) // 4 or 1)
    best = [set(np.argsort(-found.change, kind="stable")[:top].tolist()) for found in (first, second)]
    jaccard = len(best[0] & best[1]) / len(best[0] | best[1])
    both = (first.q <= FDR) & (second.q <= FDR)
    flipped = first.change[both] * second.change[both] < 0
    return jaccard, spearman(first.change, second.change), float(flipped.mean()) if both.any() else 0.0


def _overlap(
    first: tuple[Floats, Labels], second: tuple[Floats, Labels], kinds: list[str], seed: int
) -> Mapping[str, Estimate]:
    rng = np.random.default_rng(seed)
    one = np.ones(len(first[1])), np.ones(len(second[1]))
    point = _mean_over_types(first, second, kinds, one)
    draws = []
    for _ in range(RESAMPLES):
        times = [np.bincount(rng.integers(len(w), size=len(w)), minlength=len(w)).astype(float) for w in one]
        draws.append(_mean_over_types(first, second, kinds, (times[0], times[1])))
    spread, n = np.std(draws, axis=0), len(first[1]) + len(second[1])
    limits = ((0.0, 1.0), (-1.0, 1.0), (0.0, 1.0))
    return {
        key: around(float(point[i]), float(spread[i]), n, low=limits[i][0], high=limits[i][1])
        for i, key in enumerate(_READINGS)
    }


def _mean_over_types(
    first: tuple[Floats, Labels], second: tuple[Floats, Labels], kinds: list[str], times: tuple[Floats, Floats]
) -> Floats:
    found = []
    for kind in kinds:
        sides = []
        for (values, labels), weights in zip((first, second), times, strict=True):
            inside = labels == kind
            if min(weights[inside].sum(), weights[~inside].sum()) < 2:
                break
            sides.append(_differences(_moments(values, weights * inside), _moments(values, weights * ~inside)))
        if len(sides) == 2:
            found.append(compare(*sides))
    return np.mean(found, axis=0) if found else np.zeros(3)


def _score(key: str, estimate: Estimate, control: Estimate) -> Score:
    label, goal, low, target, reading = _READINGS[key]
    return Score(
        key=key,
        label=label,
        goal=goal,
        low=low,
        high=1.0,
        target=target,
        estimate=estimate,
        control=control,
        control_label=CONTROL,
        reading=reading,
    )


def _table(sets: tuple[Floats, Floats, Floats], labels: tuple[Labels, Labels, Labels], kinds: list[str]) -> Table:
    rows = []
    for kind in kinds:
        made, real, other = (differences(v, said == kind) for v, said in zip(sets, labels, strict=True))
        significant = int((real.q <= FDR).sum())
        rows.append((str(kind), significant, *compare(made, real), *compare(other, real)))
    columns = ("Type", "Significant, real", "Overlap", "Rank correlation", "Sign flips")
    beside = ("Overlap, real", "Rank correlation, real", "Sign flips, real")
    return Table(
        "Features that set each type apart: synthetic and real records agree", (*columns, *beside), tuple(rows)
    )
