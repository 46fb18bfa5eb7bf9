"""The instruments, tested on data whose answer is known: one that fails must not be believed.

In an audit, an attack that failed has a fault, a metric that failed is named by the verdict, and neither lets it pass.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from audit._selftest._attacks import behaviour, false_alarms
from audit._selftest._metrics import distances, hearing
from audit._selftest._planted import near_copies
from audit._selftest._result import SelfCheck, SelfTest
from audit._selftest._statistics import bounds
from audit.attacks import ATTACKS, Attack
from audit.metrics import METRICS, Metric

__all__ = ["SelfCheck", "SelfTest", "quick_selftest", "selftest"]
QUICK = 3


def selftest(
    *,
    seed: int,
    repetitions: int = 200,
    attacks: Mapping[str, Attack] | None = None,
    metrics: Mapping[str, Metric] | None = None,
) -> SelfTest:
    """Every attack on null data and planted leaks, every metric on good and spoilt tables, the bounds on a known law.

    `attacks` and `metrics` are the instruments by name (default: all of ours). 200 repetitions take a minute or two;
    more make the intervals of rejection rates narrower.
    """
    start = time.perf_counter()
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(6)]
    known = ATTACKS if attacks is None else attacks
    checks = [
        *behaviour(known, streams[0]),
        *false_alarms(known, streams[1], repetitions),
        *near_copies(known, streams[2]),
        *hearing(METRICS if metrics is None else metrics, streams[3]),
        *distances(streams[4], repetitions),
        *bounds(streams[5], repetitions),
    ]
    return SelfTest(seed, repetitions, tuple(checks), time.perf_counter() - start)


def quick_selftest(seed: int, *, attacks: Mapping[str, Attack] | None = None) -> SelfTest:
    """What can be seen in a second or two, before an audit: each attack's behaviour, distances and bounds.

    `attacks` are those about to be used, by name (default: all of ours).
    """
    start = time.perf_counter()
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)]
    known = ATTACKS if attacks is None else attacks
    checks = [*behaviour(known, streams[0], quick=True), *distances(streams[1], 0), *bounds(streams[2], QUICK)]
    return SelfTest(seed, 0, tuple(checks), time.perf_counter() - start)
