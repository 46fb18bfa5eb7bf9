"""Can a random forest tell synthetic records from real ones?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.metrics._draws import CONTROL, draw_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.neighbours import Floats
from audit.statistics import Estimate, Scores, auc_estimate

MOST = 2000
FOLDS = 5
TREES = 100


@register
@dataclass(frozen=True)
class RfAuroc:
    """AUROC of a random forest on log-normalised values, equal sizes, scores from five-fold cross-validation."""

    name: str = "rf_auroc"
    label: str = "Random forest, real or synthetic"
    explanation: str = "A random forest is trained to tell synthetic records from real ones; 0.5 means that it cannot."
    reference: str = "Lopez-Paz and Oquab, classifier two-sample tests, ICLR 2017"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        synthetic, real, other = trio.of(view.target.values)
        score = Score(
            key="auroc",
            label="AUROC, synthetic against real",
            goal="target",
            low=0.0,
            high=1.0,
            target=0.5,
            estimate=separation(synthetic, real, seed=view.seed),
            control=separation(other, real, seed=view.seed),
            control_label=CONTROL,
            reading="0.5: indistinguishable from real records; 1: told apart without error.",
        )
        return Measured((score,), notes=(f"{trio.size} records a side.",))


def separation(first: Floats, second: Floats, *, seed: int) -> Estimate:
    """AUROC of telling `first` (n, g) from `second` (m, g), out of fold, with a bootstrap interval over records."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    values = np.concatenate([first, second])
    labels = np.repeat([1, 0], [len(first), len(second)])
    forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=1, min_samples_leaf=2)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    said = cross_val_predict(forest, values, labels, cv=folds, method="predict_proba")[:, 1]
    return auc_estimate(Scores(said[labels == 1], said[labels == 0]), seed=seed)
