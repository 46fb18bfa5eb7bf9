"""What people say about statements: decisions, and what all of them together come to.

A decision is about a *claim*: what was said, for which witness, in which words. Readers and offsets are no part of
it, so that the same statement read again, by whatever reader, keeps its verdict; other words are another claim.
Decisions are appended and never changed. A person who decides again has changed their mind, and a decision is taken
back by another one that names it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from prisyn_base import sha256_text

if TYPE_CHECKING:
    from kg.model import Effect, Evidence


class Verdict(StrEnum):
    """Whether a quote says what was read in it; `withdrawn` takes an earlier decision back."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNSURE = "unsure"
    WITHDRAWN = "withdrawn"


class ErrorKind(StrEnum):
    """What is wrong with a rejected statement."""

    GROUNDING = "grounding"
    POLARITY = "polarity"
    DIRECTION = "direction"
    NO_RELATION = "no_relation"
    NEGATIVE_RESULT = "negative_result"
    HYPOTHESIS = "hypothesis"
    ENTITY_BOUNDARY = "entity_boundary"
    ACTIVITY_NOT_AMOUNT = "activity_not_amount"
    OTHER = "other"


class Standing(StrEnum):
    """What the people who judged a claim, or all the claims of an edge, come to."""

    UNJUDGED = "unjudged"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNSURE = "unsure"
    DISPUTED = "disputed"


def claim_key(
    regulator: str, target: str, effect: str, witness: str, quote: str, *, negated: bool, hypothetical: bool
) -> str:
    """16 hex digits of what was said, in which words, by which witness.

    Of the quote, Unicode compatibility forms and white space do not count: two copies of one abstract differ in them.
    """
    words = " ".join(unicodedata.normalize("NFKC", quote).split())
    return sha256_text("\x1f".join((regulator, target, effect, witness, words, str(negated), str(hypothetical))))[:16]


@dataclass(frozen=True)
class Decision:
    """One person's verdict on one claim, with all that was judged, so that it can be read without the graph.

    `regulator` and `target` are CURIEs. `time` is ISO 8601 in UTC to the microsecond (`2026-11-25T10:40:00.000001Z`),
    so that text order is the order in time. `error` is given with a rejection and with nothing else. `withdraws` is
    the id of the decision that a `withdrawn` one takes back.
    """

    curator: str
    verdict: Verdict
    regulator: str
    target: str
    effect: Effect
    document: str
    quote: str
    time: str
    paper: str = ""
    negated: bool = False
    hypothetical: bool = False
    error: ErrorKind | None = None
    comment: str = ""
    withdraws: str = ""

    @cached_property
    def claim(self) -> str:
        """The key of what was judged; equal to `Evidence.claim` of every reading of it."""
        return claim_key(
            self.regulator,
            self.target,
            self.effect,
            self.paper or self.document,
            self.quote,
            negated=self.negated,
            hypothetical=self.hypothetical,
        )

    @cached_property
    def id(self) -> str:
        """32 hex digits of everything the decision says: the same decision imported twice is one."""
        parts = (self.claim, self.curator, self.verdict, self.error or "", self.comment, self.time, self.withdraws)
        return sha256_text("\x1f".join(parts))[:32]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Who holds what about one claim: each curator once, by their last decision that was not taken back. Sorted.

    `errors` are the kinds named by those who reject it.
    """

    accepted_by: tuple[str, ...] = ()
    rejected_by: tuple[str, ...] = ()
    unsure_by: tuple[str, ...] = ()
    errors: tuple[ErrorKind, ...] = ()

    @property
    def disputed(self) -> bool:
        """Whether some accept what others reject."""
        return bool(self.accepted_by and self.rejected_by)

    @property
    def balance(self) -> int:
        """How many more accept than reject."""
        return len(self.accepted_by) - len(self.rejected_by)

    @property
    def sign_only(self) -> bool:
        """Whether all who reject it say that there is regulation and only its sign was read wrong."""
        return self.errors == (ErrorKind.POLARITY,)

    @property
    def standing(self) -> Standing:
        """What they come to; a dispute stays one whatever the majority."""
        if self.disputed:
            return Standing.DISPUTED
        if self.balance:
            return Standing.ACCEPTED if self.balance > 0 else Standing.REJECTED
        return Standing.UNSURE if self.unsure_by else Standing.UNJUDGED


@dataclass(frozen=True, slots=True)
class Curation:
    """How many claims of an edge stand how. The same words read by two readers are one claim."""

    accepted: int = 0
    rejected: int = 0
    unsure: int = 0
    disputed: int = 0
    unjudged: int = 0

    @property
    def standing(self) -> Standing:
        """Disputed where one claim is; accepted where one is; rejected where every one is; else what is left to say."""
        if self.disputed:
            return Standing.DISPUTED
        if self.accepted:
            return Standing.ACCEPTED
        if self.rejected and not (self.unsure or self.unjudged):
            return Standing.REJECTED
        return Standing.UNSURE if self.unsure else Standing.UNJUDGED


def standing_decisions(decisions: Iterable[Decision]) -> list[Decision]:
    """Of every curator and claim the last decision that was not taken back, by time and id.

    Nobody takes back what another has decided: such a withdrawal counts for nothing.
    """
    ordered = sorted(set(decisions), key=lambda item: (item.time, item.id))
    back = {(item.curator, item.withdraws) for item in ordered if item.verdict is Verdict.WITHDRAWN}
    held: dict[tuple[str, str], Decision] = {}
    for item in ordered:
        if item.verdict is not Verdict.WITHDRAWN and (item.curator, item.id) not in back:
            held[item.curator, item.claim] = item
    return sorted(held.values(), key=lambda item: (item.time, item.id))


def judgements(decisions: Iterable[Decision]) -> dict[str, Judgement]:
    """By claim, what the people who judged it hold; claims on which nothing stands are left out."""
    held: dict[str, list[Decision]] = {}
    for item in standing_decisions(decisions):
        held.setdefault(item.claim, []).append(item)
    return {claim: _judgement(items) for claim, items in held.items()}


def _judgement(decisions: Sequence[Decision]) -> Judgement:
    """Of the decisions that stand on one claim. A rejection without a kind is of the kind `other`."""

    def by(verdict: Verdict) -> tuple[str, ...]:
        return tuple(sorted(item.curator for item in decisions if item.verdict is verdict))

    errors = {item.error or ErrorKind.OTHER for item in decisions if item.verdict is Verdict.REJECT}
    return Judgement(by(Verdict.ACCEPT), by(Verdict.REJECT), by(Verdict.UNSURE), tuple(sorted(errors)))


def edge_curation(evidence: Iterable[Evidence], judged: Mapping[str, Judgement]) -> Curation:
    """How the claims behind one edge stand."""
    standings = [judged.get(claim, Judgement()).standing for claim in {item.claim for item in evidence}]
    return Curation(**{str(standing): standings.count(standing) for standing in Standing})
