"""Train on real, test on synthetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.metrics._draws import labels_of
from audit.metrics._protocol import Measured, MetricView, Score, draw, register
from audit.metrics._types import Labels, accuracy, classify, macro_f1
from audit.target import SetName

MOST = 5000


@register
@dataclass(frozen=True)
class Trts:
    """Accuracy and macro-F1 of a logistic regression trained on members: on synthetic records, beside non-members.

    High together with a low TSTR is the mark of mode collapse: each synthetic record is an easy, typical one. Higher
    than on real records is no merit, so that the goal is what real records reach.
    """

    name: str = "trts"
    label: str = "Train on real, test on synthetic"
    explanation: str = "A classifier of types learns from real records and is tested on synthetic ones."
    reference: str = "Esteban, Hyland and Rätsch, 2017 (arXiv 1706.02633)"
    needs_labels: bool = True
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        rng = np.random.default_rng(view.seed)
        names: tuple[SetName, ...] = ("members", "synthetic", "nonmembers")
        rows = {name: draw(rng, len(view.target.sets[name]), MOST) for name in names}
        truth = {name: labels_of(view, name)[at] for name, at in rows.items()}
        values = {name: view.target.values(name)[at] for name, at in rows.items()}
        tests = np.concatenate([values["synthetic"], values["nonmembers"]])
        said = classify(values["members"], truth["members"], tests)
        made, real = np.split(said, [len(values["synthetic"])])
        pairs = (made, truth["synthetic"]), (real, truth["nonmembers"])
        return Measured((_score("accuracy", *pairs, view.seed), _score("f1", *pairs, view.seed)))


def _score(key: str, made: tuple[Labels, Labels], real: tuple[Labels, Labels], seed: int) -> Score:
    label, measure, reading = {
        "accuracy": ("Accuracy", accuracy, "The share of synthetic records whose type real ones would have taught."),
        "f1": ("Macro-F1", macro_f1, "As accuracy, with every type counting the same however rare."),
    }[key]
    control = measure(*real, seed)
    return Score(
        key=key,
        label=f"{label} on synthetic records, trained on members",
        goal="target",
        low=0.0,
        high=1.0,
        target=control.point,
        estimate=measure(*made, seed),
        control=control,
        control_label="on non-members",
        reading=reading,
    )
