"""How right a reader is, on texts with answers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grn_extract.gold import GoldDocument, Pair
from grn_extract.reader import Progress, Reader
from kg import Effect, Evidence

RESAMPLES = 2000


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

    A pair counts as stated when any evidence for it is neither negated nor hypothetical, and as gold likewise (in a
    corpus that does not mark those apart, all evidence counts); the sign does not matter. `*_ci` are 95 %
    percentile bootstraps over documents (over sentences where a sentence is a document). `sign_accuracy` is over
    the `signs` pairs that are right and whose gold sign is known (None without any); an unknown sign is a wrong
    one. `reversed` counts wrong pairs whose reverse is gold. `pairs` is the number of gold pairs, `calls` of model
    calls. Pairs that annotators did not judge are left out; where their relations have no direction (`directed`
    False), pairs match in either order. `by_document` has the counts of every document.
    """

    reader: str
    precision: float
    recall: float
    f1: float
    f1_ci: tuple[float, float]
    precision_ci: tuple[float, float]
    recall_ci: tuple[float, float]
    sign_accuracy: float | None
    sign_ci: tuple[float, float] | None
    signs: int
    pairs: int
    stated: int
    reversed: int
    documents: int
    seconds: float
    calls: int
    directed: bool
    by_phenomenon: Mapping[str, Counts]
    by_document: Mapping[str, Counts]

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; the counts of each phenomenon with their precision, recall and F1."""
        values = asdict(self)
        for name in ("f1_ci", "precision_ci", "recall_ci", "sign_ci"):
            values[name] = None if values[name] is None else list(values[name])
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
    stated = stated_pairs(evidence, gold)
    per_document = [_counts(stated[item.document.id], item) for item in gold]
    total = _total(per_document)
    f1_ci, precision_ci, recall_ci = _intervals(per_document, seed)
    signs = [_signs(stated[item.document.id], item) for item in gold]
    known = sum(n for _, n in signs)
    return Evaluation(
        reader=reader,
        precision=total.precision,
        recall=total.recall,
        f1=total.f1,
        f1_ci=f1_ci,
        precision_ci=precision_ci,
        recall_ci=recall_ci,
        sign_accuracy=sum(right for right, _ in signs) / known if known else None,
        sign_ci=_sign_interval(signs, seed) if known else None,
        signs=known,
        pairs=total.right + total.missed,
        stated=total.right + total.wrong,
        reversed=sum(_reversed(stated[item.document.id], item) for item in gold),
        documents=len(gold),
        seconds=seconds,
        calls=calls,
        directed=all(item.directed for item in gold),
        by_phenomenon=_by_phenomenon(per_document, gold),
        by_document={item.document.id: c for item, c in zip(gold, per_document, strict=True)},
    )


def stated_pairs(evidence: Iterable[Evidence], gold: Sequence[GoldDocument]) -> dict[str, dict[Pair, Effect]]:
    """For each gold document the pairs a reader states, as its annotators name genes, and judged by them.

    The surest statement (by its reader's score) gives a pair its sign.
    """
    items = {item.document.id: item for item in gold}
    stated: dict[str, dict[Pair, Effect]] = {name: {} for name in items}
    for found in sorted(evidence, key=lambda e: e.provenance.score or 0.0):
        item = items[found.document]
        pair = (found.regulator.curie, found.target.curie)
        counts = not (item.marks_flagged and (found.negated or found.hypothetical))
        if counts and _is_judged(pair, item):
            stated[found.document][pair if item.directed else _ordered(pair)] = found.effect
    return stated


def gold_pairs(item: GoldDocument) -> dict[Pair, Effect]:
    """The asserted regulations of a gold document with their signs; undirected ones in alphabetical order."""
    edges = [edge for edge in item.edges if edge.asserted]
    pairs = ((edge.regulator, edge.target) for edge in edges)
    return {p if item.directed else _ordered(p): edge.effect for p, edge in zip(pairs, edges, strict=True)}


def _is_judged(pair: Pair, item: GoldDocument) -> bool:
    listed = item.judged is None or pair in item.judged
    return listed and pair not in item.unjudged and all(curie.startswith(item.prefix) for curie in pair)


def _ordered(pair: Pair) -> Pair:
    return (min(pair), max(pair))


def _counts(stated: Mapping[Pair, Effect], item: GoldDocument) -> Counts:
    wanted, found = set(gold_pairs(item)), set(stated)
    return Counts(len(wanted & found), len(found - wanted), len(wanted - found))


def _reversed(stated: Mapping[Pair, Effect], item: GoldDocument) -> int:
    wanted = set(gold_pairs(item))
    return sum((b, a) in wanted and (a, b) not in wanted for a, b in stated)


def _total(counts: Iterable[Counts]) -> Counts:
    rows = list(counts)
    return Counts(sum(c.right for c in rows), sum(c.wrong for c in rows), sum(c.missed for c in rows))


def _intervals(counts: Sequence[Counts], seed: int) -> tuple[tuple[float, float], ...]:
    """Of F1, precision and recall, from the same resamples."""
    if not counts:
        return ((0.0, 0.0),) * 3
    right, wrong, missed = _resampled([(c.right, c.wrong, c.missed) for c in counts], seed).T
    f1 = 2 * right / np.maximum(2 * right + wrong + missed, 1)
    return tuple(_middle(v) for v in (f1, right / np.maximum(right + wrong, 1), right / np.maximum(right + missed, 1)))


def _sign_interval(signs: Sequence[tuple[int, int]], seed: int) -> tuple[float, float]:
    right, known = _resampled(signs, seed).T
    return _middle((right / np.maximum(known, 1))[known > 0])


def _resampled(rows: Sequence[tuple[int, ...]], seed: int) -> NDArray[np.float64]:
    """Sums over documents drawn with replacement, one row a resample."""
    table = np.array(rows, dtype=np.float64)
    rng = np.random.default_rng(seed)
    return np.stack([table[rng.integers(len(table), size=len(table))].sum(axis=0) for _ in range(RESAMPLES)])


def _middle(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return (float(low), float(high))


def _signs(stated: Mapping[Pair, Effect], item: GoldDocument) -> tuple[int, int]:
    """How many pairs that are right and of known sign have the right one, and how many such pairs there are."""
    known = [stated[p] is e for p, e in gold_pairs(item).items() if e is not Effect.UNKNOWN and p in stated]
    return sum(known), len(known)


def _by_phenomenon(counts: Sequence[Counts], gold: Sequence[GoldDocument]) -> dict[str, Counts]:
    names = sorted({item.phenomenon for item in gold if item.phenomenon})
    return {name: _total(c for c, item in zip(counts, gold, strict=True) if item.phenomenon == name) for name in names}
