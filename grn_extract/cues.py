"""Cues in a sentence that its statement is denied, or only supposed."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NEGATION = re.compile(
    r"\b(?:not|cannot|neither|nor|fail(?:s|ed|ing|ure)?|unable|unaffected|unchanged|unaltered|independent(?:ly)?|"
    r"lack(?:s|ed)? (?:of )?(?:an? )?(?:effect|influence|change)|no (?:\w+ ){0,2}(?:effect|influence|change|role|"
    r"evidence|impact|difference|response|regulation|activation|repression|induction))\b|n't\b",
    re.IGNORECASE,
)
# "Not only A but also B" asserts both. "Without A" and "lacking A" are no denials but experiments, and so not cues.
_ASSERTING = re.compile(r"\bnot (?:only|just|merely|surprising(?:ly)?)\b|\bwhether or not\b", re.IGNORECASE)
_HEDGE = re.compile(
    r"\b(?:may|might|could|would|perhaps|possibl[ey]|possibility|potential(?:ly)?|presumabl[ey]|probabl[ey]|"
    r"putative(?:ly)?|suggest(?:s|ed|ing|ive)?|propos(?:e|es|ed)|hypothes[ei]s\w*|hypothetical(?:ly)?|speculat\w+|"
    r"whether|unclear|unknown|appear(?:s|ed)? to|seem(?:s|ed)? to|likely|(?:is|are) thought to|predict(?:s|ed)?|"
    r"remains? to be|candidate|raises? the question|we asked|to test)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cues:
    """The words that deny or hedge a statement, in order; empty where there are none."""

    negation: tuple[str, ...]
    hedging: tuple[str, ...]

    @property
    def negated(self) -> bool:
        return bool(self.negation)

    @property
    def hypothetical(self) -> bool:
        return bool(self.hedging)


def find_cues(sentence: str, start: int = 0, end: int | None = None) -> Cues:
    """The cues in the clause of `sentence` that holds `[start:end)`; without a span, in the whole sentence.

    Two negations that meet in one clause (A failed in the absence of B) are still reported as negation: nothing here
    weighs them against each other.
    """
    clause = _clause(sentence, start, len(sentence) if end is None else end)
    asserted = _ASSERTING.sub(lambda match: " " * len(match.group()), clause)
    return Cues(
        tuple(m.group() for m in _NEGATION.finditer(asserted)), tuple(m.group() for m in _HEDGE.finditer(clause))
    )


_SAME_SUBJECT = re.compile(
    r"\b(?:but|and|yet|though)\s+(?:does|did|do|has|had|have|is|was|are|were|can|could|cannot|not|fail(?:s|ed)?)\b",
    re.IGNORECASE,
)


def goes_on(sentence: str, start: int, end: int) -> bool:
    """Whether between the two a clause begins that has no subject of its own: `A binds B but does not regulate B`."""
    return _SAME_SUBJECT.search(sentence, start, end) is not None


_BREAK = re.compile(r";|, (?:but|whereas|while|although|though|yet)\b|\b(?:but|whereas)\b", re.IGNORECASE)


def _clause(sentence: str, start: int, end: int) -> str:
    breaks = [match.start() for match in _BREAK.finditer(sentence)]
    left = max((at for at in breaks if at <= start), default=0)
    right = min((at for at in breaks if at >= end), default=len(sentence))
    return sentence[left:right]
