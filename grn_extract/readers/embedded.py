"""Reads with SmolLM2-135M-Instruct and the adapter trained for this task, in this process.

A passage is read once; behind it, for every ordered pair of its genes, stands the question whether the first regulates
the second, and its last word is judged to be one of none, regulates, activates, represses.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from grn_extract.adapter import adapter_dir, read_card
from grn_extract.calls import canonical_json
from grn_extract.candidates import Candidate, Passage, find_candidates, find_passages
from grn_extract.document import Document
from grn_extract.models import MODEL, embedded_model_dir
from grn_extract.prompting import load_prompt
from grn_extract.reader import Progress
from grn_extract.readers._decision import Judgement, is_stated
from grn_extract.readers._questions import questions_about, written
from grn_extract.screen import could_state_regulation
from grn_extract.statements import state
from kg import Evidence, Provenance

if TYPE_CHECKING:
    from grn_extract.readers._network import PairNetwork, Row


class EmbeddedReader:
    """The default reader. What it says of a document depends on the document and the settings alone.

    `model_dir` is a folder of a converted model (default: the fetched one), `adapter` one of an adapter (default: the
    packaged one); `threshold` replaces the adapter's; `tokens` bounds one forward pass, which never mixes documents;
    `screen` leaves out sentences without any cue of regulation; `threads` is fixed so that sums are split alike on
    every run. The weights are loaded at the first passage. Raises InputError when the model has not been fetched.
    """

    name = "embedded"
    cost = 0.0
    concurrent = False

    def __init__(
        self,
        *,
        model_dir: str | os.PathLike[str] | None = None,
        adapter: str | os.PathLike[str] | None = None,
        threshold: float | None = None,
        tokens: int = 2048,
        screen: bool = True,
        threads: int = 2,
    ) -> None:
        self.screen = screen
        self.calls = 0
        self.tokens = 0
        self._folder = Path(model_dir) if model_dir is not None else embedded_model_dir()
        self._adapter = Path(adapter) if adapter is not None else adapter_dir()
        self.threshold = read_card(self._adapter).threshold if threshold is None else threshold
        self._most = tokens
        self._threads = threads
        self._prompt = load_prompt("pair-judgement")

    @property
    def settings(self) -> str:
        """What a reading depends on beside text, prompt and weights; canonical JSON."""
        return canonical_json({"screen": self.screen, "threshold": self.threshold})

    def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
        """The statements found, in order of documents and, within one, of passages and mentions."""
        for done, document in enumerate(documents, 1):
            for judged, tokens in self.judge(self.passages(document)):
                yield from self._stated(document, judged, tokens)
            if progress:
                progress(done)

    def passages(self, document: Document) -> list[Passage]:
        """The passages the model is asked about."""
        found = find_passages(document)
        return [item for item in found if could_state_regulation(item.text)] if self.screen else found

    def judge(self, passages: Sequence[Passage]) -> list[tuple[dict[Candidate, Judgement], int]]:
        """For each passage, what the model makes of every ordered pair of its genes, and the tokens it took.

        A call is one question: one ordered pair.
        """
        if not passages:
            return []
        asked = [list(find_candidates(passage)) for passage in passages]
        rows = [self._row(passage, pairs) for passage, pairs in zip(passages, asked, strict=True)]
        self.calls += sum(map(len, asked))
        self.tokens += sum(row.length for row in rows)
        answers = self.network.judge(rows, tokens=self._most)
        return [
            ({pair: Judgement(*map(float, answer)) for pair, answer in zip(pairs, found, strict=True)}, row.length)
            for pairs, found, row in zip(asked, answers, rows, strict=True)
        ]

    def _stated(self, document: Document, judged: dict[Candidate, Judgement], tokens: int) -> Iterator[Evidence]:
        by_genes = {(pair.regulator.gene, pair.target.gene): found for pair, found in judged.items()}
        for pair, found in judged.items():
            if is_stated(found, by_genes[pair.target.gene, pair.regulator.gene], self.threshold):
                # A passage is paid for once, whatever the number of its pairs.
                share = -(-tokens // len(judged))
                yield state(document, pair, found.effect, self._provenance(found.regulation, share))

    def _provenance(self, probability: float, tokens: int) -> Provenance:
        return Provenance(
            reader=self.name,
            model=f"{MODEL}+{read_card(self._adapter).name}",
            prompt=self._prompt.reference,
            prompt_hash=self._prompt.hash,
            score=round(probability, 4),
            tokens=tokens,
        )

    def _row(self, passage: Passage, pairs: Sequence[Candidate]) -> Row:
        shared, questions = questions_about(self._prompt, passage.text, map(written, pairs))
        return self.network.row(shared, questions)

    @cached_property
    def network(self) -> PairNetwork:
        """The model with its adapter, loaded when first asked for."""
        from grn_extract.readers._network import PairNetwork

        return PairNetwork(self._folder, adapter=self._adapter, threads=self._threads)
