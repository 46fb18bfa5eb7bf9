"""How active is each regulator in each type, read off its targets?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.document import Cell, Table
from audit.metrics._draws import CONTROL, Floats, Labels, Rows, draw_trio, labels_of, resample
from audit.metrics._edges import Regulations, regulations
from audit.metrics._likeness import pearson
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, around
from prisyn_base import InputError, Problem

MOST = 2000
TARGETS = 5
FEWEST = 10
RESAMPLES = 50


@register
@dataclass(frozen=True)
class Regulons:
    """Activity of a regulator in a record: the mean z of its targets, those it represses counting negatively.

    Means and deviations for z are those of non-members, for all sets, so that levels are compared as well. The score
    is the correlation, over regulators with at least five targets and types with at least ten records, of the mean
    activity in synthetic and in real records.
    """

    name: str = "regulons"
    label: str = "Activity of regulators"
    explanation: str = "Compares how active each regulator is in each type, judged by its targets."
    reference: str = "Alvarez et al., VIPER, Nature Genetics 2016 (idea); mean z as in decoupleR, 2022"
    needs_labels: bool = True
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        edges = regulations(view)
        regulators = [r for r in np.unique(edges.regulators) if (edges.regulators == r).sum() >= TARGETS]
        if not regulators:
            found = f"no regulator with {TARGETS} targets among the genes"
            raise InputError([Problem("edges", found, "some", "hand in more edges")])
        trio = draw_trio(view, MOST)
        sets = trio.of(view.target.values)
        labels = trio.of(lambda name: labels_of(view, name))
        kinds = [k for k in np.unique(labels[1]) if min((said == k).sum() for said in labels) >= FEWEST]
        if len(kinds) * len(regulators) < 3:
            return Measured((), notes=(f"No type has {FEWEST} records in each set.",))
        centre, spread = sets[1].mean(axis=0), sets[1].std(axis=0)
        active = [
            activity((values - centre) / np.where(spread > 1e-6, spread, 1.0), edges, regulators) for values in sets
        ]
        score = Score(
            key="agreement",
            label="Agreement of regulators' activity by type",
            goal="maximise",
            low=-1.0,
            high=1.0,
            target=1.0,
            estimate=_estimate((active[0], labels[0]), (active[1], labels[1]), kinds, view.seed),
            control=_estimate((active[2], labels[2]), (active[1], labels[1]), kinds, view.seed),
            control_label=CONTROL,
            reading="1: each regulator is active in the same types, and as much.",
        )
        means = [_by_type(a, said, kinds) for a, said in zip(active, labels, strict=True)]
        table = _table([view.target.features[r] for r in regulators], kinds, means)
        note = f"{len(regulators)} regulators with {TARGETS} targets or more, {len(kinds)} types."
        return Measured((score,), (table,), (note,))


def activity(z: Floats, edges: Regulations, regulators: list[int]) -> Floats:
    """Mean signed z of each regulator's targets in each record, shape (n, r). Unknown signs count as activation."""
    signs = np.where(edges.signs < 0, -1.0, 1.0)
    of = [edges.regulators == regulator for regulator in regulators]
    return np.stack([(z[:, edges.targets[mine]] * signs[mine]).mean(axis=1) for mine in of], axis=1).astype(np.float64)


def _by_type(active: Floats, labels: Labels, kinds: list[str]) -> Floats:
    """Mean activity, shape (types, regulators); NaN for a type that a resample missed."""
    empty = np.full(active.shape[1], np.nan)
    return np.stack([active[labels == kind].mean(axis=0) if (labels == kind).any() else empty for kind in kinds])


def _estimate(first: tuple[Floats, Labels], second: tuple[Floats, Labels], kinds: list[str], seed: int) -> Estimate:
    def again(i: Rows, j: Rows) -> float:
        a, b = (_by_type(active[at], labels[at], kinds) for (active, labels), at in ((first, i), (second, j)))
        known = ~(np.isnan(a) | np.isnan(b))
        return pearson(a[known], b[known])

    n, m = len(first[1]), len(second[1])
    spread = resample(again, (n, m), seed=seed, repetitions=RESAMPLES).std()
    return around(again(np.arange(n), np.arange(m)), float(spread), n + m, low=-1.0, high=1.0)


def _table(names: list[str], kinds: list[str], means: list[Floats]) -> Table:
    """Each regulator in the type where real records are most active."""
    rows: list[tuple[Cell, ...]] = []
    for column, name in enumerate(names):
        kind = int(means[1][:, column].argmax())
        agree = [pearson(means[i][:, column], means[1][:, column]) for i in (0, 2)]
        rows.append((name, str(kinds[kind]), float(means[1][kind, column]), float(means[0][kind, column]), *agree))
    columns = ("Regulator", "Most active in", "Real", "Synthetic", "Agreement over types", "Agreement, real")
    return Table("Activity of regulators in the type where it is highest", columns, tuple(rows))
