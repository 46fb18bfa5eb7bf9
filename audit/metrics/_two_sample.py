"""Are two samples of one law? Unbiased kernel discrepancies with permutation tests, for any kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audit.statistics import Estimate

Floats = npt.NDArray[np.floating[Any]]
PERMUTATIONS = 499
RESAMPLES = 200


def kernel_test(kernel: Floats, *, seed: int) -> tuple[Estimate, float]:
    """The unbiased squared discrepancy of two samples of n records each and its p-value.

    `kernel` (2n, 2n) has the first sample first and is overwritten on its diagonal. The statistic is
    mean k(x, x') + mean k(y, y') - 2 mean k(x, y) without pairs of a record with itself. The p-value permutes the
    records over both samples; the interval is a bootstrap over records that leaves out the pairs of a record with
    itself as well, whose kernel value would otherwise shift it. Gretton et al., JMLR 2012.
    """
    n = len(kernel) // 2
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
    """The unbiased discrepancy for each column of signs, from a kernel without its diagonal."""
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
