"""Train on synthetic, test on real."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.document import Cell, Table
from audit.metrics._draws import labels_of
from audit.metrics._protocol import Measured, MetricView, Score, draw, register
from audit.metrics._types import Labels, accuracy, classify, macro_f1
from audit.statistics import Estimate, clopper_pearson
from audit.target import SetName

MOST = 5000


@register
@dataclass(frozen=True)
class Tstr:
    """Accuracy and macro-F1 on non-members of a logistic regression trained on synthetic records, beside members."""

    name: str = "tstr"
    label: str = "Train on synthetic, test on real"
    explanation: str = (
        "A classifier of types learns from synthetic records only and is then tested on unseen real ones."
    )
    reference: str = "Esteban, Hyland and Rätsch, 2017 (arXiv 1706.02633)"
    needs_labels: bool = True
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        rng = np.random.default_rng(view.seed)
        truth, tests = labels_of(view, "nonmembers"), view.target.values("nonmembers")
        said = {}
        names: tuple[SetName, SetName] = ("synthetic", "members")
        for name in names:
            labels = labels_of(view, name)
            rows = draw(rng, len(labels), MOST)
            said[name] = classify(view.target.values(name)[rows], labels[rows], tests)
        types = np.unique(np.concatenate([truth, labels_of(view, "members")]))
        scores = tuple(_score(key, said["synthetic"], said["members"], truth, view.seed) for key in ("accuracy", "f1"))
        return Measured(scores, (_recalls(types, said["synthetic"], said["members"], truth),))


def _score(key: str, synthetic: Labels, members: Labels, truth: Labels, seed: int) -> Score:
    label, measure, reading = {
        "accuracy": ("Accuracy", accuracy, "The share of unseen real records whose type is named rightly."),
        "f1": ("Macro-F1", macro_f1, "As accuracy, with every type counting the same however rare."),
    }[key]
    return Score(
        key=key,
        label=f"{label}, trained on synthetic",
        goal="maximise",
        low=0.0,
        high=1.0,
        target=1.0,
        estimate=measure(synthetic, truth, seed),
        control=measure(members, truth, seed),
        control_label="trained on members",
        reading=reading,
    )


def _recalls(types: Labels, synthetic: Labels, members: Labels, truth: Labels) -> Table:
    rows = []
    for kind in types:
        of = truth == kind
        cells: list[Cell] = [str(kind), int(of.sum())]
        for said in (synthetic, members):
            if of.any():
                recall = clopper_pearson(int((said[of] == kind).sum()), int(of.sum()))
                cells += [recall.point, _interval(recall)]
            else:
                cells += [None, None]
        rows.append(tuple(cells))
    columns = ("Type", "Real records tested", "Recall, synthetic", "95 %", "Recall, members", "95 % ")
    return Table(
        "Recall of each type in unseen real records, by what the classifier was trained on", columns, tuple(rows)
    )


def _interval(estimate: Estimate) -> str:
    return f"{estimate.low:.2f} to {estimate.high:.2f}"
