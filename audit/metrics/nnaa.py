"""Nearest-neighbour adversarial accuracy and the privacy loss it implies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.graph import Neighbourhoods
from audit.metrics._draws import near_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate

RESAMPLES = 1000


@register
@dataclass(frozen=True)
class Nnaa:
    """AA_TS = (mean 1[d_TS > d_TT] + mean 1[d_ST > d_SS]) / 2 for members T, AA_NS likewise for non-members N.

    Privacy loss = AA_NS - AA_TS: above 0 the synthetic records are nearer to members than to non-members. Sizes are
    made equal by a seeded draw; records lie on the pooled principal axes, which no set has shaped alone. The interval
    resamples records and keeps their nearest neighbours.
    """

    name: str = "nnaa"
    label: str = "Nearest-neighbour adversarial accuracy"
    explanation: str = "Asks of each record whether its nearest neighbour is of its own kind, real or synthetic."
    reference: str = "Yale et al., Generation and evaluation of privacy preserving synthetic health data, 2020"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio, graph = near_trio(view)
        of_members, of_nonmembers = far(graph, "other", "synthetic"), far(graph, "real", "synthetic")
        rng, size = np.random.default_rng(view.seed), trio.size
        draws = rng.integers(size, size=(3, RESAMPLES, size))
        bag_members = (of_members[0][draws[0]].mean(axis=1) + of_members[1][draws[2]].mean(axis=1)) / 2
        bag_nonmembers = (of_nonmembers[0][draws[1]].mean(axis=1) + of_nonmembers[1][draws[2]].mean(axis=1)) / 2
        real = far(graph, "other", "real")
        bag_real = (real[0][draws[0]].mean(axis=1) + real[1][draws[1]].mean(axis=1)) / 2
        aa_members, aa_nonmembers = (float(np.mean(pair)) for pair in (of_members, of_nonmembers))
        control = _estimate(float(np.mean(real)), bag_real, size)
        loss = _estimate(aa_nonmembers - aa_members, bag_nonmembers - bag_members, size)
        scores = (
            _accuracy("aa_members", "AA, members", _estimate(aa_members, bag_members, size), control),
            _accuracy("aa_nonmembers", "AA, non-members", _estimate(aa_nonmembers, bag_nonmembers, size), control),
            _loss(loss),
        )
        return Measured(scores, notes=(f"{size} records of each set.",))


def far(graph: Neighbourhoods, first: str, second: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """For each record of two sets of equal size: is its nearest neighbour of its own set nearer than of the other?"""
    found = []
    for own, other in ((first, second), (second, first)):
        across, within = (graph.near(own, points, 1).distances[:, 0] for points in (other, own))
        found.append(_beats(across, within))
    return found[0], found[1]


def _beats(other: npt.NDArray[np.float64], own: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """1 where the other set is farther, 1/2 where both are as near."""
    return np.where(other > own, 1.0, np.where(other == own, 0.5, 0.0))


def _estimate(point: float, draws: npt.NDArray[np.float64], n: int) -> Estimate:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(point, min(float(low), point), max(float(high), point), n)


def _accuracy(key: str, label: str, estimate: Estimate, control: Estimate) -> Score:
    return Score(
        key=key,
        label=label,
        goal="target",
        low=0.0,
        high=1.0,
        target=0.5,
        estimate=estimate,
        control=control,
        control_label="members against non-members",
        reading="0.5: neighbours are as often real as synthetic; 1: two separate clouds; 0: copies.",
    )


def _loss(estimate: Estimate) -> Score:
    return Score(
        key="privacy_loss",
        label="Privacy loss, AA non-members less AA members",
        goal="minimise",
        low=-1.0,
        high=1.0,
        target=0.0,
        estimate=estimate,
        control=None,
        control_label="",
        reading="About 0: synthetic records are no nearer to members than to anybody else.",
    )
