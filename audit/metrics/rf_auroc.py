"""Can a random forest tell synthetic records from real ones?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.metrics._draws import CONTROL, Trio, draw_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.neighbours import Floats
from audit.statistics import Estimate, Scores, auc_estimate

Names = npt.NDArray[np.str_]
MOST = 2000
FOLDS = 5
TREES = 100


@register
@dataclass(frozen=True)
class RfAuroc:
    """AUROC of a random forest on log-normalised values, equal sizes, scores from five-fold cross-validation.

    Where members and non-members are of other donors, a forest that has seen a donor knows its other records, so folds
    keep donors whole and the interval resamples them. A synthetic record then counts as a donor of its own.
    """

    name: str = "rf_auroc"
    label: str = "Random forest, real or synthetic"
    explanation: str = "A random forest is trained to tell synthetic records from real ones; 0.5 means that it cannot."
    reference: str = "Lopez-Paz and Oquab, classifier two-sample tests, ICLR 2017"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        synthetic, real, other = trio.of(view.target.values)
        of_real, of_other = _donors(view, trio)
        made = None if of_real is None else np.array([f"synthetic {row}" for row in trio.synthetic])
        control, notes = None, [f"{trio.size} records a side."]
        if of_other is None or of_real is None or _fewest(of_other, of_real) > 1:
            control = separation(other, real, donors=(of_other, of_real), seed=view.seed)
        else:
            notes.append("One donor on a side: whether donors or sets differ cannot be told, so there is no control.")
        score = Score(
            key="auroc",
            label="AUROC, synthetic against real",
            goal="target",
            low=0.0,
            high=1.0,
            target=0.5,
            estimate=separation(synthetic, real, donors=(made, of_real), seed=view.seed),
            control=control,
            control_label=CONTROL,
            reading="0.5: indistinguishable from real records; 1: told apart without error.",
        )
        return Measured((score,), notes=tuple(notes))


def _donors(view: MetricView, trio: Trio) -> tuple[Names | None, Names | None]:
    """The donors of `trio.real` and `trio.other`; None where not known, or where a donor is on both sides."""
    real, other = view.target.donors("nonmembers"), view.target.donors("members")
    if real is None or other is None or set(real) & set(other):
        return None, None
    return real[trio.real], other[trio.other]


def _fewest(first: Names, second: Names) -> int:
    return min(len(np.unique(first)), len(np.unique(second)))


def separation(
    first: Floats, second: Floats, *, donors: tuple[Names | None, Names | None] = (None, None), seed: int
) -> Estimate:
    """AUROC of telling `first` (n, g) from `second` (m, g), out of fold, with a bootstrap interval.

    Folds and bootstrap keep `donors` whole where both sides' are given, no donor is on both sides, and each side has
    two; else they are of records.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict

    values = np.concatenate([first, second])
    labels = np.repeat([1, 0], [len(first), len(second)])
    forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=1, min_samples_leaf=2)
    folds, groups = StratifiedKFold(FOLDS, shuffle=True, random_state=seed), None
    if donors[0] is not None and donors[1] is not None and _fewest(donors[0], donors[1]) > 1:
        groups = np.concatenate([donors[0], donors[1]])
        folds = StratifiedGroupKFold(min(FOLDS, _fewest(donors[0], donors[1])), shuffle=True, random_state=seed)
    said = cross_val_predict(forest, values, labels, groups=groups, cv=folds, method="predict_proba")[:, 1]
    return auc_estimate(Scores(said[labels == 1], said[labels == 0], *donors), seed=seed)
