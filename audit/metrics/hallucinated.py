"""Synthetic records that form populations of which no real record is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.document import Cell, Table
from audit.graph import Neighbourhoods
from audit.metrics._draws import draw_all
from audit.metrics._outliers import outlier_factors
from audit.metrics._populations import APART, MOSTLY, Found, Population, populations_of
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import clopper_pearson, fisher_greater

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.str_]
ONE_IN = 100


@register
@dataclass(frozen=True)
class Hallucinated:
    """The share of synthetic records in populations that real records lack, and the share of outliers among them.

    Populations are branches of a tree laid through synthetic and real records together, tested exactly (see
    `populations_of`). An outlier is a synthetic record whose local outlier factor with respect to the members exceeds
    that of 99 % of one half of the non-members; the other half is its control. With types known, a population whose
    centre is a mixture of two types' centres is named as one: that is what doublets and interpolation look like.
    """

    name: str = "hallucinated"
    label: str = "Hallucinated populations"
    explanation: str = "Looks for groups of synthetic records where there are no real ones."
    reference: str = "Breunig et al., LOF, SIGMOD 2000; Tarone, Biometrics 1990"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        drawn = draw_all(view)
        synthetic, real = drawn.points["synthetic"], drawn.real
        found = populations_of(drawn.graph, "synthetic", "real")
        control = populations_of(drawn.graph, "nonmembers", "members")
        score = Score(
            key="share",
            label="Synthetic records in populations that are not real",
            goal="minimise",
            low=0.0,
            high=1.0,
            target=0.0,
            estimate=found.share,
            control=control.share,
            control_label="non-members without members",
            reading="0: no group is synthetic alone. p: that none is even more frequent than among real ones.",
            p_value=found.p_value,
            control_p_value=control.p_value,
        )
        types = centres(real, drawn.real_labels)
        table = _table(found, synthetic, drawn.labels.get("synthetic"), types)
        notes = (*_notes(found), f"{len(synthetic)} synthetic and {len(real)} real records.")
        return Measured((score, _outliers(drawn.graph, view.seed)), (table,), notes)


def _outliers(graph: Neighbourhoods, seed: int) -> Score:
    """Records farther out than one real record in a hundred."""
    of_real = outlier_factors(graph, "nonmembers", "members")
    of_real = of_real[np.random.default_rng(seed).permutation(len(of_real))]
    half = len(of_real) // 2
    bar = float(np.quantile(of_real[:half], 1 - 1 / ONE_IN))
    of_made = outlier_factors(graph, "synthetic", "members")
    beyond, of_control = int((of_made > bar).sum()), int((of_real[half:] > bar).sum())
    return Score(
        key="outliers",
        label="Synthetic records farther out than 99 % of real ones",
        goal="minimise",
        low=0.0,
        high=1.0,
        target=1 / ONE_IN,
        estimate=clopper_pearson(beyond, len(of_made)),
        control=clopper_pearson(of_control, len(of_real) - half),
        control_label="non-members, the other half",
        reading="0.01 is what real records reach by definition; more: records where there are none.",
        p_value=fisher_greater(beyond, len(of_made), of_control, len(of_real) - half),
    )


def centres(points: Floats, labels: Labels | None) -> Mapping[str, Floats]:
    """The centre of each type among points (n, d); none without labels."""
    return {} if labels is None else {str(kind): points[labels == kind].mean(axis=0) for kind in np.unique(labels)}


def nearest_mixture(centre: Floats, types: Mapping[str, Floats]) -> str:
    """What of the types a centre (d,) is like, in words: one of them, or a mixture of two.

    The mixture w a + (1 - w) b nearest to the centre is named if it explains at least a third of the squared distance
    to the nearest type and takes at least a fifth from either. (Records that average two types lie on it. Those that
    take one half of their features from each lie beside it, and it explains one half.)
    """
    if not types:
        return ""
    distance = {kind: float(((centre - place) ** 2).sum()) for kind, place in types.items()}
    alone = min(distance, key=lambda kind: distance[kind])
    best: tuple[float, str] = (2 / 3 * distance[alone], f"near {alone}")
    for first, second in combinations(types, 2):
        across = types[first] - types[second]
        weight = float(np.clip((centre - types[second]) @ across / max(float(across @ across), 1e-300), 0.0, 1.0))
        rest = float(((centre - types[second] - weight * across) ** 2).sum())
        if 0.2 <= weight <= 0.8 and rest < best[0]:
            best = rest, f"{weight:.0%} {first}, {1 - weight:.0%} {second}"
    return best[1]


def _table(found: Found, points: Floats, labels: Labels | None, types: Mapping[str, Floats]) -> Table:
    columns = ("Population", "Synthetic", "Real", "Real expected", "p", "Outlier factor", "Real stay below")
    rows: list[tuple[Cell, ...]] = []
    for number, group in enumerate(found.populations, 1):
        said = () if labels is None else (commonest(labels[group.rows]), _place(group, points, types))
        row = (group.others, group.expected, group.p_value, group.outlying, group.natural, *said)
        rows.append((str(number), len(group.rows), *row))
    named = () if labels is None else ("Called", "Lies")
    return Table("Populations of synthetic records without real ones", (*columns, *named), tuple(rows))


def _place(group: Population, points: Floats, types: Mapping[str, Floats]) -> str:
    return nearest_mixture(points[group.rows].mean(axis=0), types)


def commonest(labels: Labels) -> str:
    """The commonest of some labels and how many bear it."""
    kinds, counts = np.unique(labels, return_counts=True)
    return f"{kinds[counts.argmax()]} ({counts.max()} of {len(labels)})"


def _notes(found: Found) -> tuple[str, ...]:
    if not found.populations:
        return ("No population of synthetic records without real ones was found.",)
    sizes = ", ".join(str(len(group.rows)) for group in found.populations)
    invented = f"Invented: {len(found.populations)} populations of synthetic records without real ones ({sizes})."
    return (invented, APART) if found.share.point > MOSTLY else (invented,)
