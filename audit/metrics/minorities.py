"""Does the synthetic set reach into every type, small ones included?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.document import Table
from audit.graph import Neighbourhoods
from audit.metrics._draws import CONTROL, Labels, labels_of, near_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.neighbours import squared_distances
from audit.statistics import Estimate, around, clopper_pearson, holm

NEIGHBOURS = 5
FEWEST = 5
LEVEL = 0.05
PERMUTATIONS = 199


@dataclass(frozen=True)
class TypeCoverage:
    """How many of a type's real records are covered by the synthetic set and by other real records, and p-values
    adjusted over types: that the synthetic set covers less, and that the other real ones do.
    """

    name: str
    records: int
    covered: int
    control: int
    p_value: float
    control_p_value: float


@register
@dataclass(frozen=True)
class Minorities:
    """Coverage of each type: real records with a synthetic record within the distance of their 5th real neighbour.

    The control covers with as many members. Whether the synthetic set covers less of a type than members do is asked
    by exchanging synthetic records and members; that keeps its level although one record can cover many, as a test of
    two proportions would not. The score is the mean over types, in which a rare type counts as much as a common one.
    """

    name: str = "minorities"
    label: str = "Coverage of each type"
    explanation: str = "Asks of each type how many of its real records have a synthetic one nearby."
    reference: str = "Naeem et al., ICML 2020 (coverage), by type"
    needs_labels: bool = True
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio, graph = near_trio(view)
        types = coverage_by_type(graph, labels_of(view, "nonmembers")[trio.real], seed=view.seed)
        if not types:
            return Measured((), notes=(f"No type has {FEWEST} real records.",))
        score = Score(
            key="coverage",
            label="Coverage, mean over types",
            goal="maximise",
            low=0.0,
            high=1.0,
            target=1.0,
            estimate=_mean([(t.covered, t.records) for t in types]),
            control=_mean([(t.control, t.records) for t in types]),
            control_label=CONTROL,
            reading="As high as among real records: every type is covered; the table has the types.",
            p_value=min(t.p_value for t in types),
            control_p_value=min(t.control_p_value for t in types),
        )
        thin = ", ".join(t.name for t in types if t.p_value <= LEVEL)
        note = f"Covered less than by real records: {thin or 'no type'}."
        return Measured((score,), (_table(types),), (note, f"{trio.size} records a side, k = {NEIGHBOURS}."))


def coverage_by_type(graph: Neighbourhoods, labels: Labels, *, seed: int) -> tuple[TypeCoverage, ...]:
    """Coverage of each type of `real` (labels (m,)) by `synthetic` and by `other`, which are of equal size."""
    kinds, counts = np.unique(labels, return_counts=True)
    kinds, counts = kinds[counts >= FEWEST], counts[counts >= FEWEST]
    if not len(kinds):
        return ()
    own = graph.near("real", "real", NEIGHBOURS).distances[:, -1] ** 2
    both = np.concatenate([graph.sets["synthetic"], graph.sets["other"]])
    within = (squared_distances(both, graph.sets["real"]) <= own).astype(np.float32)
    member = np.stack([labels == kind for kind in kinds], axis=1).astype(np.float32)
    n = len(graph.sets["synthetic"])

    def covered(chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
        # How many of the chosen cover a record, exact in single precision; one product does all permutations at once.
        hit = (chosen.astype(np.float32) @ within) > 0
        return np.asarray(hit.astype(np.float32) @ member, dtype=np.intp)

    rng, inside = np.random.default_rng(seed), np.arange(2 * n) < n
    first, second = covered(np.stack([inside, ~inside]))
    drawn = np.stack([rng.permutation(inside) for _ in range(max(PERMUTATIONS, round(2 * len(kinds) / LEVEL)))])
    draws = covered(drawn) - covered(~drawn)
    less, more = _p_values(draws <= first - second), _p_values(draws >= first - second)
    columns = (kinds, counts, first, second, less, more)
    return tuple(TypeCoverage(str(k), int(c), int(a), int(b), p, q) for k, c, a, b, p, q in zip(*columns, strict=True))


def _p_values(extreme: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    return holm(((1 + extreme.sum(axis=0)) / (1 + len(extreme))).tolist())


def _mean(counts: list[tuple[int, int]]) -> Estimate:
    """The mean of proportions, with the deviation that independent ones would have."""
    shares = np.asarray([(hits + 1) / (of + 2) for hits, of in counts])
    errors = shares * (1 - shares) / np.asarray([of for _, of in counts])
    point = float(np.mean([hits / of for hits, of in counts]))
    return around(point, float(np.sqrt(errors.sum())) / len(counts), sum(of for _, of in counts), low=0.0, high=1.0)


def _table(types: tuple[TypeCoverage, ...]) -> Table:
    rows = []
    for kind in types:
        made, real = clopper_pearson(kind.covered, kind.records), clopper_pearson(kind.control, kind.records)
        interval = f"{made.low:.2f} to {made.high:.2f}"
        rows.append((kind.name, kind.records, made.point, interval, real.point, kind.p_value))
    columns = ("Type", "Real records", "Covered", "95 %", "Covered by members", "p that it is not less")
    return Table("Share of each type's real records that have a synthetic one nearby", columns, tuple(rows))
