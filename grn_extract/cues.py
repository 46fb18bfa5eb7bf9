"""Cues in a sentence that its statement is denied, or only supposed.

A word of denial reaches no further than its clause, and often less far:

- "A, but not B, activates C" denies what it says of B alone;
- "independent of A" denies A's part; "A-independent", "independently" and the name "growth factor independent 1" do not
  deny that A and C have to do with each other;
- cells *without* A that fail to make C show that A is needed: where a gene is taken away and something then does not
  happen, that is no denial; where nothing changes, it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int]
"""Of a gene's name in a sentence: its first character and the one after its last."""

_NEGATION = re.compile(
    r"\b(?:not|cannot|neither|nor|fail(?:s|ed|ing|ure)? to|unable|unaffected|unchanged|unaltered|"
    r"(?<!-)independent(?:ly)? of|lack(?:s|ed)? (?:of )?(?:an? )?(?:effect|influence|change)|"
    r"no (?:\w+ ){0,2}(?:effect|influence|change|role|"
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

_CONTRAST = re.compile(r"(?:\b(?:but|and|yet|though|although)|,)\s+$", re.IGNORECASE)
# What may stand between "but not" and the name it denies: small words, and other names (a capital or a digit in them).
_UP_TO_NAME = re.compile(
    r"\s+(?:(?:by|of|to|with|for|from|in|on|at|the|an?|that|those|only|any|other|or|and|closely|related|family|members?|"
    r"signall?ing|activity|expression|transcription|factors?)[\s,]+"
    r"|[^\s,;.]*[A-Z0-9][^\s,;]*[\s,]+){0,8}(?:\S{0,12}[-/(])?$"
)
_TAKEN_AWAY = re.compile(
    r"\bdeficien(?:t|cy)\b|-/-|\bnull\b|\bknock(?:ed)?[- ]?(?:out|down)s?\b|\b(?:si|sh)-?RNAs?\b|\babsence\b|"
    r"\black(?:s|ed|ing)?\b|\bloss of\b|\bdeplet\w+|\bdelet\w+|\bmuta(?:nt|tion)s?\b|\bdominant[- ]negative\b|"
    r"\bsilenc\w+|\bantisense\b|\bwithout\b",
    re.IGNORECASE,
)
_HAPPENING = re.compile(r"^(?:not|n't|cannot|fail\w* to|unable)$", re.IGNORECASE)
_CHANGE = re.compile(
    r"^\s+(?:to\s+)?(?:\w+ly\s+)?(?:be\s+|been\s+)?(?:affect|alter|chang|influenc|modif|modulat|impair|abolish|abrogat|reduc|"
    r"decreas|lower|interfer|impact|prevent|block|differ|requir|essential|necessary|involv|depend)",
    re.IGNORECASE,
)

_VERB = re.compile(
    r"\s+(?:\w+ly\s+)?(?:activat|regulat|repress|induc|bind|bound|affect|alter|chang|requir|express|increas|decreas|"
    r"inhibit|suppress|stimulat|interact|act\b|transactivat|respond|detect|influenc|modulat|necessary|essential|able)",
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


def find_cues(sentence: str, names: Sequence[Span] = ()) -> Cues:
    """The cues for a statement about `names`, in the clauses of `sentence` that hold them; without names, in all of it.

    Two negations that meet in one clause are still reported as negation, but for what the head of this file says of
    experiments: nothing here weighs them against each other.
    """
    start, end = (min(a for a, _ in names), max(b for _, b in names)) if names else (0, len(sentence))
    left, right = _clause(sentence, start, end)
    asserted = _ASSERTING.sub(lambda match: " " * len(match.group()), sentence)
    denials = (m for m in _NEGATION.finditer(asserted, left, right) if _denies(asserted, left, m, names))
    return Cues(
        tuple(match.group() for match in denials),
        tuple(match.group() for match in _HEDGE.finditer(sentence, left, right)),
    )


_SAME_SUBJECT = re.compile(
    r"\b(?:but|and|yet|though)\s+(?:does|did|do|has|had|have|is|was|are|were|can|could|cannot|not|fail(?:s|ed)?)\b",
    re.IGNORECASE,
)


def goes_on(sentence: str, start: int, end: int) -> bool:
    """Whether between the two a clause begins that has no subject of its own: `A binds B but does not regulate B`."""
    return _SAME_SUBJECT.search(sentence, start, end) is not None


_BREAK = re.compile(
    r";|, (?:but|whereas|while|although|though|yet|(?:thus |thereby )?(?:indicating|suggesting|demonstrating|showing|"
    r"implying)|consistent with)\b|\b(?:but|whereas|even though)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r",? but not\b[^,;]*,?", re.IGNORECASE)


def _clause(sentence: str, start: int, end: int) -> Span:
    """Where the clauses that hold `[start:end)` begin and end. What a "but not B" sets aside breaks no clause."""
    asides = [match.span() for match in _ASIDE.finditer(sentence)]
    breaks = [
        match.start()
        for match in _BREAK.finditer(sentence)
        if not any(left <= match.start() < right for left, right in asides)
    ]
    left = max((at for at in breaks if at <= start), default=0)
    return left, min((at for at in breaks if at >= end), default=len(sentence))


def _denies(sentence: str, left: int, cue: re.Match[str], names: Sequence[Span]) -> bool:
    """Whether a word of denial, in a clause from `left`, reaches a statement about `names` (see the head)."""
    word = cue.group().lower()
    if names and (word.endswith(" of") or (word == "not" and _CONTRAST.search(sentence, left, cue.start()))):
        following = (a for a, _ in names if a >= cue.end())
        if word.endswith(" of") or not _VERB.match(sentence, cue.end()):
            return any(_UP_TO_NAME.match(sentence[cue.end() : a]) for a in following)
    if _HAPPENING.match(word) and not _CHANGE.match(sentence[cue.end() :]):
        return _TAKEN_AWAY.search(sentence, left, cue.start()) is None
    return True
