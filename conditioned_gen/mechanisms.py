"""The Gaussian mechanism: how much noise a promise needs, and noise that does not leak through floating point."""

from __future__ import annotations

import math
import os

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtri

GRID_BITS = 20
"""A record's contribution, at most 1 in norm, is cut to multiples of 2**-GRID_BITS before anything is added up."""


def delta_of(mu: float, epsilon: float) -> float:
    """The delta at which a mu-Gaussian-DP mechanism is (epsilon, delta)-DP.

    delta = Phi(-epsilon/mu + mu/2) - exp(epsilon) Phi(-epsilon/mu - mu/2)

    This is exact for the Gaussian mechanism with mu = sensitivity / standard deviation (Balle and Wang, 2018;
    Dong, Roth and Su, 2022).
    """
    if mu <= 0:
        return 0.0
    first = float(log_ndtr(-epsilon / mu + mu / 2))
    second = epsilon + float(log_ndtr(-epsilon / mu - mu / 2))
    return max(math.exp(first) * -math.expm1(min(second - first, 0.0)), 0.0)


def mu_of(epsilon: float, delta: float) -> float:
    """The largest mu whose Gaussian mechanism is (epsilon, delta)-DP; the inverse of `delta_of` in mu."""
    if math.isinf(epsilon):
        return math.inf
    high = 1.0
    while delta_of(high, epsilon) < delta:
        high *= 2
    root = brentq(lambda mu: delta_of(mu, epsilon) - delta, 1e-12, high, xtol=1e-14, rtol=1e-13)
    return float(root) * (1 - 1e-9)


def epsilon_of(mu: float, delta: float) -> float:
    """The smallest epsilon at which mu-Gaussian-DP gives (epsilon, delta)-DP; 0 when mu is 0."""
    if math.isinf(mu):
        return math.inf
    if mu <= 0 or delta_of(mu, 0.0) <= delta:
        return 0.0
    high = 1.0
    while delta_of(mu, high) > delta:
        high *= 2
    return float(brentq(lambda epsilon: delta_of(mu, epsilon) - delta, 0.0, high, xtol=1e-12, rtol=1e-12))


class Noise:
    """Gaussian noise on an integer grid, from the operating system's entropy.

    Adding round(N(0, s^2)) to a whole number is the same as rounding the number plus an ideal Gaussian, that is,
    post-processing of the Gaussian mechanism on reals: its guarantee carries over and no floating-point gap is
    left to read the data from (Mironov, 2012). Each value uses 64 fresh random bits through the inverse normal
    distribution function in float64. At the noise of epsilon 1 the probabilities of whole numbers are right to 1e-8
    relative within 4 s; past about 7.5 s, where 1e-13 of the mass lies, single numbers may not be drawn at all. That
    is far below any delta used here, and it is a numerical statement, not a proof for every scale.

    `seed` replaces the operating system's entropy. It exists for tests and demonstrations: whoever knows the seed
    can subtract the noise, so a seeded ledger says that its guarantee does not hold.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seeded = seed is not None
        self._generator = np.random.default_rng(seed) if seed is not None else None

    def gaussian(self, size: int, scale: float) -> npt.NDArray[np.int64]:
        """Whole numbers, shape (size,), distributed as rounded N(0, scale^2)."""
        bits = self._bits(size)
        # 63 bits for the tail probability in (0, 1/2), one for the side it lies on: no precision is lost in tails.
        tail = ((bits >> np.uint64(1)).astype(np.float64) + 0.5) * 2.0**-64
        side = np.where(bits & np.uint64(1), 1.0, -1.0)
        rounded: npt.NDArray[np.int64] = np.rint(side * ndtri(tail) * scale).astype(np.int64)
        return rounded

    def normal(self, size: int) -> npt.NDArray[np.float64]:
        """Standard normal numbers, shape (size,), on a grid of 2**-GRID_BITS."""
        return self.gaussian(size, 2.0**GRID_BITS) / 2.0**GRID_BITS

    def choose(self, size: int, probability: float) -> npt.NDArray[np.bool_]:
        """Independent coin flips, shape (size,): Poisson subsampling of records."""
        chosen: npt.NDArray[np.bool_] = self._bits(size) < np.uint64(int(probability * 2.0**64 * (1 - 2.0**-53)))
        return chosen

    def shares(self, size: int, number: int) -> npt.NDArray[np.intp]:
        """Independent uniform choices among `number`, shape (size,): which share each unit falls into."""
        high: npt.NDArray[np.uint64] = self._bits(size) >> np.uint64(32)
        return ((high * np.uint64(number)) >> np.uint64(32)).astype(np.intp)

    def _bits(self, size: int) -> npt.NDArray[np.uint64]:
        raw = os.urandom(8 * size) if self._generator is None else self._generator.bytes(8 * size)
        return np.frombuffer(raw, dtype=np.uint64)
