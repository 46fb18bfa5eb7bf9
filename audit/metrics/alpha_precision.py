"""Alpha-precision, beta-recall and authenticity: typical, diverse, and not merely remembered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.graph import Neighbourhoods
from audit.metrics._draws import CONTROL, Floats, near_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.neighbours import squared_distances
from audit.statistics import Estimate, around, mean_estimate

NEIGHBOURS = 5
LEVELS = np.linspace(0.0, 1.0, 41)
RESAMPLES = 200
BLOCK = 1 << 22


@register
@dataclass(frozen=True)
class AlphaPrecision:
    """Integrated alpha-precision and beta-recall, and authenticity, by the definitions of the paper.

    The alpha-support of real records is the ball around their centre that holds the share alpha of them; P(alpha) is
    the share of synthetic records inside and IP = 1 - 2 * integral of |P(alpha) - alpha|. R(beta) is the share of real
    records within whose k-neighbour distance (k = 5) lies a record of the beta-support of the synthetic ones; IR
    likewise. A synthetic record is authentic if its nearest member is nearer to another member than to it. Sets are of
    equal size, on pooled principal axes in place of the paper's one-class network: a ball that was itself trained would
    be one more thing to trust.
    """

    name: str = "alpha_precision"
    label: str = "Alpha-precision, beta-recall, authenticity"
    explanation: str = "Asks whether synthetic records are typical, as diverse as real ones, and new."
    reference: str = "Alaa et al., How faithful is your synthetic data?, ICML 2022"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio, graph = near_trio(view)
        found = [_integrated(graph, first, view.seed) for first in ("synthetic", "other")]
        new = [
            mean_estimate(authentic(graph, first, "other").astype(float), low=0.0, high=1.0)
            for first in ("synthetic", "real")
        ]
        scores = (
            _score("alpha_precision", "Alpha-precision", found[0][0], found[1][0], CONTROL, _TYPICAL),
            _score("beta_recall", "Beta-recall", found[0][1], found[1][1], CONTROL, _DIVERSE),
            _score("authenticity", "Authenticity", new[0], new[1], "non-members against members", _NEW),
        )
        return Measured(scores, notes=(f"{trio.size} records a side, k = {NEIGHBOURS}.",))


_TYPICAL = "1: synthetic records are as often typical and as often extreme as real ones."
_DIVERSE = "As high as among real records: typical and extreme real records both have synthetic neighbours."
_NEW = "As high as real newcomers reach: records are new; well below: they sit on members."


def ranks_in_real(synthetic: Floats, real: Floats) -> Floats:
    """The smallest alpha whose support holds each synthetic record (n,); above 1 for those outside all."""
    centre = real.mean(axis=0)
    radii = np.sort(np.linalg.norm(real - centre, axis=1))
    place = np.searchsorted(radii, np.linalg.norm(synthetic - centre, axis=1), side="left")
    return np.asarray((place + 1) / len(radii))


def ranks_in_synthetic(graph: Neighbourhoods, made: str, others: str, *, k: int = NEIGHBOURS) -> Floats:
    """The smallest beta at which each record of `others` (m,) has a record of the beta-support of `made` within its
    k-neighbour ball.
    """
    synthetic, real = graph.sets[made], graph.sets[others]
    own = graph.near(others, others, k).distances[:, -1] ** 2
    distance = np.linalg.norm(synthetic - synthetic.mean(axis=0), axis=1)
    order = np.argsort(distance, kind="stable")
    levels = np.arange(1, len(order) + 1) / len(order)
    least = np.full(len(real), 2.0)
    step = max(BLOCK // len(synthetic), 1)
    for start in range(0, len(real), step):
        within = squared_distances(real[start : start + step], synthetic[order]) <= own[start : start + step, None]
        first = within.argmax(axis=1)
        least[start : start + step] = np.where(within.any(axis=1), levels[first], 2.0)
    return least


def integrated(ranks: Floats) -> float:
    """1 - 2 * integral over levels in [0, 1] of |share of ranks at most the level - level|."""
    shares = np.searchsorted(np.sort(ranks), LEVELS + 1e-12, side="right") / len(ranks)
    return float(np.clip(1 - 2 * np.trapezoid(np.abs(shares - LEVELS), LEVELS), 0.0, 1.0))


def authentic(graph: Neighbourhoods, made: str, members: str) -> Floats:
    """True where the member nearest to a record of `made` is nearer to another member than to it, shape (n,)."""
    near, own = graph.near(made, members, 1), graph.near(members, members, 1).distances[:, 0]
    return np.asarray(near.distances[:, 0] > own[near.indices[:, 0]])


def _integrated(graph: Neighbourhoods, first: str, seed: int) -> tuple[Estimate, Estimate]:
    of_made = ranks_in_real(graph.sets[first], graph.sets["real"])
    of_real = ranks_in_synthetic(graph, first, "real")
    return _estimate(of_made, seed), _estimate(of_real, seed)


def _estimate(ranks: Floats, seed: int) -> Estimate:
    """The integral with a bootstrap over records, whose ranks stay as they are."""
    rng = np.random.default_rng(seed)
    draws = [integrated(ranks[rows]) for rows in rng.integers(len(ranks), size=(RESAMPLES, len(ranks)))]
    return around(integrated(ranks), float(np.std(draws)), len(ranks), low=0.0, high=1.0)


def _score(key: str, label: str, estimate: Estimate, control: Estimate, control_label: str, reading: str) -> Score:
    return Score(
        key=key,
        label=label,
        goal="maximise",
        low=0.0,
        high=1.0,
        target=1.0,
        estimate=estimate,
        control=control,
        control_label=control_label,
        reading=reading,
    )
