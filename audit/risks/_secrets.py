"""What is to be guessed of a record, and when a guess is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.neighbours import Floats
from audit.risks._sides import Variable

TOLERANCE = 0.1


@dataclass(frozen=True, eq=False)
class Secret:
    """What is guessed: the truth of the targets (n + m,), what S says (s,), and which guesses count as right."""

    name: str
    truth: npt.NDArray[Any]
    made: npt.NDArray[Any]
    tolerance: float

    def right(self, guess: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """1 where a guess (n + m,) is equal, or for numbers within the tolerance."""
        if self.tolerance == 0:
            return np.asarray(guess == self.truth, dtype=np.float64)
        return np.asarray(np.abs(guess - self.truth) <= self.tolerance, dtype=np.float64)

    @property
    def usual(self) -> Any:
        """What somebody would guess who looked at nothing of the target: the median of S, or its commonest value."""
        if self.tolerance > 0:
            return np.median(self.made)
        values, counts = np.unique(self.made, return_counts=True)
        return values[counts.argmax()]


def secret_of(variable: Variable, targets: Floats, synthetic: Floats) -> Secret:
    """A variable as a secret: a category must be equal, a number within a tenth of its deviation among the targets."""
    truth, made = targets[:, variable.columns], synthetic[:, variable.columns]
    if variable.categorical:
        return Secret(variable.name, truth.argmax(axis=1), made.argmax(axis=1), 0.0)
    return Secret(variable.name, truth[:, 0], made[:, 0], TOLERANCE * float(truth[:, 0].std()))


def most_variable(every: tuple[Variable, ...], targets: Floats, count: int) -> list[Variable]:
    """The `count` variables that vary most among all targets, in their order; who is a member is not looked at."""
    spread = targets.var(axis=0, dtype=np.float64)
    by_variable = [float(spread[v.columns].sum()) for v in every]
    order = np.argsort(-np.asarray(by_variable), kind="stable")[:count]
    return [every[at] for at in np.sort(order) if by_variable[at] > 0]
