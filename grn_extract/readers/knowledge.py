"""What a chat model recalls without any text: the transcription factors of a list of genes, and who regulates whom.

This is the way of LLM4GRN (Afonja et al. 2024, arXiv 2410.15828): a model first names the factors among the genes
(asked `repeats` times; one named at least `frequency` times is taken, their `freq_k`), then, for every gene, its
regulators among them. Models recall regulations hardly better than by chance, so this is evidence of the kind
KNOWLEDGE, whose weight beliefs cap, and all that one model recalls is one witness.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from grn_extract.calls import Budget, CallLog
from grn_extract.chat.answers import Factors, Regulators, parse
from grn_extract.chat.asking import Asker, Question, Spent, ask_until_valid
from grn_extract.chat.endpoint import ChatEndpoint, Endpoint, Structured
from grn_extract.chat.prices import Price, parse_price
from grn_extract.chat.rate import RateLimit
from grn_extract.document import Document
from grn_extract.prompting import load_prompt
from grn_extract.reader import Dropped, Progress, Quarantine, UnreadableDocument
from kg import Effect, Evidence, Gene, Provenance, SourceKind, resolve

AT_ONCE = 200
"""Genes in one question."""

RECALL = "recall:"
"""Begins the id of a document that asks about one gene of its list (`recall:LYZ`), or for the factors alone."""

MOST_GENES = 20_000
"""In one list; each costs a call."""


@dataclass(frozen=True, slots=True)
class Named:
    """A gene of the list as it is written there, what it stands for, and in what share of the askings it was named."""

    name: str
    gene: Gene
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class GeneList:
    """The genes of a list, each once, and the names in it that stand for none, with the reason."""

    genes: tuple[Named, ...]
    unknown: tuple[tuple[str, str], ...]


@lru_cache(maxsize=8)
def read_genes(text: str, species: str) -> GeneList:
    """A list of genes by name, a line each or parted by commas or tabs. Raises UnreadableDocument for one too long."""
    names = dict.fromkeys(part.strip() for part in text.replace(",", "\n").replace("\t", "\n").splitlines())
    names.pop("", None)
    if len(names) > MOST_GENES:
        raise UnreadableDocument(f"{len(names):,} names; at most {MOST_GENES:,} are asked about", retryable=False)
    found: dict[Gene, Named] = {}
    unknown = []
    for name in names:
        resolution = resolve(name, species)
        if resolution.gene is None:
            unknown.append((name, resolution.reason))
        else:
            found.setdefault(resolution.gene, Named(name, resolution.gene))
    return GeneList(tuple(found.values()), tuple(unknown))


class KnowledgeReader:
    """A document is a list of genes, by name, a line each (or parted by commas or tabs); there is nothing to quote.

    One whose id is `recall:LYZ` asks for the regulators of LYZ alone, which need not be in the list; `recall:` asks
    for factors and states nothing. So a long list can be asked about in parts, the factors once: they are in the log.
    `species` decides what the names stand for. `repeats`, `frequency` and `temperature` are those of naming factors;
    regulators are asked for once a gene. A name that stands for no gene, and an answer that is not in the list, is
    told to `quarantine`. Several threads may read at once.
    """

    concurrent = True

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        log: CallLog | None = None,
        budget: Budget | None = None,
        quarantine: Quarantine | None = None,
        species: str = "human",
        repeats: int = 3,
        frequency: int = 2,
        temperature: float = 0.7,
        per_minute: float | None = None,
        retries: int = 6,
        backoff: float = 1.0,
        attempts: int = 3,
        max_tokens: int = 4096,
    ) -> None:
        self.asker = Asker(
            endpoint, log=log, budget=budget, rate=RateLimit(per_minute), retries=retries, backoff=backoff
        )
        self.name = f"knowledge:{endpoint.name}"
        self._species = species
        self._repeats = repeats
        self._frequency = frequency
        self._temperature = temperature if repeats > 1 else 0.0
        self._attempts = attempts
        self._max_tokens = max_tokens
        self._quarantine = quarantine
        self._factors = load_prompt("recall-factors")
        self._regulators = load_prompt("recall-regulators")

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
        """What a recall depends on beside genes, prompts and model; canonical JSON."""
        return json.dumps(
            {
                "frequency": self._frequency,
                "max_tokens": self._max_tokens,
                "repeats": self._repeats,
                "species": self._species,
                "temperature": self._temperature,
            },
            sort_keys=True,
        )

    def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
        """What is recalled of each list, in the order of its genes as targets and, for one, of the answer."""
        for done, document in enumerate(documents, 1):
            genes = self.genes(document)
            factors, spent = self.factors(genes, document)
            places = {gene: place for place, gene in enumerate(genes)}
            for target in self._targets(document, genes) if factors else ():
                share = spent.part(places[target], len(genes)) if target in places else Spent(at=spent.at)
                yield from self._recall(target, factors, document, share)
            if progress:
                progress(done)

    def genes(self, document: Document) -> list[Named]:
        """The genes of a list, each once. Raises UnreadableDocument for a list too long to be one of genes."""
        listed = read_genes(document.text, self._species)
        for name, reason in listed.unknown:
            self._drop_of_list(document, {"gene": name}, reason)
        return list(listed.genes)

    def _targets(self, document: Document, genes: list[Named]) -> list[Named]:
        """The genes whose regulators a document asks for."""
        if not document.id.startswith(RECALL):
            return genes
        name = document.id.removeprefix(RECALL)
        if not name:
            return []
        found = resolve(name, self._species)
        if found.gene is None:
            self._drop(document, {"target": name}, found.reason)
            return []
        return [next((item for item in genes if item.gene == found.gene), Named(name, found.gene))]

    def factors(self, genes: Sequence[Named], document: Document) -> tuple[list[Named], Spent]:
        """The genes that at least `frequency` of `repeats` askings call transcription factors, and what that took."""
        by_name = {item.name.casefold(): item for item in genes}
        votes: Counter[str] = Counter()
        spent = Spent()
        for start in range(0, len(genes), AT_ONCE):
            fields = {"species": self._species, "genes": [item.name for item in genes[start : start + AT_ONCE]]}
            for sample in range(self._repeats):
                answer, took = self._ask(self._factors, fields, Factors, document, sample)
                spent += took
                votes.update({name.casefold() for name in answer.factors})
                for name in answer.factors:
                    if name.casefold() not in by_name:
                        self._drop_of_list(document, {"factor": name}, "named as a factor, but not in the list")
        taken = [name for name in by_name if votes[name] >= self._frequency]
        return [Named(by_name[n].name, by_name[n].gene, votes[n] / self._repeats) for n in taken], spent

    def _recall(self, target: Named, factors: Sequence[Named], document: Document, share: Spent) -> Iterator[Evidence]:
        by_name = {item.name.casefold(): item for item in factors}
        fields = {"species": self._species, "target": target.name, "factors": [item.name for item in factors]}
        answer, spent = self._ask(self._regulators, fields, Regulators, document, 0)
        named: dict[str, Any] = {}
        for item in answer.regulators:
            if item.name.casefold() in by_name:
                named.setdefault(item.name.casefold(), item)
            else:
                statement = {"regulator": item.name, "target": target.name, "effect": item.effect}
                self._drop(document, statement, "the regulator is not among the factors asked about")
        whole = share + spent
        for number, (name, item) in enumerate(named.items()):
            yield self._evidence(by_name[name], target, Effect(item.effect), document, whole.part(number, len(named)))

    def _evidence(self, regulator: Named, target: Named, effect: Effect, document: Document, spent: Spent) -> Evidence:
        provenance = Provenance(
            reader=self.name,
            model=self.asker.endpoint.name,
            prompt=f"{self._factors.reference}+{self._regulators.reference}",
            prompt_hash=f"{self._factors.hash}+{self._regulators.hash}",
            score=round(regulator.share, 4),
            tokens=spent.tokens,
            cost=spent.cost,
            time=spent.at,
        )
        return Evidence(
            regulator=regulator.gene,
            target=target.gene,
            effect=effect,
            document=document.id,
            quote=f"recalled without a text: {regulator.name} regulates {target.name} ({effect})",
            provenance=provenance,
            kind=SourceKind.KNOWLEDGE,
        )

    def _ask(
        self, prompt: Any, fields: dict[str, Any], kind: Any, document: Document, sample: int
    ) -> tuple[Any, Spent]:
        temperature = self._temperature if prompt is self._factors else 0.0
        question = Question(prompt, fields, document.id, self._max_tokens, temperature, sample)
        return ask_until_valid(self.asker, question, lambda text: parse(text, kind), attempts=self._attempts)

    def _drop_of_list(self, document: Document, item: Any, reason: str) -> None:
        """What is wrong with a list is told once, however many documents ask about it."""
        if document.id == RECALL or not document.id.startswith(RECALL):
            self._drop(document, item, reason)

    def _drop(self, document: Document, item: Any, reason: str) -> None:
        if self._quarantine:
            self._quarantine(Dropped(document.id, json.dumps(item, ensure_ascii=False), (reason,)))


def open_knowledge_reader(
    name: str,
    *,
    base_url: str | None = None,
    key_variable: str | None = None,
    timeout: float = 120.0,
    price: str | None = None,
    structured: Structured = "auto",
    **options: Any,
) -> KnowledgeReader:
    """What `provider:model` recalls; options are `KnowledgeReader`'s. Raises InputError as `ChatEndpoint` does."""
    given = parse_price(price) if price is not None else None
    endpoint = ChatEndpoint(
        name, base_url=base_url, key_variable=key_variable, timeout=timeout, price=given, structured=structured
    )
    return KnowledgeReader(endpoint, **options)
