"""Log-likelihoods of answers under a causal language model, batched, with what they share computed once."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grn_extract.models import load_transformers
from grn_extract.prompting import Prompt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt and the fields that fill it."""

    prompt: Prompt
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Row:
    """Tokens to run after the shared ones; those from `answer` on are the answer, its last token left off."""

    ids: tuple[int, ...]
    answer: int


class AnswerScorer:
    """Scores every label of a question, token by token, in bfloat16 on `threads` threads.

    Rows are padded on the right: under a causal mask what follows a row's last token cannot reach it, so no mask and
    no shifted positions are needed. What the questions share is run once and its keys and values are copied to every
    row, which is the same arithmetic as running it again.
    """

    def __init__(self, folder: Path, *, batch: int, threads: int) -> None:
        self._torch, transformers = load_transformers()
        self._torch.set_num_threads(threads)
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=self._torch.bfloat16, local_files_only=True
        ).eval()
        self._new_cache = transformers.DynamicCache
        self._batch = batch

    def score(self, questions: Sequence[Question], shared: str) -> tuple[list[Floats], list[int]]:
        """For each question, its labels' log-likelihoods in nats, shape (labels,), and the tokens of its prompt.

        `shared` is what all the prompts begin with. The labels of one question that differ in their last token alone
        (yes, no) cost one row.
        """
        prefix = self._ids(shared)
        cache = self._run_shared(prefix)
        wanted = [self._rows(question, shared) for question in questions]
        distinct = sorted({row for rows in wanted for row, _ in rows}, key=lambda row: (len(row.ids), row.ids))
        found: dict[_Row, Any] = {}
        for first in range(0, len(distinct), self._batch):
            found.update(self._forward(distinct[first : first + self._batch], cache))
        scores = [np.array([_likelihood(found[row], row, last) for row, last in rows]) for rows in wanted]
        return scores, [len(prefix) + sum(len(row.ids) for row in {row for row, _ in rows}) for rows in wanted]

    def _rows(self, question: Question, shared: str) -> list[tuple[_Row, int]]:
        body = self._ids(question.prompt.render(**question.fields)[len(shared) :])
        answers = [self._ids(" " + label) for label in question.prompt.render_labels(**question.fields)]
        return [(_Row((*body, *answer[:-1]), len(body)), answer[-1]) for answer in answers]

    def _run_shared(self, ids: Sequence[int]) -> Any:
        if not ids:
            return None
        cache = self._new_cache(config=self._model.config)
        with self._torch.inference_mode():
            self._model.model(input_ids=self._torch.tensor([ids]), past_key_values=cache, use_cache=True)
        return cache

    def _forward(self, rows: Sequence[_Row], cache: Any) -> dict[_Row, Any]:
        """The log-probabilities after each row's positions from the one before its answer on."""
        torch = self._torch
        ids = torch.zeros((len(rows), max(len(row.ids) for row in rows)), dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, : len(row.ids)] = torch.tensor(row.ids)
        with torch.inference_mode():
            past = copy.deepcopy(cache)
            if past is not None and len(rows) > 1:
                past.batch_repeat_interleave(len(rows))
            hidden = self._model.model(input_ids=ids, past_key_values=past, use_cache=past is not None)
            kept = [hidden.last_hidden_state[number, row.answer - 1 : len(row.ids)] for number, row in enumerate(rows)]
            logits = torch.log_softmax(self._model.lm_head(torch.cat(kept)).float(), dim=-1)
        return dict(zip(rows, logits.split([len(part) for part in kept]), strict=True))

    def _ids(self, text: str) -> list[int]:
        # Text that spells a special token ("<|im_end|>") must stay text.
        ids: list[int] = self._tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
        return ids


def _likelihood(logits: Any, row: _Row, last: int) -> float:
    answer = (*row.ids[row.answer :], last)
    return float(sum(float(logits[position, token]) for position, token in enumerate(answer)))
