"""Train on synthetic, test on real."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.document import Cell, Table
from audit.metrics._protocol import Measured, MetricView, Score, draw, register
from audit.neighbours import Floats
from audit.statistics import Estimate, clopper_pearson

MOST = 5000
RESAMPLES = 500
Labels = npt.NDArray[np.str_]


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

    def measure(self, view: MetricView) -> Measured:
        rng = np.random.default_rng(view.seed)
        target = view.target
        truth, tests = target.nonmembers.labels, target.values("nonmembers")
        said = {}
        for name, cohort in (("synthetic", target.synthetic), ("members", target.members)):
            rows = draw(rng, len(cohort), MOST)
            values = target.values("synthetic" if name == "synthetic" else "members")
            said[name] = classify(values[rows], cohort.labels[rows], tests)
        types = np.unique(np.concatenate([truth, target.members.labels]))
        scores = tuple(_score(key, said["synthetic"], said["members"], truth, view.seed) for key in ("accuracy", "f1"))
        return Measured(scores, (_recalls(types, said["synthetic"], said["members"], truth),))


def _score(key: str, synthetic: Labels, members: Labels, truth: Labels, seed: int) -> Score:
    label, measure, reading = {
        "accuracy": ("Accuracy", _accuracy, "The share of unseen real records whose type is named rightly."),
        "f1": ("Macro-F1", _macro_f1, "As accuracy, with every type counting the same however rare."),
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


def classify(values: Floats, labels: Labels, tests: Floats) -> Labels:
    """The types of `tests` (m, g) according to a logistic regression on standardised `values` (n, g)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) == 1:
        return np.repeat(labels[:1], len(tests))
    centre, spread = values.mean(axis=0), values.std(axis=0)
    # A gene that is silent in training would blow up at the first count seen in the test.
    spread = np.where(spread > 1e-6, spread, 1.0)
    model = LogisticRegression(C=0.1, max_iter=300, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((values - centre) / spread, labels)
    return np.asarray(model.predict((tests - centre) / spread))


def _accuracy(said: Labels, truth: Labels, seed: int) -> Estimate:
    return clopper_pearson(int((said == truth).sum()), len(truth))


def _macro_f1(said: Labels, truth: Labels, seed: int) -> Estimate:
    rng = np.random.default_rng(seed)
    draws = [_f1(said[rows], truth[rows]) for rows in rng.integers(len(truth), size=(RESAMPLES, len(truth)))]
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(_f1(said, truth), float(low), float(high), len(truth))


def _f1(said: Labels, truth: Labels) -> float:
    """The mean over the types there are of 2 TP / (2 TP + FP + FN)."""
    types, codes = np.unique(np.concatenate([truth, said]), return_inverse=True)
    real, named = codes[: len(truth)], codes[len(truth) :]
    hits = np.bincount(real[real == named], minlength=len(types))
    total = np.bincount(real, minlength=len(types)) + np.bincount(named, minlength=len(types))
    present = np.bincount(real, minlength=len(types)) > 0
    return float((2 * hits / total)[present].mean())


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


def _interval(estimate: Any) -> str:
    return f"{estimate.low:.2f} to {estimate.high:.2f}"
