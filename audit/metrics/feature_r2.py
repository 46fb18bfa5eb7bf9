"""Can each column of a table be predicted from the others, having learnt on synthetic records?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.document import Table
from audit.metrics._draws import Floats
from audit.metrics._protocol import Measured, MetricView, Score, draw, register
from audit.statistics import Estimate, around
from audit.tables import is_categorical
from prisyn_base import InputError, Problem

MOST = 2000
COLUMNS = 10
ROUNDS = 50
RESAMPLES = 200


@register
@dataclass(frozen=True)
class FeatureR2:
    """R^2 on non-members of boosted trees that predict one numeric column from all others; mean over columns.

    Trained on synthetic records, beside training on as many members. At most ten columns are predicted: the table's
    first numeric ones that vary among non-members.
    """

    name: str = "feature_r2"
    label: str = "Prediction of each column"
    explanation: str = "Learns from synthetic records to predict a column from the others, and is tested on real ones."
    reference: str = "Esteban, Hyland and Rätsch, 2017 (train on synthetic, test on real), for numbers"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        columns = _columns(view)
        rng = np.random.default_rng(view.seed)
        made, members, tests = (view.target.values(name) for name in ("synthetic", "members", "nonmembers"))
        size = min(MOST, len(made), len(members))
        sets = [values[draw(rng, len(values), size)] for values in (made, members)]
        tests = tests[draw(rng, len(tests), MOST)]
        found, real = (_errors(values, tests, columns, view.seed) for values in sets)
        truth = tests[:, [place.start for place in columns.values()]].astype(np.float64)
        score = Score(
            key="r2",
            label="R² of columns from the others, trained on synthetic",
            goal="maximise",
            low=None,
            high=1.0,
            target=1.0,
            estimate=_estimate(found, truth, view.seed),
            control=_estimate(real, truth, view.seed),
            control_label="trained on members",
            reading="As high as after training on members: columns depend on each other as they should.",
        )
        of_found, of_real = r2(found, truth), r2(real, truth)
        rows = tuple((name, float(a), float(b)) for name, a, b in zip(columns, of_found, of_real, strict=True))
        table = Table("R² of each column on unseen real records", ("Column", "Synthetic", "Members"), rows)
        return Measured((score,), (table,), (f"{size} records to learn from, {len(tests)} to be tested on.",))


def _columns(view: MetricView) -> dict[str, slice]:
    """Names and places of the columns that are predicted. Raises InputError where there are none."""
    if view.target.kind != "table":
        raise InputError([Problem("feature_r2", "counts", "a table", "use it on tables")])
    tests, table = view.target.values("nonmembers"), view.target.table("nonmembers")
    numeric = {name: place for name, place in view.target.encoding.places.items() if not is_categorical(table[name])}
    varying = {name: place for name, place in numeric.items() if tests[:, place.start].std() > 1e-6}
    if not varying:
        raise InputError([Problem("feature_r2", "no numeric column that varies", "one", "leave the metric out")])
    return dict(list(varying.items())[:COLUMNS])


def _errors(values: Floats, tests: Floats, columns: dict[str, slice], seed: int) -> npt.NDArray[np.float64]:
    """What the predictions of the columns' values in `tests` are off by, shape (m, c)."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    off = []
    for place in columns.values():
        others = np.delete(np.arange(values.shape[1]), place)
        trees = HistGradientBoostingRegressor(max_iter=ROUNDS, random_state=seed, early_stopping=False)
        trees.fit(values[:, others], values[:, place.start])
        off.append(trees.predict(tests[:, others]) - tests[:, place.start])
    return np.stack(off, axis=1).astype(np.float64)


def r2(errors: Floats, truth: Floats) -> npt.NDArray[np.float64]:
    """1 - sum of squared errors / sum of squared deviations, for each column of (n, c)."""
    squares = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(1 - (errors**2).sum(axis=0) / np.maximum(squares, 1e-300))


def _estimate(errors: Floats, truth: Floats, seed: int) -> Estimate:
    """The mean over columns, with a bootstrap over the records tested."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(truth), size=(RESAMPLES, len(truth)))
    draws = [float(r2(errors[some], truth[some]).mean()) for some in rows]
    return around(float(r2(errors, truth).mean()), float(np.std(draws)), len(truth), high=1.0)
