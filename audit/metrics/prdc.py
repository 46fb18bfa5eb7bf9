"""Precision, recall, density and coverage: are synthetic records plausible, and do they cover what there is?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.graph import Neighbourhoods
from audit.metrics._draws import CONTROL, near_trio
from audit.metrics._protocol import Goal, Measured, MetricView, Score, register
from audit.neighbours import squared_distances
from audit.statistics import Estimate, clopper_pearson, mean_estimate

NEIGHBOURS = 5
BLOCK = 1 << 22


@dataclass(frozen=True, eq=False)
class Balls:
    """Per record: is a synthetic one `inside` a real ball (n,) and in how many over k (`density`), is a real one
    inside a synthetic ball (`reached`, m), does its own ball hold a synthetic record (`covered`, m)?
    """

    inside: npt.NDArray[np.bool_]
    density: npt.NDArray[np.float64]
    reached: npt.NDArray[np.bool_]
    covered: npt.NDArray[np.bool_]


@register
@dataclass(frozen=True)
class Prdc:
    """The ball of a record reaches to its 5th nearest neighbour of its own set; on pooled principal axes.

    Precision: synthetic records in some real ball. Recall: real records in some synthetic ball. Density: real balls a
    synthetic record is in, over k. Coverage: real balls with a synthetic record. Of as many records of each set,
    since all four move with the sizes. Recall is generous to a generator with a few records far out, whose balls are
    large; coverage is not.
    """

    name: str = "prdc"
    label: str = "Precision, recall, density, coverage"
    explanation: str = "Asks whether synthetic records lie where real ones do, and whether they lie everywhere there."
    reference: str = "Naeem et al., Reliable fidelity and diversity metrics for generative models, ICML 2020"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio, graph = near_trio(view)
        found, control = (_estimates(balls(graph, first, "real")) for first in ("synthetic", "other"))
        scores = tuple(_score(key, found[key], control[key]) for key in _READINGS)
        return Measured(scores, notes=(f"{trio.size} records a side, k = {NEIGHBOURS}.",))


_READINGS = {
    "precision": ("Precision", "The share of synthetic records that lie where real ones do."),
    "recall": ("Recall", "The share of real records that lie where synthetic ones do."),
    "density": ("Density", "How densely real records surround a synthetic one; 1 is what real records reach."),
    "coverage": ("Coverage", "The share of real records that have a synthetic one among their neighbours."),
}


def balls(graph: Neighbourhoods, made: str, others: str, *, k: int = NEIGHBOURS) -> Balls:
    """Who lies in whose ball, for two sets of a graph. Distances are taken in blocks, never all at once."""
    synthetic, real = graph.sets[made], graph.sets[others]
    of_real, of_made = (graph.near(name, name, k).distances[:, -1] ** 2 for name in (others, made))
    inside, reached = np.zeros(len(synthetic), dtype=bool), np.zeros(len(real), dtype=bool)
    density, covered = np.zeros(len(synthetic)), np.zeros(len(real), dtype=bool)
    step = max(BLOCK // len(real), 1)
    for start in range(0, len(synthetic), step):
        block = slice(start, start + step)
        squares = squared_distances(synthetic[block], real)
        within = squares <= of_real
        inside[block], density[block] = within.any(axis=1), within.sum(axis=1) / k
        covered |= within.any(axis=0)
        reached |= (squares <= of_made[block, None]).any(axis=0)
    return Balls(inside, density, reached, covered)


def _estimates(found: Balls) -> dict[str, Estimate]:
    shares = {"precision": found.inside, "recall": found.reached, "coverage": found.covered}
    estimates = {key: clopper_pearson(int(hits.sum()), len(hits)) for key, hits in shares.items()}
    return estimates | {"density": mean_estimate(found.density, low=0.0)}


def _score(key: str, estimate: Estimate, control: Estimate) -> Score:
    label, reading = _READINGS[key]
    goal: Goal = "target" if key == "density" else "maximise"
    return Score(
        key=key,
        label=label,
        goal=goal,
        low=0.0,
        high=None if key == "density" else 1.0,
        target=1.0,
        estimate=estimate,
        control=control,
        control_label=CONTROL,
        reading=reading,
    )
