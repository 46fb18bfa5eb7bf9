"""Reads with any chat model: a whole abstract in, statements out, each checked against the text and asked about again.

    read        every regulation that the text states, with its quote                     one call an abstract
    ground      quote at its offsets, both genes named in it                              none
    direction   which of the two genes regulates the other, without saying what was read  one call a statement
    sign        whether the regulator raises or lowers the target                         one call a statement

A statement that the text does not bear out, or whose direction is denied when asked again, is dropped, and `quarantine`
is told with the reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from grn_extract.calls import Budget, CallLog
from grn_extract.candidates import find_passages
from grn_extract.chat.answers import Malformed, Statement, Statements, parse, validate
from grn_extract.chat.asking import Asker, Question, Spent, ask_until_valid
from grn_extract.chat.claims import Claim, Groundless, ground
from grn_extract.chat.endpoint import ChatEndpoint, Endpoint, Structured
from grn_extract.chat.prices import Price, parse_price
from grn_extract.chat.rate import RateLimit
from grn_extract.chat.verification import Verdict, Verifier
from grn_extract.document import Document
from grn_extract.mentions import gene_mentions
from grn_extract.prompting import load_prompt
from grn_extract.reader import Dropped, Progress, Quarantine, UnreadableDocument
from grn_extract.screen import could_state_regulation
from grn_extract.sentences import split_sentences
from grn_extract.statements import state
from grn_extract.verify import speaks_of_itself
from kg import Effect, Evidence, Provenance

LONGEST_TEXT = 20_000
"""Characters of a text that is read in one call; an abstract has two thousand."""


class ChatReader:
    """What it says of a document depends on the document, the settings and the replies, which its log keeps.

    `endpoint` answers; `verify` asks about direction and sign again; `samples` above 1 reads the text so often, at
    `temperature`, and keeps what more than half of the readings say; `screen` asks nothing of a text that could not
    state regulation (`could_state`); `attempts` bounds the calls paid for one malformed answer; `max_tokens` bounds an
    answer. Several threads may read at once.
    """

    concurrent = True

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        log: CallLog | None = None,
        budget: Budget | None = None,
        quarantine: Quarantine | None = None,
        verify: bool = True,
        samples: int = 1,
        temperature: float = 0.7,
        screen: bool = True,
        per_minute: float | None = None,
        retries: int = 6,
        backoff: float = 1.0,
        attempts: int = 3,
        max_tokens: int = 2048,
        longest: int = LONGEST_TEXT,
    ) -> None:
        self.asker = Asker(
            endpoint, log=log, budget=budget, rate=RateLimit(per_minute), retries=retries, backoff=backoff
        )
        self.name = endpoint.name
        self.verify = verify
        self.samples = samples
        self.screen = screen
        self._temperature = temperature if samples > 1 else 0.0
        self._attempts = attempts
        self._max_tokens = max_tokens
        self._longest = longest
        self._quarantine = quarantine
        self._read = load_prompt("read-regulation")
        self._verifier = Verifier(self.asker, attempts=attempts)

    @property
    def calls(self) -> int:
        return self.asker.calls

    @property
    def tokens(self) -> int:
        return self.asker.tokens

    @property
    def cost(self) -> float:
        return self.asker.cost

    @property
    def price(self) -> Price | None:
        """None where it is not known, and `cost` stays 0 whatever is spent."""
        return self.asker.endpoint.price

    @property
    def settings(self) -> str:
        """What a reading depends on beside text, prompts and model; canonical JSON."""
        return json.dumps(
            {
                "max_tokens": self._max_tokens,
                "samples": self.samples,
                "screen": self.screen,
                "temperature": self._temperature,
                "verify": self.verify,
            },
            sort_keys=True,
        )

    def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
        """The statements found, in order of documents and, within one, of sentences and genes."""
        for done, document in enumerate(documents, 1):
            if self.worth_asking(document):
                yield from self._read_document(document)
            if progress:
                progress(done)

    def worth_asking(self, document: Document) -> bool:
        """Whether any model is asked about the document at all."""
        if not self.screen:
            return bool(document.text.strip())
        return could_state(document)

    def _read_document(self, document: Document) -> Iterator[Evidence]:
        if len(document.text) > self._longest:
            said = f"{len(document.text):,} characters; at most {self._longest:,} are read in one call"
            raise UnreadableDocument(said, retryable=False)
        votes: dict[Any, list[Claim]] = {}
        spent = Spent()
        for sample in range(self.samples):
            claims, took = self._claims(document, sample)
            spent += took
            for claim in claims:
                votes.setdefault(claim.place, []).append(claim)
        judged = [
            (votes[place], verdict)
            for place in sorted(votes, key=lambda place: (place[2:], place[:2]))
            if (verdict := self._judge(document, votes[place]))
        ]
        for number, (claims, verdict) in enumerate(judged):
            yield self._evidence(document, claims, verdict, spent.part(number, len(judged)))

    def _claims(self, document: Document, sample: int) -> tuple[list[Claim], Spent]:
        """What one reading says and the text bears out, each thing once."""
        question = Question(
            self._read, {"text": document.text}, document.id, self._max_tokens, self._temperature, sample
        )
        items, spent = ask_until_valid(self.asker, question, _statements, attempts=self._attempts)
        claims: dict[Any, Claim] = {}
        for item in items:
            try:
                claim = ground(validate(item, Statement), document)
            except (Malformed, Groundless) as fault:
                self._drop(document, item, fault.reasons if isinstance(fault, Groundless) else (str(fault),))
            else:
                claims.setdefault(claim.place, claim)
        return list(claims.values()), spent

    def _judge(self, document: Document, claims: list[Claim]) -> Verdict | None:
        """What becomes of a claim that so many readings made; None where it is dropped."""
        verdict = Verdict(_majority(claims))
        fault = f"said in {len(claims)} of {self.samples} readings" if 2 * len(claims) <= self.samples else ""
        if self.verify and not fault:
            verdict = self._verifier.judge(claims[0], verdict.effect, document.id)
            fault = verdict.fault
        if fault:
            self._drop(document, claims[0].statement.model_dump(), (fault,))
            return None
        return verdict

    def _evidence(self, document: Document, claims: list[Claim], verdict: Verdict, share: Spent) -> Evidence:
        """The score is the share of answers that bore the claim out, all its readings together being one answer."""
        prompts = (self._read, *self._verifier.prompts) if self.verify else (self._read,)
        spent = share + verdict.spent
        provenance = Provenance(
            reader=self.name,
            model=self.name,
            prompt="+".join(prompt.reference for prompt in prompts),
            prompt_hash="+".join(prompt.hash for prompt in prompts),
            score=round((len(claims) / self.samples + verdict.agreed) / (1 + verdict.asked), 4),
            tokens=spent.tokens,
            cost=spent.cost,
            time=spent.at,
        )
        found = state(document, claims[0].candidate, verdict.effect, provenance)
        denied, supposed = (
            2 * sum(getattr(claim.statement, flag) for claim in claims) > len(claims)
            for flag in ("negated", "hypothetical")
        )
        return replace(found, negated=found.negated or denied, hypothetical=found.hypothetical or supposed)

    def _drop(self, document: Document, item: Any, reasons: tuple[str, ...]) -> None:
        if self._quarantine:
            self._quarantine(Dropped(document.id, json.dumps(item, ensure_ascii=False), reasons))


def could_state(document: Document) -> bool:
    """Whether one sentence holds two genes and a cue of regulation, or a gene and a word for acting on itself."""
    pairs = (passage.text for passage in find_passages(document))
    return any(map(could_state_regulation, pairs)) or any(map(speaks_of_itself, _sentences_with_a_gene(document)))


def open_chat_reader(
    name: str,
    *,
    base_url: str | None = None,
    key_variable: str | None = None,
    timeout: float = 120.0,
    price: str | None = None,
    structured: Structured = "auto",
    **options: Any,
) -> ChatReader:
    """A reader of `provider:model`; `price` is `IN,OUT` US dollars a million tokens, in place of the table's.

    Further options are those of `ChatReader`. Raises InputError with everything that stands in the way.
    """
    given = parse_price(price) if price is not None else None
    endpoint = ChatEndpoint(
        name, base_url=base_url, key_variable=key_variable, timeout=timeout, price=given, structured=structured
    )
    return ChatReader(endpoint, **options)


def _sentences_with_a_gene(document: Document) -> Iterator[str]:
    mentions = gene_mentions(document)
    for sentence in split_sentences(document.text):
        if any(sentence.start <= mention.start and mention.end <= sentence.end for mention in mentions):
            yield sentence.text


def _statements(text: str) -> list[Any]:
    """The items of a reading; a list in which not one is what it should be is no reading."""
    items = parse(text, Statements).statements
    faults = []
    for item in items:
        try:
            validate(item, Statement)
        except Malformed as fault:
            faults.append(str(fault))
    if faults and len(faults) == len(items):
        raise Malformed(f"no statement is whole: {faults[0]}")
    return items


def _majority(claims: list[Claim]) -> Effect:
    """The effect that more than half of the readings give, else unknown."""
    effect, count = Counter(Effect(claim.statement.effect) for claim in claims).most_common(1)[0]
    return effect if 2 * count > len(claims) else Effect.UNKNOWN
