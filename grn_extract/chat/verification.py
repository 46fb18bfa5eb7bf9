"""A statement that was read is asked about again: its direction and its sign, as two questions.

Models mistake the order of arguments more easily than they answer a plain question, so neither question says what was
read. The two genes of the first stand in the order of the alphabet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from grn_extract.chat.answers import Change, Direction, parse
from grn_extract.chat.asking import Asker, Question, Spent, ask_until_valid
from grn_extract.chat.claims import Claim
from grn_extract.prompting import Prompt, load_prompt
from kg import Effect

SHORT_ANSWER = 256
"""Tokens of an answer of one word in JSON, with room for a model that thinks aloud."""

_CHANGES = {"raises": Effect.ACTIVATION, "lowers": Effect.REPRESSION, "not stated": Effect.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What asking again came to: `agreed` of `asked` answers bore the claim out; `fault` says why it falls, if so."""

    effect: Effect
    agreed: int = 0
    asked: int = 0
    spent: Spent = field(default_factory=Spent)
    fault: str = ""


class Verifier:
    """Asks about claims, one at a time. Raises what `ask_until_valid` raises."""

    def __init__(self, asker: Asker, *, attempts: int) -> None:
        self._asker = asker
        self._attempts = attempts
        self._direction = load_prompt("verify-direction")
        self._sign = load_prompt("verify-sign")

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """What is asked."""
        return self._direction, self._sign

    def judge(self, claim: Claim, said: Effect, document: str) -> Verdict:
        """The verdict on a claim whose reading gave the effect `said`. The model is shown its sentences alone."""
        verdict = Verdict(said)
        if _has_direction(claim):
            verdict = self._judge_direction(claim, said, document)
        if verdict.fault or claim.statement.negated:
            return verdict
        return self._judge_sign(claim, verdict, document)

    def _judge_direction(self, claim: Claim, said: Effect, document: str) -> Verdict:
        names = claim.names
        first, second = sorted(names)
        fields = {"text": claim.candidate.passage.text, "first": first, "second": second}
        answer, spent = self._ask(self._direction, fields, Direction, document)
        if answer.direction in ("both", "first" if names == (first, second) else "second"):
            return Verdict(said, 1, 1, spent)
        sees = "no regulation between the two" if answer.direction == "neither" else "the reverse"
        return Verdict(said, 0, 1, spent, f"asked again, the model sees {sees}")

    def _judge_sign(self, claim: Claim, verdict: Verdict, document: str) -> Verdict:
        regulator, target = claim.names
        fields = {"text": claim.candidate.passage.text, "regulator": regulator, "target": target}
        answer, spent = self._ask(self._sign, fields, Change, document)
        asked = _CHANGES[answer.change]
        # A sign that only this question gave is taken; one that it does not bear out is not.
        effect = asked if verdict.effect in (asked, Effect.UNKNOWN) else Effect.UNKNOWN
        agreed = verdict.agreed + (asked is verdict.effect)
        return Verdict(effect, agreed, verdict.asked + 1, verdict.spent + spent)

    def _ask(self, prompt: Prompt, fields: dict[str, str], kind: Any, document: str) -> tuple[Any, Spent]:
        question = Question(prompt, fields, document, SHORT_ANSWER)
        return ask_until_valid(self._asker, question, lambda text: parse(text, kind), attempts=self._attempts)


def _has_direction(claim: Claim) -> bool:
    """Not in self-regulation, nor between genes of one spelling."""
    regulator, target = claim.names
    return claim.candidate.regulator.gene != claim.candidate.target.gene and regulator != target
