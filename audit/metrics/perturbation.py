"""Do synthetic records respond to a perturbation as real ones do?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.document import Cell, Table
from audit.metrics._draws import CONTROL, Floats, Labels, Rows, draw_trio, resample
from audit.metrics._likeness import spearman
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.metrics.markers import FDR, Differences, differences
from audit.statistics import Estimate, around, clopper_pearson
from audit.target import SetName
from prisyn_base import InputError, Problem

MOST = 2000
FEWEST = 10
RESAMPLES = 20


Given = tuple[Floats, Labels]


@register
@dataclass(frozen=True)
class Perturbation:
    """Differences between each condition and the baseline, per feature, in synthetic and in real records.

    `column` of the records' annotation (obs) names the condition of each; `baseline` is the condition that the others
    are compared with, by default the first in the alphabet. Response: rank correlation of the differences over all
    features. Signs: of the features that respond significantly in real records (Welch's t, 5 % false discoveries),
    those that go the same way. With several conditions, means over them.
    """

    column: str = "condition"
    baseline: str = ""
    name: str = "perturbation"
    label: str = "Response to a perturbation"
    explanation: str = "Compares what a treatment changes in synthetic records with what it changes in real ones."
    reference: str = "Welch, Biometrika 1947; Benjamini and Hochberg, J. R. Stat. Soc. B 1995"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        given = trio.of(lambda name: self._conditions(view, name))
        sets = trio.of(view.target.values)
        baseline = self.baseline or min(map(str, np.concatenate(given)))
        others = [str(condition) for condition in np.unique(given[1]) if condition != baseline]
        conditions = [condition for condition in others if _enough(given, condition, baseline)]
        if not conditions:
            found = f"no condition beside {baseline!r} with {FEWEST} records in each set"
            raise InputError([Problem(self.column, found, "one", "hand in more records of each condition")])
        pairs = [(sets[i], given[i]) for i in range(3)]
        scores = [
            Score(
                key="response",
                label="Rank correlation of responses",
                goal="maximise",
                low=-1.0,
                high=1.0,
                target=1.0,
                estimate=_correlation(pairs[0], pairs[1], conditions, baseline, view.seed),
                control=_correlation(pairs[2], pairs[1], conditions, baseline, view.seed),
                control_label=CONTROL,
                reading="As high as among real records: the treatment changes the same features.",
            )
        ]
        signs = [_signs(pairs[i], pairs[1], conditions, baseline) for i in (0, 2)]
        if signs[0] is not None:
            scores.append(_sign_score(signs[0], signs[1]))
        note = f"{trio.size} records a side; baseline {baseline}."
        return Measured(tuple(scores), (_table(pairs, conditions, baseline),), (note,))

    def _conditions(self, view: MetricView, name: SetName) -> Labels:
        about = view.target.sets[name].about
        if self.column not in about:
            found, mend = f"no column {self.column!r} in {name}", "name the column that holds the condition"
            raise InputError([Problem("perturbation", found, "the condition of each record", mend)])
        return np.asarray(about[self.column].astype(str), dtype=np.str_)


def _enough(given: tuple[Labels, Labels, Labels], condition: str, baseline: str) -> bool:
    return all(min((said == condition).sum(), (said == baseline).sum()) >= FEWEST for said in given)


def _response(values: Floats, given: Labels, condition: str, baseline: str) -> Differences:
    rows = np.flatnonzero((given == condition) | (given == baseline))
    return differences(values[rows], given[rows] == condition)


def same_sign(found: Differences, real: Differences) -> npt.NDArray[np.bool_]:
    """Of the features that respond significantly in real records: does each change in the same direction?"""
    responds = real.q <= FDR
    return np.asarray(found.change[responds] * real.change[responds] > 0)


def _table(pairs: list[Given], conditions: list[str], baseline: str) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for condition in conditions:
        made, real, other = (_response(*pair, condition, baseline) for pair in pairs)
        cells: list[Cell] = [condition, int((real.q <= FDR).sum())]
        for found in (made, other):
            same = same_sign(found, real)
            cells += [spearman(found.change, real.change), float(same.mean()) if len(same) else None]
        rows.append(tuple(cells))
    columns = ("Condition", "Features that respond", "Correlation", "Same sign", "Correlation, real", "Same sign, real")
    return Table(f"Responses of features, compared with {baseline}", columns, tuple(rows))


def _correlation(first: Given, second: Given, conditions: list[str], baseline: str, seed: int) -> Estimate:
    def again(i: Rows, j: Rows) -> float:
        sides = [(values[at], said[at]) for (values, said), at in ((first, i), (second, j))]
        return float(np.mean([spearman(*(_change(*side, c, baseline) for side in sides)) for c in conditions]))

    n, m = len(first[1]), len(second[1])
    spread = resample(again, (n, m), seed=seed, repetitions=RESAMPLES).std()
    return around(again(np.arange(n), np.arange(m)), float(spread), n + m, low=-1.0, high=1.0)


def _change(values: Floats, given: Labels, condition: str, baseline: str) -> Floats:
    inside, outside = given == condition, given == baseline
    if not (inside.any() and outside.any()):
        return np.zeros(values.shape[1])
    return np.asarray(values[inside].mean(axis=0, dtype=np.float64) - values[outside].mean(axis=0, dtype=np.float64))


def _signs(first: Given, second: Given, conditions: list[str], baseline: str) -> Estimate | None:
    same = [same_sign(*(_response(*side, c, baseline) for side in (first, second))) for c in conditions]
    total = sum(map(len, same))
    return clopper_pearson(sum(int(each.sum()) for each in same), total) if total else None


def _sign_score(estimate: Estimate, control: Estimate | None) -> Score:
    return Score(
        key="signs",
        label="Responding features that go the same way",
        goal="maximise",
        low=0.0,
        high=1.0,
        target=1.0,
        estimate=estimate,
        control=control,
        control_label=CONTROL,
        reading="1: whatever rises or falls in real records does so in synthetic ones; 0.5: arbitrary.",
    )
