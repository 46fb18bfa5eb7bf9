"""How alike is each synthetic record to the real record most like it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.metrics._draws import CONTROL, Floats, draw_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import mean_estimate

MOST = 2000


@register
@dataclass(frozen=True)
class Cosine:
    """The mean over records of the largest cosine similarity to a record of another set, as many of each.

    Synthetic with non-members, beside members with non-members: fidelity. Synthetic with members, less synthetic with
    non-members: above 0, records resemble whom the generator was trained on more than they resemble the population.
    """

    name: str = "cosine"
    label: str = "Cosine similarity of records"
    explanation: str = "How alike each synthetic record is to its most similar real record."
    reference: str = "Salton and McGill, 1983, as used for synthetic tables; own control by non-members"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        synthetic, real, members = trio.of(view.target.values)
        of_real, of_members = most_similar(synthetic, real), most_similar(synthetic, members)
        fidelity, control = (
            mean_estimate(found, low=-1.0, high=1.0) for found in (of_real, most_similar(members, real))
        )
        strangers = most_similar(real, members) - most_similar(real, real, skip_self=True)
        excess, of_strangers = (mean_estimate(found, low=-2.0, high=2.0) for found in (of_members - of_real, strangers))
        score = Score(
            key="similarity",
            label="Largest cosine similarity, synthetic to real",
            goal="target",
            low=-1.0,
            high=1.0,
            target=control.point,
            estimate=fidelity,
            control=control,
            control_label=CONTROL,
            reading="As large as among real records: as alike as strangers of one population are.",
        )
        nearer = Score(
            key="excess",
            label="Largest cosine similarity, to members less to non-members",
            goal="minimise",
            low=-2.0,
            high=2.0,
            target=0.0,
            estimate=excess,
            control=of_strangers,
            control_label="non-members, likewise",
            reading="About 0: synthetic records are no more like members than like anybody else.",
        )
        return Measured((score, nearer), notes=(f"{trio.size} records a side.",))


def most_similar(queries: Floats, points: Floats, *, skip_self: bool = False) -> Floats:
    """The largest cosine of each of queries (q, d) with any of points (p, d), shape (q,); 0 for records of zeros.

    `skip_self`: both are the same set and a record is not compared with itself.
    """
    cosines = _unit(queries) @ _unit(points).T
    if skip_self:
        np.fill_diagonal(cosines, -1.0)
    return np.asarray(np.clip(cosines.max(axis=1).astype(np.float64), -1.0, 1.0))


def _unit(values: Floats) -> Floats:
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)
