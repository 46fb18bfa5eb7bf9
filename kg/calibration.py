"""Are statements right as often as they are believed, and a reader's reliability fitted so that they are.

Calibration is measured by the Brier score, the mean of (p - y)^2, and by the expected calibration error

    ECE = sum over bins of n_b / n * |mean of y - mean of p|

in bins of equal counts (Nguyen and O'Connor 2015): statements are sorted by p and cut into ten; those with the same p
stay together, so that a constant is one bin. Chance alone makes ECE larger than 0, the more so the fewer statements:
`Calibration.ece_by_chance` says how large, where y is drawn with the very probabilities p.
Intervals are 95 % percentile bootstraps over groups (documents).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 10
RESAMPLES = 1000

PRIOR_STRENGTH = 10.0
"""How many judged statements the table's figure for a reader is worth against new ones."""

_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far probabilities are from what happened, over `n` statements of which `right` were right.

    `ece_by_chance` is the middle and the 95 % point of the error that right probabilities would show of so many.
    """

    n: int
    right: int
    ece: float
    ece_interval: tuple[float, float]
    ece_by_chance: tuple[float, float]
    brier: float
    brier_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class FittedRate:
    """How often a reader is right: the mean and 95 % interval of a beta distribution after `right` of `n`."""

    probability: float
    low: float
    high: float
    right: int
    n: int


def fit_reliability(right: int, n: int, prior: float, *, strength: float = PRIOR_STRENGTH) -> FittedRate:
    """A reader's reliability after `right` of `n` judged statements, shrunk to what was thought of it before.

    The prior is a beta distribution of mean `prior` worth `strength` statements, so the mean is
    (right + strength * prior) / (n + strength): with nothing judged the prior, with much the share that was right.
    """
    from scipy.stats import beta

    a, b = right + strength * prior, n - right + strength * (1 - prior)
    low, high = beta.ppf((0.025, 0.975), max(a, 1e-9), max(b, 1e-9))
    return FittedRate(a / (a + b), float(low), float(high), right, n)


def expected_calibration_error(p: ArrayLike, y: ArrayLike, bins: int = BINS) -> float:
    """ECE of probabilities `p` of what came true (`y` = 1) or did not, (n,) each, in `bins` bins of equal counts."""
    p_, y_ = np.asarray(p, dtype=float), np.asarray(y, dtype=float)
    if not len(p_):
        return 0.0
    order = np.argsort(p_, kind="stable")
    ranks = np.empty(len(p_), dtype=int)
    ranks[order] = np.arange(len(p_))
    _, value = np.unique(p_, return_inverse=True)
    first = np.full(value.max() + 1, len(p_))
    np.minimum.at(first, value, ranks)
    bin_ = first[value] * bins // len(p_)
    gaps = np.bincount(bin_, weights=y_ - p_, minlength=bins)
    return float(np.abs(gaps).sum() / len(p_))


def calibration(p: ArrayLike, y: ArrayLike, groups: Sequence[Hashable], *, seed: int = 0) -> Calibration:
    """ECE and Brier score with intervals over draws of whole groups (a group per statement, its document's name)."""
    p_, y_ = np.asarray(p, dtype=float), np.asarray(y, dtype=float)
    squares = (p_ - y_) ** 2
    members: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    rows = [np.array(indices) for indices in members.values()]
    rng = np.random.default_rng(seed)
    eces, briers = np.empty(RESAMPLES), np.empty(RESAMPLES)
    for draw in range(RESAMPLES):
        chosen = np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))])
        eces[draw] = expected_calibration_error(p_[chosen], y_[chosen])
        briers[draw] = squares[chosen].mean()
    drawn = [expected_calibration_error(p_, rng.random(len(p_)) < p_) for _ in range(RESAMPLES)]
    return Calibration(
        n=len(p_),
        right=int(y_.sum()),
        ece=expected_calibration_error(p_, y_),
        ece_interval=_middle(eces),
        ece_by_chance=(float(np.median(drawn)), float(np.quantile(drawn, 0.95))),
        brier=float(squares.mean()),
        brier_interval=_middle(briers),
    )


def platt_curve(scores: ArrayLike, y: ArrayLike, *, points: int = 11) -> tuple[tuple[float, float], ...]:
    """A reader's scores as probabilities, by logistic regression on the score's log-odds (Platt 1999).

    The two parameters are fitted to Platt's smoothed targets, (N+ + 1) / (N+ + 2) and 1 / (N- + 2), so that few
    statements do not make certainties. Returned as `points` points over the range of the scores, ascending, which is
    what a `Reliability` keeps; () where scores do not vary or a higher score does not mean more often right.
    """
    s, y_ = np.asarray(scores, dtype=float), np.asarray(y, dtype=float)
    if len(s) < 2 or np.ptp(s) == 0:
        return ()
    up, down = y_.sum(), len(y_) - y_.sum()
    target = np.where(y_ > 0, (up + 1) / (up + 2), 1 / (down + 2))
    slope, intercept = _logistic(_log_odds(s), target)
    if slope <= 0:
        return ()
    at = np.linspace(s.min(), s.max(), points)
    right = 1 / (1 + np.exp(-(slope * _log_odds(at) + intercept)))
    return tuple((round(float(x), 6), round(float(p), 6)) for x, p in zip(at, right, strict=True))


def isotonic_curve(scores: ArrayLike, y: ArrayLike) -> tuple[tuple[float, float], ...]:
    """A reader's scores as probabilities, by the best ascending step function (Zadrozny and Elkan 2002).

    Each step gives one point at the mean of its scores; () without two of them.
    """
    s, y_ = np.asarray(scores, dtype=float), np.asarray(y, dtype=float)
    blocks: list[tuple[float, float, float]] = []
    for x in np.unique(s):
        here = s == x
        blocks.append((float(here.sum()), float(s[here].sum()), float(y_[here].sum())))
        while len(blocks) > 1 and blocks[-2][2] * blocks[-1][0] >= blocks[-1][2] * blocks[-2][0]:
            last, before = blocks.pop(), blocks.pop()
            blocks.append((last[0] + before[0], last[1] + before[1], last[2] + before[2]))
    if len(blocks) < 2:
        return ()
    return tuple((round(total / n, 6), round(right / n, 6)) for n, total, right in blocks)


def _logistic(x: _Numbers, target: _Numbers) -> tuple[float, float]:
    """Slope and intercept of least cross-entropy, by Newton's method; a ridge of 1e-6 keeps it defined."""
    design = np.column_stack([x, np.ones_like(x)])
    weights = np.zeros(2)
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (p - target) + 1e-6 * weights
        curvature = (design * (p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    return float(weights[0]), float(weights[1])


def _log_odds(score: _Numbers) -> _Numbers:
    inside = np.clip(score, 1e-4, 1 - 1e-4)
    return np.log(inside / (1 - inside))


def _middle(values: _Numbers) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
