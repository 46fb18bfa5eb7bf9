"""What kinds of papers stand behind an edge: told apart, because a mean of them would hide each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.model import Evidence


@dataclass(frozen=True, slots=True)
class Support:
    """Numbers of witnesses (papers, mostly) by the most that each of them says; their sum is that of all witnesses.

    `denied` are those that only deny the edge, `retracted` those that no longer hold whatever they said. `up` and
    `down` count the asserting and supposing witnesses that say so of the sign; one that says both is in both.
    """

    asserted: int = 0
    supposed: int = 0
    denied: int = 0
    retracted: int = 0
    up: int = 0
    down: int = 0

    @property
    def conflicting(self) -> bool:
        """Whether there is support for both signs."""
        return bool(self.up and self.down)

    @property
    def retracted_only(self) -> bool:
        """Whether nothing but retracted papers ever said so."""
        return bool(self.retracted) and not (self.asserted or self.supposed or self.denied)

    @property
    def words(self) -> str:
        """For people: `2 asserted, 1 denied; signs conflict (1 up, 1 down)`."""
        counts = [(self.asserted, "asserted"), (self.supposed, "supposed"), (self.denied, "denied")]
        counts.append((self.retracted, "retracted"))
        said = ", ".join(f"{n} {word}" for n, word in counts if n)
        return said + (f"; signs conflict ({self.up} up, {self.down} down)" if self.conflicting else "")


def edge_support(evidence: Sequence[Evidence]) -> Support:
    """The support in all the evidence of one edge."""
    retracted = {item.witness for item in evidence if item.retracted}
    holding = [item for item in evidence if item.witness not in retracted and not item.negated]
    asserted = {item.witness for item in holding if not item.hypothetical}
    supposed = {item.witness for item in holding} - asserted
    signed = {effect: {item.witness for item in holding if item.effect == effect} for effect in _SIGNS}
    return Support(
        asserted=len(asserted),
        supposed=len(supposed),
        denied=len({item.witness for item in evidence} - retracted - asserted - supposed),
        retracted=len(retracted),
        up=len(signed[_SIGNS[0]]),
        down=len(signed[_SIGNS[1]]),
    )


_SIGNS = ("activation", "repression")
