"""Populations of real records of which no synthetic record is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import hypergeom

from audit.document import Cell, Table
from audit.graph import Neighbourhoods
from audit.metrics._draws import draw_all
from audit.metrics._populations import APART, LEVEL, MOSTLY, RARELY, Found, populations_of
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, clopper_pearson, holm

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Type:
    """How many records of a type both sets have, the adjusted p-value of "as often in both", and whether it is gone."""

    name: str
    records: int
    others: int
    p_value: float
    gone: bool


@dataclass(frozen=True, eq=False)
class Losses:
    """What of one set is gone in the other: groups found by place, types by name, and the share of records in either.

    `p_value` is that of "nothing is rarer in the other set".
    """

    places: Found
    types: tuple[Type, ...]
    share: Estimate
    p_value: float


@register
@dataclass(frozen=True)
class Lost:
    """The share of real records in populations, found by place or by the name of their type, that are gone.

    By place: branches of a tree through all records, tested exactly (see `populations_of`). By name: given how many
    records of a type there are in both sets together, those of the synthetic set are hypergeometric if it is kept;
    Holm's correction runs over the types. Both ask for at most a tenth of the real share beside a p-value of 5 %.
    """

    name: str = "lost"
    label: str = "Lost populations"
    explanation: str = "Looks for groups of real records that have no synthetic counterpart."
    reference: str = "Breunig et al., LOF, SIGMOD 2000; Tarone, Biometrics 1990; Holm, Scand. J. Stat. 1979"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        drawn = draw_all(view)
        points, labels = drawn.points, drawn.labels
        found = losses(drawn.graph, "real", "synthetic", drawn.real_labels, labels.get("synthetic"))
        sides = labels.get("members"), labels.get("nonmembers")
        control = losses(drawn.graph, "members", "nonmembers", *sides)
        score = Score(
            key="share",
            label="Real records in populations that are gone",
            goal="minimise",
            low=0.0,
            high=1.0,
            target=0.0,
            estimate=found.share,
            control=control.share,
            control_label="members without non-members",
            reading="0: no group is real alone. p: that none is even rarer than among real records.",
            p_value=found.p_value,
            control_p_value=control.p_value,
        )
        tables = [_places(found.places, drawn.real_labels)]
        if found.types:
            tables.append(_types(found.types, len(points["synthetic"]) / len(drawn.real)))
        return Measured((score,), tuple(tables), _notes(found))


def losses(graph: Neighbourhoods, first: str, second: str, labels: Labels | None, others: Labels | None) -> Losses:
    """What of the set `first` is gone in `second`, by place and, where both are labelled, by name."""
    places = populations_of(graph, first, second)
    if labels is None or others is None:
        return Losses(places, (), places.share, places.p_value)
    types = types_lost(labels, others)
    rows = np.union1d(places.rows, np.flatnonzero(np.isin(labels, [kind.name for kind in types if kind.gone])))
    # Two families of tests, each corrected within itself.
    p_value = min(1.0, 2 * min(places.p_value, *(kind.p_value for kind in types)))
    return Losses(places, types, clopper_pearson(len(rows), len(labels)), p_value)


def types_lost(labels: Labels, others: Labels) -> tuple[Type, ...]:
    """Each type of `labels` (n,) and how it fares among `others` (m,)."""
    n, m = len(labels), len(others)
    kinds = np.unique(labels)
    counts = [(int((labels == kind).sum()), int((others == kind).sum())) for kind in kinds]
    p_values = holm([float(hypergeom.cdf(there, n + m, here + there, m)) for here, there in counts])
    return tuple(
        Type(str(kind), here, there, p, gone=p <= LEVEL and there / m <= RARELY * here / n)
        for kind, (here, there), p in zip(kinds, counts, p_values, strict=True)
    )


def _places(found: Found, labels: Labels | None) -> Table:
    columns = ("Population", "Real", "Synthetic", "Synthetic expected", "p", "Outlier factor", "Synthetic stay below")
    rows: list[tuple[Cell, ...]] = []
    for number, group in enumerate(found.populations, 1):
        said = () if labels is None else (_most_of(labels, labels[group.rows]),)
        row = (group.others, group.expected, group.p_value, group.outlying, group.natural, *said)
        rows.append((str(number), len(group.rows), *row))
    called = () if labels is None else ("Mostly",)
    return Table("Populations of real records without synthetic ones", (*columns, *called), tuple(rows))


def _most_of(labels: Labels, inside: Labels) -> str:
    """The commonest type inside, and how many of all its records those are."""
    kinds, counts = np.unique(inside, return_counts=True)
    kind = kinds[counts.argmax()]
    return f"{kind}, {counts.max()} of {int((labels == kind).sum())}"


def _types(types: tuple[Type, ...], factor: float) -> Table:
    rows = tuple((t.name, t.records, t.others, t.records * factor, t.p_value, "gone" if t.gone else "") for t in types)
    columns = ("Type", "Real", "Synthetic", "Synthetic expected", "p that it is kept", "Gone")
    return Table("Types among real and synthetic records, with p-values after Holm's correction", columns, rows)


def _notes(found: Losses) -> tuple[str, ...]:
    gone = [kind.name for kind in found.types if kind.gone]
    notes = [f"Lost by name: {', '.join(gone)}."] if gone else []
    if found.places.populations:
        sizes = ", ".join(str(len(group.rows)) for group in found.places.populations)
        notes.append(f"Lost by place: {len(found.places.populations)} populations of real records ({sizes}).")
    if found.share.point > MOSTLY:
        notes.append(APART)
    return tuple(notes) or ("No population of real records was lost.",)
