"""What was promised of the synthetic set, as whoever made it put it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from prisyn_base import Problems


@dataclass(frozen=True, slots=True)
class Claim:
    """A differential-privacy promise: (epsilon, delta) for one `unit` (cell, donor, patient), in words in `statement`.

    `is_private` is False where the guarantee does not hold whatever the numbers say, say because the noise came from
    a fixed seed. `coins` is True where each unit became a member by a coin of its own; otherwise the split counts as
    one of fixed size.
    Raises InputError for an epsilon that is not positive or a delta outside [0, 1).
    """

    epsilon: float
    delta: float
    unit: str
    statement: str
    is_private: bool = True
    coins: bool = False

    def __post_init__(self) -> None:
        problems = Problems()
        if not (self.epsilon > 0 and math.isfinite(self.epsilon)):
            problems.add("claim: epsilon", f"{self.epsilon}", "a positive, finite number", "state what was spent")
        if not 0 <= self.delta < 1:
            problems.add("claim: delta", f"{self.delta}", "a number from 0 to below 1", "state the delta that was used")
        problems.raise_if_any()

    @property
    def tested(self) -> tuple[float, float]:
        """The (epsilon, delta) that scores of members and non-members can refute.

        After a split of fixed size, a member took a non-member's place: two steps of the promise, by group privacy
        2 epsilon and delta (1 + e^epsilon) (Dwork and Roth 2014, Thm 2.2). With coins it is the promise itself.
        """
        if self.coins or self.delta == 0:
            return (self.epsilon if self.coins else 2 * self.epsilon), self.delta
        return 2 * self.epsilon, float(min(1.0, math.exp(min(self.epsilon, 700.0) + math.log(self.delta)) + self.delta))
