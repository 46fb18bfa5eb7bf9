"""The bounds on epsilon, tested on a mechanism whose epsilon is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit._selftest._result import SelfCheck
from audit.statistics import (
    CanaryAudit,
    audit_canaries,
    clopper_pearson,
    flip_coins,
    gaussian_dp_epsilon,
)

CANARIES = 500
DELTA, LEVEL = 1e-5, 0.05
Bounds = npt.NDArray[np.float64]


def bounds(rng: np.random.Generator, repetitions: int) -> list[SelfCheck]:
    """Random scores prove nothing; those of a Gaussian mechanism with mu = 1 prove something, and not too much."""
    null, known = ([_experiment(rng, mu) for _ in range(repetitions)] for mu in (0.0, 1.0))
    truth = gaussian_dp_epsilon(1.0, DELTA)
    checks = []
    for bound in null[0].bounds:
        nothing, something = (np.array([one.epsilon(bound.name) for one in audits]) for audits in (null, known))
        checks += [
            _above(bound.name, "proves nothing from random scores", nothing, 0.0),
            _above(bound.name, "stays below the true epsilon of a known mechanism", something, truth),
            _useful(bound.name, something, truth),
        ]
    return checks


def _experiment(rng: np.random.Generator, mu: float) -> CanaryAudit:
    coins = flip_coins(CANARIES, seed=int(rng.integers(1 << 32)))
    scores = rng.standard_normal(CANARIES) + mu * coins
    return audit_canaries(scores, coins, delta=DELTA, seed=0)


def _above(name: str, statement: str, values: Bounds, truth: float) -> SelfCheck:
    above = clopper_pearson(int((values > truth).sum()), len(values), level=0.999)
    detail = f"above {truth:.2f} in {above.point:.1%} of {len(values)} cases, median {np.median(values):.2f}"
    return SelfCheck("statistic", f"epsilon {name}", statement, above.low <= LEVEL, detail)


def _useful(name: str, values: Bounds, truth: float) -> SelfCheck:
    middle = float(np.median(values))
    detail = f"median bound {middle:.2f} of {truth:.2f}"
    return SelfCheck(
        "statistic", f"epsilon {name}", "proves something of a known mechanism", middle > truth / 10, detail
    )
