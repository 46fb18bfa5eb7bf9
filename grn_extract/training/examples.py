"""Annotated sentences become questions with answers: ExTRI2's TRI and MoR sentences, and BioNLP-ST 2011 GE.

Every sentence is read once with all its questions. An answer is weighed apart for whether there is regulation at all
and for its sign, since the corpora answer different halves: TRI says yes or no, MoR says which sign (its sentences are
all positive), GE says both.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grn_extract.candidates import Candidate, find_candidates, find_passages
from grn_extract.gold import GoldDocument, read_gold
from grn_extract.readers._questions import written
from grn_extract.training.split import is_held_out, is_validation
from kg import Effect

MOST_QUESTIONS = 16
"""Of one passage; the rest of a long list of names says nothing new."""

_TAG = re.compile(r"</?T[FG]>")
_SIGNS = {"ACTIVATION": "activates", "REPRESSION": "represses", "UNDEFINED": "regulates"}
_EFFECTS = {Effect.ACTIVATION: "activates", Effect.REPRESSION: "represses", Effect.UNKNOWN: "regulates"}


@dataclass(frozen=True, slots=True)
class Question:
    """An ordered pair of names in a passage, its label, and what its two halves weigh in the loss."""

    regulator: str
    target: str
    label: str
    presence: float
    sign: float


@dataclass(frozen=True, slots=True)
class Example:
    """A passage with its questions; `corpus` is `tri`, `mor`, `ge+` (holds an edge) or `ge-`."""

    corpus: str
    text: str
    questions: tuple[Question, ...]


def tri_sentences(path: Path) -> dict[str, list[Mapping[str, str]]]:
    """The rows of TRI_dev_span.tsv by sentence, tags removed."""
    return _by_sentence(path, lambda row: _TAG.sub("", row["text"]))


def mor_sentences(path: Path) -> dict[str, list[Mapping[str, str]]]:
    """The rows of MoR_data.tsv by sentence, placeholders filled in."""
    return _by_sentence(path, lambda row: row["text"].replace("[TF]", row["TF"]).replace("[TG]", row["TG"]))


def training_examples(gold: Path, *, seed: int) -> list[Example]:
    """What the adapter is trained on, in a fixed order. `gold` is the folder of corpora.

    Held-out and validation sentences of ExTRI2 are left out, also where GE has them, and so is the validation share of
    GE's training documents. Sentences of TRI and passages of GE with an edge come twice.
    """
    rng = np.random.default_rng(seed)
    tri, mor = tri_sentences(gold / "extri2" / "TRI_dev_span.tsv"), mor_sentences(gold / "extri2" / "MoR_data.tsv")
    examples: list[Example] = []
    for text in sorted(tri | mor):
        if not _kept_apart(text):
            examples.extend(_extri(text, tri.get(text, ()), mor.get(text, ())))
    for item in ge_documents(gold, validation=False):
        examples.extend(example for example in _ge(item, rng) if not _kept_apart(example.text))
    repeated = [e for e in examples if e.corpus in ("tri", "ge+")]
    return [*examples, *repeated]


def ge_documents(gold: Path, *, validation: bool) -> list[GoldDocument]:
    """GE's training half, split by article into what is trained on and the 8 % that chooses thresholds."""
    documents = read_gold(gold / "ge2011_regulation_edges.jsonl.gz", split="train")
    articles = sorted({_article(item) for item in documents})
    apart = {articles[i] for i in np.random.default_rng(0).permutation(len(articles))[: len(articles) // 12]}
    return [item for item in documents if (_article(item) in apart) is validation]


def _article(item: GoldDocument) -> str:
    return re.sub(r"-\d\d-.*", "", item.document.id)


def _kept_apart(text: str) -> bool:
    return is_held_out(text) or is_validation(text)


def _by_sentence(path: Path, sentence: object) -> dict[str, list[Mapping[str, str]]]:
    assert callable(sentence)
    found: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            found[sentence(row)].append(row)
    return dict(found)


def _extri(text: str, tri: Sequence[Mapping[str, str]], mor: Sequence[Mapping[str, str]]) -> Iterator[Example]:
    signs = {(row["TF"], row["TG"]): _SIGNS[row["type"]] for row in mor}
    judged = {(row["TF"], row["TG"]): row["label"] == "1" for row in tri}
    questions: dict[tuple[str, str], Question] = {}
    for (tf, target), sign in signs.items():
        # What TRI does not repeat may be there because MoR holds positives alone: a lesson in sign and direction,
        # but only half of one in presence.
        presence = 1.0 if judged.get((tf, target)) else 0.5
        if judged.get((tf, target), True):
            questions[tf, target] = Question(tf, target, sign, presence, 1.0)
    for (tf, target), positive in judged.items():
        if not positive:
            questions[tf, target] = Question(tf, target, "none", 1.0, 0.0)
        else:
            questions.setdefault((tf, target), Question(tf, target, "regulates", 1.0, 0.0))
    for tf, target in list(questions):
        if tf != target and questions[tf, target].label != "none":
            questions.setdefault((target, tf), Question(target, tf, "none", 0.5, 0.0))
    yield Example("tri" if judged else "mor", text, tuple(questions.values())[:MOST_QUESTIONS])


def _ge(item: GoldDocument, rng: np.random.Generator) -> Iterator[Example]:
    edges = {(edge.regulator, edge.target): _EFFECTS[edge.effect] for edge in item.edges}
    for passage in find_passages(item.document):
        pairs = list(find_candidates(passage))
        keys = [(pair.regulator.gene.curie, pair.target.gene.curie) for pair in pairs]
        positive = [place for place, key in enumerate(keys) if key in edges]
        others = [place for place in range(len(pairs)) if place not in positive]
        most = MOST_QUESTIONS - len(positive) if positive else 6
        chosen = sorted([*positive, *(others[i] for i in rng.permutation(len(others))[: max(most, 0)])])
        questions = tuple(_asked(pairs[place], edges.get(keys[place], "none")) for place in chosen)
        yield Example("ge+" if positive else "ge-", passage.text, questions)


def _asked(pair: Candidate, label: str) -> Question:
    regulator, target = written(pair)
    return Question(regulator, target, label, 1.0, float(label in ("activates", "represses")))
