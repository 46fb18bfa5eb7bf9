"""Canary experiments: records put into the training data by coins, and the epsilon that their scores prove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.statistics.auc import Floats, Scores
from audit.statistics.epsilon import epsilon_bound
from audit.statistics.one_run import Guesses, one_run_epsilon, one_run_gaussian_epsilon
from prisyn_base import Problems

STEP = 4
FEWEST_GUESSES = 16

_INDEPENDENT = "Canaries are alike, and the score of each is independent of whether the others were included."
_COINS = "Each canary was included by a fair coin of its own; its scores may depend on all the others."
_GAUSSIAN = (
    "The mechanism's trade-off is that of Gaussian noise (mu-GDP), so that it speaks for all thresholds at once."
)
_WORDS = {
    "clopper_pearson": ("Clopper-Pearson", _INDEPENDENT),
    "gaussian": ("Gaussian", f"{_INDEPENDENT} {_GAUSSIAN}"),
    "one_run": ("One run", _COINS),
    "one_run_fdp": ("One run, f-DP", f"{_COINS} {_GAUSSIAN}"),
}


@dataclass(frozen=True, slots=True)
class CanaryBound:
    """A lower bound on epsilon at confidence 1 - `CanaryAudit.error`, and in words what it takes for granted."""

    name: str
    label: str
    epsilon: float
    assumption: str


@dataclass(frozen=True, slots=True)
class GuessPlan:
    """Guess "in" of the `top` canaries with the highest scores, "out" of the `bottom` with the lowest."""

    top: int
    bottom: int


@dataclass(frozen=True, slots=True)
class CanaryAudit:
    """What a canary experiment proves. Each bound holds by itself; whoever takes the largest of k divides `error` by k.

    `plans` are the guesses tried by the one-run bounds, fixed before any coin was seen; `error` is shared over them.
    """

    canaries: int
    included: int
    delta: float
    error: float
    plans: tuple[GuessPlan, ...]
    bounds: tuple[CanaryBound, ...]

    def epsilon(self, name: str) -> float:
        """The bound of this name. Raises KeyError for names that are none."""
        return {bound.name: bound.epsilon for bound in self.bounds}[name]

    def refuted(self, claimed: float) -> tuple[CanaryBound, ...]:
        """The bounds that a claimed epsilon contradicts, those that hold for Gaussian mechanisms included."""
        return tuple(bound for bound in self.bounds if bound.epsilon > claimed)


def flip_coins(canaries: int, *, seed: int) -> npt.NDArray[np.bool_]:
    """Which of `canaries` records go into the training data: a fair coin each, shape (canaries,)."""
    return np.random.default_rng(seed).random(canaries) < 0.5


def audit_canaries(
    scores: Floats,
    coins: npt.NDArray[np.bool_],
    *,
    delta: float,
    seed: int,
    error: float = 0.05,
    plans: Sequence[GuessPlan] | None = None,
) -> CanaryAudit:
    """Lower bounds on epsilon from the scores (m,) of canaries, higher = in, of which those with a true coin were in.

    `plans` must not depend on coins or scores; by default a ladder, at the top alone and at both ends. The seed breaks
    ties between equal scores, which the order of the canaries must not.
    Raises InputError for scores that are not finite, coins of another shape or all alike, and an impossible delta,
    error or plan.
    """
    scores, coins = np.asarray(scores, dtype=np.float64), np.asarray(coins, dtype=bool)
    chosen = tuple(default_plans(scores.size) if plans is None else plans)
    _check(scores, coins, delta, error, chosen)
    exact = epsilon_bound(Scores(scores[coins], scores[~coins]), delta=delta, error=error)
    tries = _guesses(scores, coins, chosen, seed)
    share = error / len(tries)
    found = {
        "clopper_pearson": exact.clopper_pearson,
        "gaussian": exact.gaussian,
        "one_run": max(one_run_epsilon(guesses, delta=delta, error=share) for guesses in tries),
        "one_run_fdp": max(one_run_gaussian_epsilon(guesses, delta=delta, error=share) for guesses in tries),
    }
    bounds = tuple(CanaryBound(name, _WORDS[name][0], epsilon, _WORDS[name][1]) for name, epsilon in found.items())
    return CanaryAudit(len(scores), int(coins.sum()), delta, error, chosen, bounds)


def default_plans(canaries: int) -> list[GuessPlan]:
    """A quarter of the canaries, a sixteenth, and so on down to 16 guesses: at the top alone, and half at each end.

    Attacks that see members only among the highest scores gain nothing from guesses at the bottom, others double them.
    """
    counts = [max(canaries // STEP, 1)]
    while counts[-1] // STEP >= FEWEST_GUESSES:
        counts.append(counts[-1] // STEP)
    return [plan for count in counts for plan in (GuessPlan(count, 0), GuessPlan(count - count // 2, count // 2))]


def _guesses(scores: Floats, coins: npt.NDArray[np.bool_], plans: Sequence[GuessPlan], seed: int) -> list[Guesses]:
    shuffle = np.random.default_rng(seed).permutation(len(scores))
    falling = coins[shuffle[np.argsort(-scores[shuffle], kind="stable")]]
    tries = []
    for plan in plans:
        right = int(falling[: plan.top].sum()) + int((~falling[len(falling) - plan.bottom :]).sum())
        tries.append(Guesses(len(scores), plan.top + plan.bottom, right))
    return tries


def _check(
    scores: Floats, coins: npt.NDArray[np.bool_], delta: float, error: float, plans: Sequence[GuessPlan]
) -> None:
    problems = Problems()
    if scores.ndim != 1 or scores.shape != coins.shape:
        found = f"scores of shape {scores.shape}, coins of shape {coins.shape}"
        problems.add("canaries", found, "one score and one coin each", "hand in two vectors of one length")
    if not np.isfinite(scores).all():
        problems.add("canaries: scores", "NaN or infinite values", "finite numbers", "mend the attack")
    if coins.all() or not coins.any():
        mend = "flip a coin for each canary, and use some hundred canaries"
        problems.add("canaries: coins", f"{int(coins.sum())} of {coins.size} in", "canaries in and canaries out", mend)
    if not 0 <= delta < 1:
        problems.add("canaries: delta", f"{delta}", "a number from 0 to below 1", "state the delta of the claim")
    if not 0 < error < 0.5:
        problems.add("canaries: error", f"{error}", "a number between 0 and 0.5", "0.05 is usual")
    for plan in plans:
        if plan.top < 0 or plan.bottom < 0 or not 0 < plan.top + plan.bottom <= scores.size:
            problems.add("canaries: plans", f"{plan}", f"1 to {scores.size} guesses", "correct the plan")
    if not plans:
        problems.add("canaries: plans", "none", "at least one", "leave it out to use the default")
    problems.raise_if_any()
