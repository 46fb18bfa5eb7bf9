"""What was promised of the synthetic set, as whoever made it put it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from prisyn_base import Problems


@dataclass(frozen=True, slots=True)
class Claim:
    """A differential-privacy promise: (epsilon, delta) for one `unit` (cell, donor, patient), in words in `statement`.

    `is_private` is False where the guarantee does not hold whatever the numbers say, say because the noise came from
    a fixed seed.
    Raises InputError for an epsilon that is not positive or a delta outside [0, 1).
    """

    epsilon: float
    delta: float
    unit: str
    statement: str
    is_private: bool = True

    def __post_init__(self) -> None:
        problems = Problems()
        if not (self.epsilon > 0 and math.isfinite(self.epsilon)):
            problems.add("claim: epsilon", f"{self.epsilon}", "a positive, finite number", "state what was spent")
        if not 0 <= self.delta < 1:
            problems.add("claim: delta", f"{self.delta}", "a number from 0 to below 1", "state the delta that was used")
        problems.raise_if_any()
