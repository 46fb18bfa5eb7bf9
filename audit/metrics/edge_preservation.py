"""Do the two ends of each given regulation still move together?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control, norm

from audit.document import Cell, Table
from audit.metrics._draws import CONTROL, Floats, Rows, draw_trio, resample
from audit.metrics._edges import Regulations, regulations
from audit.metrics._likeness import pearson
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, around, clopper_pearson

MOST = 2000
FDR = 0.05
RESAMPLES = 50
SHOWN = 20


@register
@dataclass(frozen=True)
class EdgePreservation:
    """Correlation of regulator and target along each edge of the given network, in synthetic and in real records.

    Agreement: the correlation over edges of these correlations. Signs kept: of the edges whose real correlation is
    significant (Fisher's z, 5 % false discoveries), those with the same sign in synthetic records. The cost is in
    edges, never in pairs of genes.
    """

    name: str = "edge_preservation"
    label: str = "Edges of the network"
    explanation: str = "Asks of each given regulation whether its two genes move together as they do in real records."
    reference: str = "Fisher, Metron 1921; Benjamini and Hochberg, J. R. Stat. Soc. B 1995"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        edges = regulations(view)
        trio = draw_trio(view, MOST)
        made, real, other = trio.of(view.target.values)
        along = [correlations(values, edges) for values in (made, real, other)]
        kept = _significant(along[1], trio.size)
        scores = [
            Score(
                key="agreement",
                label="Agreement of correlations along edges",
                goal="maximise",
                low=-1.0,
                high=1.0,
                target=1.0,
                estimate=_agreement(made, real, edges, view.seed),
                control=_agreement(other, real, edges, view.seed),
                control_label=CONTROL,
                reading="As high as among real records: regulators and targets go together as they should.",
            )
        ]
        if kept.any():
            scores.append(_signs(along, kept))
        note = f"{len(edges)} edges, {int(kept.sum())} of them significant in non-members; {trio.size} records a side."
        return Measured(tuple(scores), (_table(view.target.features, edges, along, kept),), (note,))


def correlations(values: Floats, edges: Regulations) -> Floats:
    """Pearson correlation along each edge, shape (e,); 0 where an end does not vary."""
    columns, places = np.unique(np.concatenate([edges.regulators, edges.targets]), return_inverse=True)
    some = values[:, columns].astype(np.float64)
    some -= some.mean(axis=0)
    lengths = np.sqrt((some**2).sum(axis=0))
    some /= np.where(lengths > 1e-9, lengths, np.inf)
    first, second = np.split(places, 2)
    return np.asarray(np.clip(np.einsum("ij,ij->j", some[:, first], some[:, second]), -1.0, 1.0))


def _significant(along: Floats, size: int) -> npt.NDArray[np.bool_]:
    statistic = np.arctanh(np.clip(np.abs(along), 0.0, 1 - 1e-12)) * np.sqrt(max(size - 3, 1))
    return np.asarray(false_discovery_control(np.minimum(2 * norm.sf(statistic), 1.0)) <= FDR)


def _agreement(first: Floats, second: Floats, edges: Regulations, seed: int) -> Estimate:
    def again(i: Rows, j: Rows) -> float:
        return pearson(correlations(first[i], edges), correlations(second[j], edges))

    spread = resample(again, (len(first), len(second)), seed=seed, repetitions=RESAMPLES).std()
    point = pearson(correlations(first, edges), correlations(second, edges))
    return around(point, float(spread), len(first) + len(second), low=-1.0, high=1.0)


def _signs(along: list[Floats], kept: npt.NDArray[np.bool_]) -> Score:
    same = [clopper_pearson(int((along[i][kept] * along[1][kept] > 0).sum()), int(kept.sum())) for i in (0, 2)]
    return Score(
        key="signs",
        label="Significant edges that keep their sign",
        goal="maximise",
        low=0.0,
        high=1.0,
        target=1.0,
        estimate=same[0],
        control=same[1],
        control_label=CONTROL,
        reading="1: what activates still activates; 0.5: signs are arbitrary.",
    )


def _table(names: tuple[str, ...], edges: Regulations, along: list[Floats], kept: npt.NDArray[np.bool_]) -> Table:
    """The edges that are strongest in real records."""
    order = np.argsort(-np.abs(along[1]), kind="stable")
    rows: list[tuple[Cell, ...]] = []
    for i in order[kept[order]][:SHOWN]:
        name = f"{names[edges.regulators[i]]} to {names[edges.targets[i]]}"
        sign = {1: "activates", -1: "represses"}.get(int(edges.signs[i]), "not known")
        rows.append((name, sign, *(float(values[i]) for values in (along[1], along[0], along[2]))))
    columns = ("Edge", "Given sign", "Correlation, non-members", "Synthetic", "Members")
    return Table(f"The {SHOWN} significant edges that are strongest in real records", columns, tuple(rows))
