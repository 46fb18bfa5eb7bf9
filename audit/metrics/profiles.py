"""Mean profiles: does the average synthetic record look like the average real one, overall and in each type?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from audit.document import Cell, Table
from audit.metrics._draws import CONTROL, Floats, Rows, draw_trio, labels_of, resample
from audit.metrics._likeness import cosine
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, around

MOST = 2000
RESAMPLES = 100
FEWEST = 5


@register
@dataclass(frozen=True)
class Profiles:
    """Cosine similarity and Euclidean distance of mean log-normalised profiles, overall and for each type.

    Profiles of tables are of standardised columns, of which the real mean is 0 and a cosine says little; there the
    distance is what to read. An overall mean hides what types hide from each other, hence the table. Intervals
    resample records.
    """

    name: str = "profiles"
    label: str = "Mean profiles"
    explanation: str = "Compares the average synthetic record with the average real one, overall and type by type."
    reference: str = "Zinati et al., GRouNdGAN, Nature Communications 2024"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        sets = trio.of(view.target.values)
        labels = trio.of(partial(labels_of, view)) if view.target.labelled else None
        estimates = [_compare(first, sets[1], view.seed) for first in (sets[0], sets[2])]
        scores = tuple(_score(key, estimates[0][place], estimates[1][place]) for place, key in enumerate(_READINGS))
        tables = () if labels is None else (_by_type(sets, labels),)
        return Measured(scores, tables, (f"{trio.size} records a side.",))


_READINGS = {
    "cosine": ("Cosine of mean profiles", "1: the same proportions between features on average."),
    "distance": ("Distance of mean profiles", "0: the same average record; the unit is that of the values."),
}


def _compare(first: Floats, second: Floats, seed: int) -> tuple[Estimate, Estimate]:
    a, b = first.mean(axis=0, dtype=np.float64), second.mean(axis=0, dtype=np.float64)

    def both(i: Rows, j: Rows) -> tuple[float, float]:
        p, q = (_weighted_mean(values, rows) for values, rows in ((first, i), (second, j)))
        return cosine(p, q), float(np.linalg.norm(p - q))

    spread = resample(both, (len(first), len(second)), seed=seed, repetitions=RESAMPLES).std(axis=0)
    n = len(first) + len(second)
    angle = around(cosine(a, b), float(spread[0]), n, low=-1.0, high=1.0)
    return angle, around(float(np.linalg.norm(a - b)), float(spread[1]), n, low=0.0)


def _weighted_mean(values: Floats, rows: Rows) -> Floats:
    """The mean of the rows drawn, by how often each was: no copy of the values is made."""
    weights = np.bincount(rows, minlength=len(values)).astype(values.dtype)
    return np.asarray(weights @ values, dtype=np.float64) / len(rows)


def _score(key: str, estimate: Estimate, control: Estimate) -> Score:
    label, reading = _READINGS[key]
    angle = key == "cosine"
    return Score(
        key=key,
        label=f"{label}, synthetic against real",
        goal="maximise" if angle else "minimise",
        low=-1.0 if angle else 0.0,
        high=1.0 if angle else None,
        target=1.0 if angle else 0.0,
        estimate=estimate,
        control=control,
        control_label=CONTROL,
        reading=reading,
    )


def _by_type(sets: tuple[Floats, Floats, Floats], labels: tuple[Floats, Floats, Floats]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for kind in np.unique(np.concatenate(labels)):
        parts = [values[said == kind] for values, said in zip(sets, labels, strict=True)]
        means = [part.mean(axis=0, dtype=np.float64) if len(part) >= FEWEST else None for part in parts]
        row: list[Cell] = [str(kind), *(len(part) for part in parts[:2])]
        for first in (means[0], means[2]):
            row += _pair(first, means[1])
        rows.append(tuple(row))
    columns = ("Type", "Synthetic", "Real", "Cosine", "Distance", "Cosine, real", "Distance, real")
    return Table(f"Mean profiles of types with at least {FEWEST} records", columns, tuple(rows))


def _pair(first: Floats | None, second: Floats | None) -> list[Cell]:
    if first is None or second is None:
        return [None, None]
    return [cosine(first, second), float(np.linalg.norm(first - second))]
