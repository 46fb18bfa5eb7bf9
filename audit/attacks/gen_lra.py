"""How much better the reference, with the record added, explains the synthetic records near it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._protocol import AttackView, register
from audit.neighbours import BLOCK_ELEMENTS, Floats, squared_distances

NEAREST = 5
TINY = -30.0


@register
@dataclass(frozen=True)
class GenLra:
    """score(x) = sum over z in kNN_S(x) of log[ p_{R + x}(z) / p_R(z) ], k = 5, with p a kernel density.

    Adding x to the n records of R changes the density by a rank-one update, so nothing is fitted again:

        p_{R + x}(z) / p_R(z) = (n + e^t) / (n + 1),   t = log K_h(z - x) - log p_R(z).

    The constant -k log(n + 1) + k log n is the same for all and left out; what remains, sum of log(1 + e^t / n), is
    returned as its logarithm, which keeps the order and cannot underflow. K is Gaussian with Silverman's width in
    units of R's standard deviation along each axis.
    """

    name: str = "gen_lra"
    label: str = "Generative likelihood ratio"
    explanation: str = "Asks whether the synthetic records near a record become likelier once it joins the reference."
    reference: str = "Ward, Wang and Cheng, Gen-LRA, 2024 (density by the closed form of a rank-one update)"
    needs_reference: bool = True

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        if view.reference is None:
            raise ValueError("this attack needs a reference set")
        return log_gain(view.queries, view.synthetic, view.reference, view.near_synthetic.indices[:, :NEAREST])


def log_gain(
    queries: Floats, synthetic: Floats, reference: Floats, near: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """The score of each query (q, d) given its k nearest synthetic records, `near` (q, k); shape (q,)."""
    width = silverman(reference)
    queries, synthetic, reference = (each / width for each in (queries, synthetic, reference))
    held = log_kernel_density(synthetic, reference) + np.log(len(reference))
    scores = np.empty(len(queries))
    step = max(BLOCK_ELEMENTS // (near.shape[1] * queries.shape[1]), 1)
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        gaps = synthetic.take(near[rows], axis=0)
        gaps -= queries[rows, None]
        t = -0.5 * np.einsum("qkd,qkd->qk", gaps, gaps) - held[near[rows]]
        scores[rows] = _log_sum_exp(_log_log1p_exp(t))
    return scores


def silverman(points: Floats) -> npt.NDArray[np.float64]:
    """The kernel's width along each axis, shape (d,): Silverman's factor times the standard deviation."""
    count, axes = points.shape
    spread = points.std(axis=0, ddof=1, dtype=np.float64)
    spread = np.where(spread > 0, spread, spread.max(initial=0.0) or 1.0)
    return np.asarray((count * (axes + 2) / 4) ** (-1 / (axes + 4)) * spread)


def log_kernel_density(points: Floats, centres: Floats) -> npt.NDArray[np.float64]:
    """log of the mean over centres of exp(-|z - c|^2 / 2), shape (p,); the kernel's constant is left out."""
    step = max(BLOCK_ELEMENTS // len(centres), 1)
    blocks = range(0, len(points), step)
    sums = [_log_sum_exp(-0.5 * squared_distances(points[at : at + step], centres)) for at in blocks]
    return np.asarray(np.concatenate(sums) - np.log(len(centres)))


def _log_sum_exp(t: Floats) -> npt.NDArray[np.float64]:
    """log of the sum of e^t over each row; `t` is overwritten. SciPy's checks cost more than the sum."""
    top = t.max(axis=1)
    t -= top[:, None]
    return np.asarray(np.log(np.exp(t, out=t).sum(axis=1)) + top)


def _log_log1p_exp(t: Floats) -> npt.NDArray[np.float64]:
    """log(log(1 + e^t)), which is t where e^t is small."""
    return np.where(t < TINY, t, np.log(np.logaddexp(0.0, np.maximum(t, TINY))))
