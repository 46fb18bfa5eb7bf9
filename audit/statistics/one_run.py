"""What one run proves when it was decided by coins who took part: Steinke et al. 2023 and Mahloujifar et al. 2024.

Of m canaries, each in the training data by a fair coin, an auditor guesses c' coins and is right c times. Neither bound
asks that the scores of different canaries be independent: the coins are, and that is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr, ndtri
from scipy.stats import binom

from audit.statistics.gaussian_dp import gaussian_dp_epsilon

HALVINGS = 20


@dataclass(frozen=True, slots=True)
class Guesses:
    """How an auditor's guesses went: `made` of them about `canaries` coins, `right` of them right."""

    canaries: int
    made: int
    right: int

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.made <= self.canaries:
            raise ValueError(f"{self.right} right of {self.made} guesses about {self.canaries} canaries cannot be")


def one_run_p_value(guesses: Guesses, *, epsilon: float, delta: float) -> float:
    """P(at least `right` guesses right) is no greater than this for any (epsilon, delta)-DP mechanism.

    f(v) + 2 m delta max over i of (f(v - i) - f(v)) / i, with f(v) = P(Bin(c', e^eps / (1 + e^eps)) >= v).
    Steinke, Nasr and Jagielski, Privacy auditing with one (1) training run, NeurIPS 2023 (arXiv 2305.08846), Thm 5.2.
    """
    share = float(expit(epsilon))
    tail = float(binom.sf(guesses.right - 1, guesses.made, share))
    if delta == 0 or guesses.right == 0:
        return tail
    fewer = np.arange(1, guesses.right + 1)
    slope = (binom.sf(guesses.right - fewer - 1, guesses.made, share) - tail) / fewer
    return float(min(1.0, tail + 2 * guesses.canaries * delta * max(float(slope.max()), 0.0)))


def one_run_epsilon(guesses: Guesses, *, delta: float, error: float) -> float:
    """The largest epsilon that `one_run_p_value` refutes at `error`; 0 where it refutes none."""
    return _largest(lambda epsilon: one_run_p_value(guesses, epsilon=epsilon, delta=delta) <= error)


def refutes_gaussian(guesses: Guesses, *, mu: float, error: float) -> bool:
    """True where no mu-GDP mechanism lets this many guesses be right with probability `error`.

    With p_i = P(exactly i right), H_i = sum over j >= i of (j / m) p_j and R_i = sum over j >= i of ((c' - j) / m) p_j,
    exchanging one guessed coin gives H_(i+1) <= Phi(PhiInv(R_i) + mu). Started from all of `error` at exactly c
    right, each step i = c - 1, ..., 0 finds the least R_i, and with it H_i = H_(i+1) + i / (c' - i) (R_i - R_(i+1));
    if in the end H_0 + R_0 > c' / m, there is no such distribution.
    Mahloujifar, Melis and Chaudhuri, Auditing f-differential privacy in one run, 2024 (arXiv 2410.22235).
    """
    made, total = guesses.made, guesses.made / guesses.canaries
    right, wrong = (error * count / guesses.canaries for count in (guesses.right, made - guesses.right))
    for step in range(guesses.right - 1, -1, -1):
        needed = float(ndtr(ndtri(min(right, 1.0)) - mu))
        if needed <= wrong:
            break
        right += step / (made - step) * (needed - wrong)
        wrong = needed
        if right + wrong > total:
            return True
    return right + wrong > total


def one_run_gaussian_epsilon(guesses: Guesses, *, delta: float, error: float) -> float:
    """Epsilon at `delta` of the largest mu that `refutes_gaussian` refutes at `error`; 0 where it refutes none."""
    return gaussian_dp_epsilon(_largest(lambda mu: refutes_gaussian(guesses, mu=mu, error=error)), delta)


def _largest(refuted: Callable[[float], bool]) -> float:
    """The largest value that is refuted, where all smaller ones are too; 0 where none is."""
    if not refuted(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while refuted(high):
        low, high = high, 2 * high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if refuted(middle) else (low, middle)
    return low
