"""Maximum mean discrepancy with a kernel that fits the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.metrics._protocol import Measured, MetricView, Score, draw, register
from audit.neighbours import Floats, squared_distances
from audit.statistics import Estimate

MOST = 1000
PERMUTATIONS = 499
RESAMPLES = 200


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

    def measure(self, view: MetricView) -> Measured:
        rng = np.random.default_rng(view.seed)
        sets = [view.target.values(name) for name in ("synthetic", "nonmembers", "members")]
        size = min(MOST, *map(len, sets))
        synthetic, real, other = (values[draw(rng, len(values), size)] for values in sets)
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
            control_label="members against non-members",
            reading="About 0 (it may be slightly negative): alike; a small p-value: they differ.",
            p_value=p_value,
            control_p_value=control_p,
        )
        return Measured((score,), notes=(f"{size} records a side, kernel width {width:.3g}.",))


def median_distance(first: Floats, second: Floats) -> float:
    """The median Euclidean distance between records of two sets; 1 where all coincide."""
    return float(np.sqrt(np.median(squared_distances(first, second)))) or 1.0


def mmd_test(first: Floats, second: Floats, *, width: float, seed: int) -> tuple[Estimate, float]:
    """Unbiased MMD^2 of two sets of equal size n with k(x, y) = exp(-|x - y|^2 / 2 width^2), and its p-value.

    The p-value permutes the records over both sets; the interval is a bootstrap over records that leaves out the
    pairs of a record with itself, whose kernel value of 1 would otherwise inflate it.
    """
    n = len(first)
    both = np.concatenate([first, second])
    kernel = np.exp(-squared_distances(both, both) / (2 * width**2))
    np.fill_diagonal(kernel, 0.0)
    rng = np.random.default_rng(seed)
    observed = float(_unbiased(kernel, _split(np.arange(2 * n), n))[0])
    orders = np.stack([rng.permutation(2 * n) for _ in range(PERMUTATIONS)])
    shuffled = _unbiased(kernel, np.concatenate([_split(order, n) for order in orders], axis=1))
    p_value = float((1 + (shuffled >= observed).sum()) / (1 + PERMUTATIONS))
    draws = [_resampled(kernel, rng, n) for _ in range(RESAMPLES)]
    spread = float(np.std(draws))
    return Estimate(observed, observed - 1.96 * spread, observed + 1.96 * spread, 2 * n), p_value


def _split(order: npt.NDArray[np.intp], n: int) -> Floats:
    """A column (2n, 1) that is +1 at the first n of `order` and -1 at the rest."""
    signs = np.full((len(order), 1), -1.0)
    signs[order[:n]] = 1.0
    return signs


def _unbiased(kernel: Floats, signs: Floats) -> Floats:
    """MMD^2_u for each column of signs, from a kernel without its diagonal."""
    n = len(signs) // 2
    ones = kernel.sum()
    product = kernel @ signs
    difference = np.einsum("ij,ij->j", signs, product)
    within = (ones + difference) / 2
    across = (ones - difference) / 2
    return np.asarray(within / (n * (n - 1)) - across / n**2)


def _resampled(kernel: Floats, rng: np.random.Generator, n: int) -> float:
    weights = np.concatenate([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(2)]).astype(float)
    a, b = weights[:n], weights[n:]
    pairs_a, pairs_b = n**2 - (a**2).sum(), n**2 - (b**2).sum()
    first = a @ kernel[:n, :n] @ a / pairs_a
    second = b @ kernel[n:, n:] @ b / pairs_b
    return float(first + second - 2 * (a @ kernel[:n, n:] @ b) / n**2)
