"""Energy distance: how far the clouds are apart, with no kernel width to choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.metrics._draws import CONTROL, Floats, draw_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.metrics._two_sample import kernel_test
from audit.neighbours import squared_distances
from audit.statistics import Estimate

MOST = 1000


@register
@dataclass(frozen=True)
class Energy:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| on log-normalised values, unbiased, with permutation tests.

    It is the squared discrepancy of the kernel -|x - y| (Sejdinovic et al., Annals of Statistics 2013), so it shares
    the test of the MMD; unlike that, it has the unit of a distance between records and no width.
    """

    name: str = "energy"
    label: str = "Energy distance"
    explanation: str = "How much farther synthetic records lie from real ones than either from their own kind."
    reference: str = "Székely and Rizzo, Energy statistics, J. Stat. Plan. Inference 2013"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        synthetic, real, other = trio.of(view.target.values)
        estimate, p_value = energy_test(synthetic, real, seed=view.seed)
        control, control_p = energy_test(other, real, seed=view.seed)
        score = Score(
            key="energy",
            label="Energy distance, synthetic against real",
            goal="minimise",
            low=None,
            high=None,
            target=0.0,
            estimate=estimate,
            control=control,
            control_label=CONTROL,
            reading="About 0 (it may be slightly negative): alike; a small p-value: they differ.",
            p_value=p_value,
            control_p_value=control_p,
        )
        return Measured((score,), notes=(f"{trio.size} records a side.",))


def energy_test(first: Floats, second: Floats, *, seed: int) -> tuple[Estimate, float]:
    """The unbiased energy distance of two sets of equal size (n, d), and its p-value."""
    both = np.concatenate([first, second])
    return kernel_test(-np.sqrt(squared_distances(both, both)), seed=seed)
