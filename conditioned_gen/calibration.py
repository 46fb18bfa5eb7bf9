"""How much noise a release needs, given everything that was released before it."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

from scipy.optimize import brentq

from conditioned_gen.ledger import Entry, Ledger

_LEAST, _STEP, _WITHIN = math.log(0.2), math.log(2), 1e-3


def calibrated(ledger: Ledger, entry: Entry) -> Entry:
    """`entry` with the least noise such that it and the ledger compose to the promised epsilon, within .1 %.

    Its own noise is not looked at. Once a fifth of the sensitivity would do, less is not sought. Without a promise (an
    infinite epsilon) there is none.
    """
    if math.isinf(ledger.budget_epsilon):
        return replace(entry, noise=0.0)

    @cache
    def excess(log_multiple: float) -> float:
        noisy = replace(entry, noise=math.exp(log_multiple) * entry.sensitivity)
        epsilon = replace(ledger, entries=[*ledger.entries, noisy]).epsilon
        return math.log(max(epsilon, 1e-9) / ledger.budget_epsilon)

    high = 0.0
    while excess(high) > 0:
        high += _STEP
    while excess(high - _STEP) <= 0:
        high -= _STEP
        if high < _LEAST:
            return replace(entry, noise=math.exp(high) * entry.sensitivity)
    least = brentq(excess, high - _STEP, high, xtol=_WITHIN / 2) + _WITHIN / 2
    return replace(entry, noise=math.exp(least) * entry.sensitivity)
