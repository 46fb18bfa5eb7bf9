"""Whom do drawn records look like: the class they were drawn for, or one that nobody trained on?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.metrics._likeness import cosine
from audit.metrics.mmd import median_distance
from audit.neighbours import Floats, squared_distances
from audit.statistics import Estimate


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Drawn records against the wanted class and an unrelated one.

    `advantage` = MMD^2(drawn, unrelated) - MMD^2(drawn, wanted): above 0 where they are more like the wanted class. Its
    interval is over drawn records, the two classes taken as given. `cosine_wanted` and `cosine_unrelated` compare
    mean profiles, measured from the mean of both classes.
    """

    advantage: Estimate
    cosine_wanted: float
    cosine_unrelated: float


def resemblance(drawn: Floats, wanted: Floats, unrelated: Floats) -> Resemblance:
    """Compare drawn records (m, p) with real ones of two classes, (a, p) and (b, p).

    The kernel is Gaussian with the median distance between the two classes as its width; averages within a class leave
    out each record's pair with itself. Two classes differ in where they lie, so one advantage proves nothing by
    itself: attack each of the two in turn and look at the mean, which is 0 where the attack knows nothing.
    """
    width = median_distance(wanted, unrelated)
    to_wanted, to_unrelated = (_kernel(drawn, real, width).mean(axis=1) for real in (wanted, unrelated))
    pull = 2 * (to_wanted - to_unrelated)
    constant = _within(unrelated, width) - _within(wanted, width)
    spread = 1.96 * float(pull.std(ddof=1)) / len(drawn) ** 0.5
    middle = (wanted.mean(axis=0) + unrelated.mean(axis=0)) / 2
    point = constant + float(pull.mean())
    return Resemblance(
        advantage=Estimate(point, point - spread, point + spread, len(drawn)),
        cosine_wanted=cosine(drawn.mean(axis=0) - middle, wanted.mean(axis=0) - middle),
        cosine_unrelated=cosine(drawn.mean(axis=0) - middle, unrelated.mean(axis=0) - middle),
    )


def _kernel(first: Floats, second: Floats, width: float) -> Floats:
    return np.exp(-squared_distances(first, second) / (2 * width**2))


def _within(records: Floats, width: float) -> float:
    kernel, count = _kernel(records, records, width), len(records)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))
