"""Reads with SmolLM2-135M-Instruct, in this process, by the likelihood of answers about ordered pairs of genes.

A pair is asked about three times: whether the first gene regulates the second (yes or no), how likely the sentence
"a regulates the expression of b" is to follow the text, and, for pairs that are stated, which of "activates" and
"represses" is likelier. `Rule` turns the answers into statements.

The model has not been tuned for this and is a weak reader: many statements are wrong. `bench/reliability.py` measures
how many, and beliefs weigh its statements by that.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from grn_extract.candidates import Candidate, Passage, find_candidates, find_passages
from grn_extract.document import Document
from grn_extract.models import MODEL, embedded_model_dir
from grn_extract.prompting import Prompt, load_prompt
from grn_extract.reader import Progress
from grn_extract.readers._decision import RULE, PairFeatures, Rule
from grn_extract.screen import could_state_regulation
from grn_extract.statements import state
from kg import Evidence, Provenance

if TYPE_CHECKING:
    from grn_extract.readers._scorer import AnswerScorer

QUESTIONS_PER_PAIR = 3.5
"""At most: three for every ordered pair, and one for the sign of at most one of a pair's two directions."""

NO_TEXT = "N/A"
"""What stands in a passage's place when its names alone are to be weighed."""


class EmbeddedReader:
    """The default reader. What it says of a document depends on the document and the settings alone.

    `model_dir` is a folder of a converted model (default: the fetched one); `threshold` replaces the rule's;
    `batch` bounds the rows of one forward pass, which never mixes passages; `screen` leaves out sentences without any
    cue of regulation; `threads` is fixed so that sums are split alike on every run. The weights are loaded at the
    first passage. Raises InputError when the model has not been fetched.
    """

    name = "embedded"
    concurrent = False
    cost = 0.0

    def __init__(
        self,
        *,
        model_dir: str | os.PathLike[str] | None = None,
        threshold: float | None = None,
        batch: int = 32,
        screen: bool = True,
        threads: int = 2,
        rule: Rule = RULE,
    ) -> None:
        self.rule = rule
        self.threshold = rule.threshold if threshold is None else threshold
        self.screen = screen
        self.calls = 0
        self.tokens = 0
        self._folder = Path(model_dir) if model_dir is not None else embedded_model_dir()
        self._batch = batch
        self._threads = threads
        self._regulation = load_prompt("pair-regulation")
        self._statement = load_prompt("pair-statement")
        self._sign = load_prompt("pair-sign")

    def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
        """The statements found, in order of documents and, within one, of passages and mentions."""
        for done, document in enumerate(documents, 1):
            for passage in self.passages(document):
                yield from self._read_passage(document, passage)
            if progress:
                progress(done)

    def passages(self, document: Document) -> list[Passage]:
        """The passages the model is asked about."""
        found = find_passages(document)
        return [item for item in found if could_state_regulation(item.text)] if self.screen else found

    def features(self, passage: Passage) -> dict[Candidate, tuple[PairFeatures, int]]:
        """What the model says of every ordered pair of a passage, and the tokens it took."""
        pairs = list(find_candidates(passage))
        answers, tokens = self._ask((self._regulation, self._statement), [_fields(pair) for pair in pairs])
        nothing = [{**_fields(pair), "sentence": NO_TEXT} for pair in pairs]
        empty, more = self._ask((self._statement,), nothing)
        found = {}
        for row, pair in enumerate(pairs):
            (yes, no), (statement,), (without,) = answers[row][0], answers[row][1], empty[row][0]
            found[pair] = (PairFeatures(statement, without, yes - no), tokens[row] + more[row])
        return found

    def sign_margins(self, pairs: Sequence[Candidate]) -> tuple[list[float], list[int]]:
        """For pairs of one passage: log p(activates) - log p(represses), and the tokens each took."""
        answers, tokens = self._ask((self._sign,), [_fields(pair) for pair in pairs])
        return [activates - represses for ((activates, represses),) in answers], tokens

    def _read_passage(self, document: Document, passage: Passage) -> Iterator[Evidence]:
        features = self.features(passage)
        by_genes = {(pair.regulator.gene, pair.target.gene): found for pair, (found, _) in features.items()}
        chosen: list[tuple[Candidate, float, int]] = []
        for pair, (found, tokens) in features.items():
            reverse = by_genes[pair.target.gene, pair.regulator.gene]
            probability = self.rule.probability(found, reverse)
            if probability >= self.threshold and self.rule.lead(found, reverse) > 0:
                chosen.append((pair, probability, tokens))
        if not chosen:
            return
        margins, more = self.sign_margins([pair for pair, _, _ in chosen])
        for (pair, probability, tokens), margin, extra in zip(chosen, margins, more, strict=True):
            provenance = self._provenance(probability, tokens + extra)
            yield state(document, pair, self.rule.sign(margin), provenance)

    def _provenance(self, probability: float, tokens: int) -> Provenance:
        prompts = (self._regulation, self._statement, self._sign)
        return Provenance(
            reader=self.name,
            model=MODEL,
            prompt="+".join(prompt.reference for prompt in prompts),
            prompt_hash="+".join(prompt.hash for prompt in prompts),
            score=round(probability, 4),
            tokens=tokens,
        )

    def _ask(
        self, prompts: Sequence[Prompt], fields: Sequence[Mapping[str, str]]
    ) -> tuple[list[list[tuple[float, ...]]], list[int]]:
        """Each prompt's label likelihoods for each row of fields, all with one sentence, and the tokens of each row."""
        from grn_extract.readers._scorer import Question

        questions = [Question(prompt, values) for values in fields for prompt in prompts]
        self.calls += len(questions)
        sentence = fields[0]["sentence"] if fields else ""
        scores, tokens = self._scorer.score(questions, prompts[0].shared_prefix(sentence=sentence))
        self.tokens += sum(tokens)
        width = len(prompts)
        starts = range(0, len(questions), width)
        rows = [[tuple(map(float, score)) for score in scores[start : start + width]] for start in starts]
        return rows, [sum(tokens[start : start + width]) for start in starts]

    @cached_property
    def _scorer(self) -> AnswerScorer:
        from grn_extract.readers._scorer import AnswerScorer

        return AnswerScorer(self._folder, batch=self._batch, threads=self._threads)


def _fields(candidate: Candidate) -> dict[str, str]:
    passage = candidate.passage
    names = {
        role: passage.text[mention.start - passage.start : mention.end - passage.start]
        for role, mention in (("regulator", candidate.regulator), ("target", candidate.target))
    }
    # One line, so that a line break inside a quote cannot start a line of the prompt.
    return {role: " ".join(text.split()) for role, text in {"sentence": passage.text, **names}.items()}
