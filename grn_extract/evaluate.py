"""How right a reader is, on texts with answers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from grn_extract.gold import GoldDocument
from grn_extract.reader import Progress, Reader
from kg import Effect, Evidence

RESAMPLES = 2000
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Counts:
    """Directed pairs that are right, wrongly stated, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """right / (right + wrong); 0 when nothing was stated."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        """right / (right + missed); 0 when there was nothing to find."""
        return self.right / max(self.right + self.missed, 1)

    @property
    def f1(self) -> float:
        """2 right / (2 right + wrong + missed)."""
        return 2 * self.right / max(2 * self.right + self.wrong + self.missed, 1)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Micro-averaged over directed pairs of genes per document.

    A pair counts as stated when any evidence for it is neither negated nor hypothetical, and as gold likewise; the
    sign does not matter. `f1_ci` is the 95 % percentile bootstrap over documents. `sign_accuracy` is over pairs that
    are right and whose gold sign is known (None without any); an unknown sign is a wrong one. `reversed` counts wrong
    pairs whose reverse is gold. `pairs` is the number of gold pairs, `calls` of model calls.
    """

    reader: str
    precision: float
    recall: float
    f1: float
    f1_ci: tuple[float, float]
    sign_accuracy: float | None
    pairs: int
    stated: int
    reversed: int
    documents: int
    seconds: float
    calls: int
    by_phenomenon: Mapping[str, Counts]

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; the counts of each phenomenon with their precision, recall and F1."""
        values = asdict(self)
        values["f1_ci"] = list(self.f1_ci)
        values["by_phenomenon"] = {
            name: asdict(c) | {"precision": c.precision, "recall": c.recall, "f1": c.f1}
            for name, c in self.by_phenomenon.items()
        }
        return values


def evaluate(
    reader: Reader, gold: Sequence[GoldDocument], *, seed: int = 0, progress: Progress | None = None
) -> Evaluation:
    """Read every gold document and compare. Deterministic for a deterministic reader, apart from `seconds`."""
    started, calls = time.perf_counter(), reader.calls
    evidence = list(reader.read((item.document for item in gold), progress))
    return compare(
        evidence,
        gold,
        reader=reader.name,
        seconds=round(time.perf_counter() - started, 3),
        calls=reader.calls - calls,
        seed=seed,
    )


def compare(
    evidence: Iterable[Evidence],
    gold: Sequence[GoldDocument],
    *,
    reader: str,
    seconds: float = 0.0,
    calls: int = 0,
    seed: int = 0,
) -> Evaluation:
    """As `evaluate`, for evidence at hand."""
    stated: dict[str, dict[Pair, Effect]] = {item.document.id: {} for item in gold}
    for item in sorted(evidence, key=lambda e: e.provenance.score or 0.0):
        if not (item.negated or item.hypothetical):
            stated[item.document][item.regulator.curie, item.target.curie] = item.effect
    per_document = [_counts(stated[item.document.id], item) for item in gold]
    total = _total(per_document)
    return Evaluation(
        reader=reader,
        precision=total.precision,
        recall=total.recall,
        f1=total.f1,
        f1_ci=_interval(per_document, seed),
        sign_accuracy=_sign_accuracy(stated, gold),
        pairs=total.right + total.missed,
        stated=total.right + total.wrong,
        reversed=sum(_reversed(stated[item.document.id], item) for item in gold),
        documents=len(gold),
        seconds=seconds,
        calls=calls,
        by_phenomenon=_by_phenomenon(per_document, gold),
    )


def _gold_pairs(item: GoldDocument) -> dict[Pair, Effect]:
    return {(edge.regulator, edge.target): edge.effect for edge in item.edges if edge.asserted}


def _counts(stated: Mapping[Pair, Effect], item: GoldDocument) -> Counts:
    wanted, found = set(_gold_pairs(item)), set(stated)
    return Counts(len(wanted & found), len(found - wanted), len(wanted - found))


def _reversed(stated: Mapping[Pair, Effect], item: GoldDocument) -> int:
    wanted = set(_gold_pairs(item))
    return sum((b, a) in wanted and (a, b) not in wanted for a, b in stated)


def _total(counts: Iterable[Counts]) -> Counts:
    rows = list(counts)
    return Counts(sum(c.right for c in rows), sum(c.wrong for c in rows), sum(c.missed for c in rows))


def _interval(counts: Sequence[Counts], seed: int) -> tuple[float, float]:
    if not counts:
        return (0.0, 0.0)
    table = np.array([(c.right, c.wrong, c.missed) for c in counts], dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(len(table), size=(RESAMPLES, len(table)))
    right, wrong, missed = table[drawn].sum(axis=1).T
    f1 = 2 * right / np.maximum(2 * right + wrong + missed, 1)
    low, high = np.quantile(f1, (0.025, 0.975))
    return (float(low), float(high))


def _sign_accuracy(stated: Mapping[str, Mapping[Pair, Effect]], gold: Sequence[GoldDocument]) -> float | None:
    judged: Counter[bool] = Counter()
    for item in gold:
        for pair, effect in _gold_pairs(item).items():
            if effect is not Effect.UNKNOWN and pair in stated[item.document.id]:
                judged[stated[item.document.id][pair] is effect] += 1
    return judged[True] / judged.total() if judged else None


def _by_phenomenon(counts: Sequence[Counts], gold: Sequence[GoldDocument]) -> dict[str, Counts]:
    names = sorted({item.phenomenon for item in gold if item.phenomenon})
    return {name: _total(c for c, item in zip(counts, gold, strict=True) if item.phenomenon == name) for name in names}
