"""What reading all of many texts will come to, told from a sample that was read."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from scipy.stats import t

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A total over all texts, with its 95 % interval."""

    what: str
    total: float
    low: float
    high: float


def extrapolate(what: str, sample: Sequence[float], texts: int) -> Estimate:
    """The total over `texts` texts from a random sample of them, sampled without replacement.

    N m +- t s N sqrt((1 - n/N) / n), with the sample's mean m, standard deviation s and size n, and Student's t at
    n - 1 degrees of freedom (Cochran, Sampling Techniques, 1977, ch. 2). Never below what the sample itself came to;
    of a sample of one nothing is known above.
    """
    n = len(sample)
    if not 0 < n <= texts:
        raise ValueError(f"a sample of {n} of {texts} texts")
    mean, drawn = math.fsum(sample) / n, math.fsum(sample)
    if n == texts:
        return Estimate(what, drawn, drawn, drawn)
    if n == 1:
        return Estimate(what, mean * texts, drawn, math.inf)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in sample) / (n - 1))
    half = float(t.ppf(0.975, n - 1)) * deviation * texts * math.sqrt((1 - n / texts) / n)
    return Estimate(what, mean * texts, max(drawn, mean * texts - half), mean * texts + half)


def draw_sample(items: Iterable[T], size: int, *, seed: int) -> tuple[list[T], int]:
    """`size` items drawn evenly from a stream, in its order, and how many there were (Vitter's algorithm R, 1985)."""
    rng = random.Random(seed)
    drawn: list[tuple[int, T]] = []
    count = 0
    for count, item in enumerate(items, 1):
        if len(drawn) < size:
            drawn.append((count, item))
        elif (place := rng.randrange(count)) < size:
            drawn[place] = (count, item)
    return [item for _, item in sorted(drawn, key=lambda pair: pair[0])], count
