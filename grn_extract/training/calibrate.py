"""Chooses the least probability that is stated, on texts that were neither trained on nor are reported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from grn_extract.gold import GoldDocument
from grn_extract.prompting import load_prompt
from grn_extract.readers._decision import Judgement, is_stated
from grn_extract.readers._questions import questions_about
from grn_extract.readers.embedded import EmbeddedReader
from grn_extract.training.examples import ge_documents, tri_sentences
from grn_extract.training.split import is_validation

THRESHOLDS = tuple(round(float(t), 3) for t in np.arange(0.05, 0.96, 0.025))

Judged = list[tuple[float, bool]]
"""Pairs as (probability of being stated, is it so)."""


def choose_threshold(reader: EmbeddedReader, gold: Path) -> tuple[float, dict[str, float]]:
    """The threshold with the best mean of the F1 on TRI's and on GE's validation texts, and those two.

    The two corpora differ twentyfold in how many of their pairs are regulations; a threshold for one alone would fail
    the other.
    """
    tri = list(judged_sentences(reader, gold / "extri2" / "TRI_dev_span.tsv"))
    documents = ge_documents(gold, validation=True)
    ge = [pair for item in documents for pair in _judged(reader, item)]
    missed = sum(len(_edges(item)) for item in documents) - sum(right for _, right in ge)
    scores = {t: (_f1(tri, t), _f1(ge, t, missed)) for t in THRESHOLDS}
    best = max(THRESHOLDS, key=lambda t: (sum(scores[t]), -t))
    return best, {
        "tri_f1": round(scores[best][0], 4),
        "ge_f1": round(scores[best][1], 4),
        "tri": len(tri),
        "ge": len(ge),
    }


def judged_sentences(reader: EmbeddedReader, path: Path) -> Iterator[tuple[float, bool]]:
    """TRI's validation pairs."""
    prompt = load_prompt("pair-judgement")
    kept = [(text, rows) for text, rows in sorted(tri_sentences(path).items()) if is_validation(text)]
    asked = [
        reader.network.row(*questions_about(prompt, text, (pair for r in rows for pair in _both(r["TF"], r["TG"]))))
        for text, rows in kept
    ]
    for (_, rows), answers in zip(kept, reader.network.judge(asked, tokens=2048), strict=True):
        for place, row in enumerate(rows):
            there, back = (Judgement(*map(float, answers[2 * place + k])) for k in (0, 1))
            yield there.regulation if is_stated(there, back, 0.0) else 0.0, row["label"] == "1"


def _both(one: str, other: str) -> Sequence[tuple[str, str]]:
    return ((one, other), (other, one))


def _edges(item: GoldDocument) -> set[tuple[str, str]]:
    return {(edge.regulator, edge.target) for edge in item.edges}


def _judged(reader: EmbeddedReader, item: GoldDocument) -> Judged:
    """Every pair of a document, by the passage that states it most surely."""
    best: dict[tuple[str, str], float] = {}
    for judged, _ in reader.judge(reader.passages(item.document)):
        by_key = {(p.regulator.gene.curie, p.target.gene.curie): found for p, found in judged.items()}
        for (one, other), found in by_key.items():
            value = found.regulation if is_stated(found, by_key[other, one], 0.0) else 0.0
            best[one, other] = max(value, best.get((one, other), 0.0))
    edges = _edges(item)
    return [(value, key in edges) for key, value in best.items()]


def _f1(judged: Judged, threshold: float, missed: int = 0) -> float:
    right = sum(gold for value, gold in judged if value >= threshold)
    wrong = sum(not gold for value, gold in judged if value >= threshold)
    missed += sum(gold for value, gold in judged if value < threshold)
    return 2 * right / max(2 * right + wrong + missed, 1)
