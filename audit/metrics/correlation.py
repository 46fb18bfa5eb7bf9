"""Do features go together in synthetic records as they do in real ones?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from audit.document import Table
from audit.metrics._draws import CONTROL, Floats, Rows, draw_trio, labels_of, resample
from audit.metrics._likeness import pearson
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, around

MOST = 2000
FEATURES = 200
FEWEST = 30
RESAMPLES = 30
Labels = npt.NDArray[np.str_]


@register
@dataclass(frozen=True)
class Correlation:
    """Correlation over pairs of features of their Spearman correlations in synthetic and in real records.

    On the 200 features that vary most among real records, so that cost and memory are bounded whatever the number of
    genes. Overall correlations are mostly differences between types; hence the same on values less the mean of the
    type. Noise in both matrices keeps the agreement of even real records below 1: read it beside its control.
    """

    name: str = "correlation"
    label: str = "Correlations between features"
    explanation: str = "Asks whether features rise and fall together in synthetic records as they do in real ones."
    reference: str = "Oestreich et al., PoPETs 2024 (co-expression is what private generators lose)"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        sets = trio.of(view.target.values)
        # Chosen on the real side of both comparisons, which thus favours neither.
        kept = np.argsort(-sets[1].var(axis=0, dtype=np.float64), kind="stable")[:FEATURES]
        chosen = [np.asarray(values[:, np.sort(kept)], dtype=np.float64) for values in sets]
        scores = [_score("overall", "all records", [_ranks(values) for values in chosen], view.seed)]
        tables: tuple[Table, ...] = ()
        if view.target.labelled:
            labels = trio.of(partial(labels_of, view))
            inside = [_ranks(_less_type(values, said)) for values, said in zip(chosen, labels, strict=True)]
            scores.append(_score("within", "within types", inside, view.seed))
            tables = (_by_type(chosen, labels),)
        note = f"{trio.size} records a side, {len(kept)} features that vary most among non-members."
        return Measured(tuple(scores), tables, (note,))


def agreement(first: Floats, second: Floats) -> float:
    """The correlation, over pairs of columns, of the correlations in `first` (n, f) with those in `second` (m, f).

    A column without variance is correlated with nothing.
    """
    above = np.triu_indices(first.shape[1], 1)
    return pearson(_correlations(first)[above], _correlations(second)[above])


def _correlations(values: Floats) -> Floats:
    centred = values - values.mean(axis=0)
    lengths = np.sqrt((centred**2).sum(axis=0))
    unit = centred / np.where(lengths > 1e-12, lengths, np.inf)
    return np.asarray(unit.T @ unit)


def _ranks(values: Floats) -> Floats:
    return np.asarray(rankdata(values, axis=0))


def _less_type(values: Floats, labels: Labels) -> Floats:
    """Values less the mean of their type."""
    rest = values.copy()
    for kind in np.unique(labels):
        rest[labels == kind] -= values[labels == kind].mean(axis=0)
    return rest


def _score(key: str, where: str, ranks: list[Floats], seed: int) -> Score:
    return Score(
        key=key,
        label=f"Agreement of correlations, {where}",
        goal="maximise",
        low=-1.0,
        high=1.0,
        target=1.0,
        estimate=_estimate(ranks[0], ranks[1], seed),
        control=_estimate(ranks[2], ranks[1], seed),
        control_label=CONTROL,
        reading="As high as among real records: features go together as they should; 0: arbitrarily.",
    )


def _estimate(first: Floats, second: Floats, seed: int) -> Estimate:
    def again(i: Rows, j: Rows) -> float:
        return agreement(first[i], second[j])

    spread = resample(again, (len(first), len(second)), seed=seed, repetitions=RESAMPLES).std()
    return around(agreement(first, second), float(spread), len(first) + len(second), low=-1.0, high=1.0)


def _by_type(sets: Sequence[Floats], labels: tuple[Labels, Labels, Labels]) -> Table:
    rows = []
    for kind in np.unique(np.concatenate(labels)):
        parts = [values[said == kind] for values, said in zip(sets, labels, strict=True)]
        if min(map(len, parts)) >= FEWEST:
            made, real, other = (_ranks(part) for part in parts)
            rows.append((str(kind), len(made), len(real), agreement(made, real), agreement(other, real)))
    columns = ("Type", "Synthetic", "Real", "Agreement", "Agreement, real")
    return Table(f"Agreement of correlations inside types with at least {FEWEST} records", columns, tuple(rows))
