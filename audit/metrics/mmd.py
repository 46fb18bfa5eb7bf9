"""Maximum mean discrepancy with a kernel that fits the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.metrics._draws import CONTROL, draw_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.metrics._two_sample import kernel_test
from audit.neighbours import Floats, squared_distances
from audit.statistics import Estimate

MOST = 1000


@register
@dataclass(frozen=True)
class Mmd:
    """Unbiased squared MMD, Gaussian kernel at the median distance, on log-normalised values, with permutation tests.

    A fixed kernel width makes the kernel matrix the identity as soon as records are far apart, and the biased
    estimate is then 2/n for any two data sets; the median heuristic and the unbiased estimate exclude both. Principal
    axes fitted on one of the two sets would make even equal sets differ, so there are none here.
    """

    name: str = "mmd"
    label: str = "Maximum mean discrepancy"
    explanation: str = "The distance between the two clouds of records as wholes; 0 means that they are the same."
    reference: str = "Gretton et al., A kernel two-sample test, JMLR 2012"
    needs_labels: bool = False
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        trio = draw_trio(view, MOST)
        synthetic, real, other = trio.of(view.target.values)
        # One width for both comparisons, taken from real records alone, so that the two numbers share a scale.
        width = median_distance(real, other)
        estimate, p_value = mmd_test(synthetic, real, width=width, seed=view.seed)
        control, control_p = mmd_test(other, real, width=width, seed=view.seed)
        score = Score(
            key="mmd2",
            label="Squared MMD, synthetic against real",
            goal="minimise",
            low=None,
            high=2.0,
            target=0.0,
            estimate=estimate,
            control=control,
            control_label=CONTROL,
            reading="About 0 (it may be slightly negative): alike; a small p-value: they differ.",
            p_value=p_value,
            control_p_value=control_p,
        )
        return Measured((score,), notes=(f"{trio.size} records a side, kernel width {width:.3g}.",))


def median_distance(first: Floats, second: Floats) -> float:
    """The median Euclidean distance between records of two sets; 1 where all coincide."""
    return float(np.sqrt(np.median(squared_distances(first, second)))) or 1.0


def mmd_test(first: Floats, second: Floats, *, width: float, seed: int) -> tuple[Estimate, float]:
    """Unbiased MMD^2 of two sets of equal size with k(x, y) = exp(-|x - y|^2 / 2 width^2), and its p-value."""
    both = np.concatenate([first, second])
    return kernel_test(np.exp(-squared_distances(both, both) / (2 * width**2)), seed=seed)
