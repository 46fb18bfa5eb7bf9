"""From the probabilities of a pair's labels to a statement or none."""

from __future__ import annotations

from dataclasses import dataclass

from kg import Effect

SIGNS = (Effect.UNKNOWN, Effect.ACTIVATION, Effect.REPRESSION)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model makes of an ordered pair in a passage, each in [0, 1] and summing to 1."""

    none: float
    regulates: float
    activates: float
    represses: float

    @property
    def regulation(self) -> float:
        """The probability that the passage states the regulation, whatever its sign."""
        return 1.0 - self.none

    @property
    def effect(self) -> Effect:
        """The likeliest sign, given that there is regulation."""
        shares = (self.regulates, self.activates, self.represses)
        return SIGNS[shares.index(max(shares))]


def is_stated(pair: Judgement, reverse: Judgement, threshold: float) -> bool:
    """Whether a -> b is stated: likely enough, and likelier than b -> a, so that of two directions at most one is.

    A sentence that states both (a feedback loop) gives its likelier half.
    """
    return pair.regulation >= threshold and pair.regulation > reverse.regulation
