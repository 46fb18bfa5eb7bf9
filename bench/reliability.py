"""How often is a reader right on text it was not trained on, and is it believed just as often?

    python -m bench.reliability --gold ge2011_regulation_edges.jsonl.gz --split devel --reader embedded --write

Every pair of genes that the reader states in a text is right or wrong by the annotators. Its reliability is fitted
three ways: one figure for all its statements, and by its own score, as a logistic or an ascending step curve. Each is
fitted to all folds of documents but one and measured on that one; the fold a document is in depends on --seed alone.
Printed are the Brier score and the expected calibration error (`kg.calibration` says in which bins) of single
statements, and of beliefs in pairs over all texts of the fold (noisy-or), with 95 % bootstrap intervals over documents
and over pairs.

--write fits the way with the lowest held-out Brier score to all documents and puts it into the table that beliefs are
made from. --save keeps what was read, --evidence uses that in place of reading again.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from grn_extract import GoldDocument, open_reader, read_gold
from grn_extract.evaluate import gold_pairs, stated_pairs
from kg import Evidence, Reliability, from_record, to_record, write_reliability
from kg.calibration import calibration, fit_reliability, isotonic_curve, platt_curve
from kg.reliability import ANYBODY, reliability
from prisyn_base import atomic_path


@dataclass(frozen=True, slots=True)
class Statement:
    """A pair of genes that a reader states in a document, with its surest score, and whether the annotators do."""

    document: str
    pair: tuple[str, str]
    score: float | None
    right: bool


Fit = Callable[[Sequence[Statement]], Reliability]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reliability", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--gold", type=Path, required=True, help="a file that `prisyn extract evaluate --gold` reads")
    parser.add_argument("--split", help="that half of the file")
    parser.add_argument("--reader", default="embedded")
    parser.add_argument("--documents", type=int, help="so many documents, drawn by --seed")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--evidence", type=Path, help="statements that --save wrote, in place of reading")
    parser.add_argument("--save", type=Path, help="keep the statements in this file")
    parser.add_argument("--write", action="store_true", help="put what is fitted into the table of reliabilities")
    options = parser.parse_args(arguments)
    sys.stdout.write(json.dumps(measure(options), indent=2) + "\n")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The reader's statements on the gold, and how well each way of weighing them is calibrated."""
    started = time.perf_counter()
    gold = _sample(read_gold(options.gold, split=options.split), options.documents, options.seed)
    statements = judged(_evidence(options, gold), gold)
    fold = folds(gold, options.folds, options.seed)
    ways = {name: held_out(statements, fold, fit, options.seed) for name, fit in FITS.items()}
    best = min(ways, key=lambda name: float(ways[name]["statements"]["brier"]))
    entry = described(FITS[best](statements), best, ways[best], options, len(gold))
    if options.write:
        write_reliability(options.reader, entry)
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seconds": round(time.perf_counter() - started, 1),
        "documents": len(gold),
        "statements": len(statements),
        "right": sum(item.right for item in statements),
        "now": held_out(statements, fold, lambda _: reliability(options.reader), options.seed),
        "held_out": ways,
        "lowest_brier": best,
        "entry": asdict(entry),
        "written": bool(options.write),
    }


def judged(evidence: Iterable[Evidence], gold: Sequence[GoldDocument]) -> list[Statement]:
    """A statement for each pair that the reader states in a document, by document and pair."""
    found = list(evidence)
    scores: dict[tuple[str, tuple[str, str]], float] = {}
    for item in found:
        if item.provenance.score is not None:
            key = (item.document, (item.regulator.curie, item.target.curie))
            scores[key] = max(item.provenance.score, scores.get(key, 0.0))
    stated = stated_pairs(found, gold)
    right = {item.document.id: gold_pairs(item) for item in gold}
    return [
        Statement(name, pair, scores.get((name, pair)), pair in right[name])
        for name in sorted(stated)
        for pair in sorted(stated[name])
    ]


def folds(gold: Sequence[GoldDocument], n: int, seed: int) -> dict[str, int]:
    """The fold of each document: `n` of them, of equal size but for one document."""
    order = np.random.default_rng(seed).permutation(len(gold))
    return {gold[index].document.id: place % n for place, index in enumerate(order)}


def held_out(statements: Sequence[Statement], fold: Mapping[str, int], fit: Fit, seed: int) -> dict[str, Any]:
    """Calibration of a way of weighing, each fold by what was fitted to the others."""
    p = np.zeros(len(statements))
    for one in sorted(set(fold.values())):
        fitted = fit([item for item in statements if fold[item.document] != one])
        for index, item in enumerate(statements):
            if fold[item.document] == one:
                p[index] = fitted.of(item.score)
    pairs = _beliefs(statements, fold, p)
    return {
        "statements": _plain(p, [s.right for s in statements], [s.document for s in statements], seed),
        "pairs_over_texts": _plain([b for _, b, _ in pairs], [y for _, _, y in pairs], [k for k, _, _ in pairs], seed),
    }


def _beliefs(
    statements: Sequence[Statement], fold: Mapping[str, int], p: np.ndarray[Any, Any]
) -> list[tuple[tuple[str, str], float, bool]]:
    """Noisy-or over the documents of a fold that state a pair: the pair, its belief, whether any of them is right."""
    together: dict[tuple[int, tuple[str, str]], list[int]] = {}
    for index, item in enumerate(statements):
        together.setdefault((fold[item.document], item.pair), []).append(index)
    return [
        (pair, 1 - prod(1 - float(p[i]) for i in which), any(statements[i].right for i in which))
        for (_, pair), which in together.items()
    ]


def _plain(p: Any, right: Sequence[bool], groups: Sequence[Any], seed: int) -> dict[str, Any]:
    return {
        name: [round(x, 4) for x in value] if isinstance(value, tuple) else round(value, 4)
        for name, value in asdict(calibration(p, right, groups, seed=seed)).items()
    }


def _constant(statements: Sequence[Statement]) -> Reliability:
    right, n = sum(item.right for item in statements), len(statements)
    rate = fit_reliability(right, n, reliability(ANYBODY).probability)
    source = f"measured: {right}/{n} statements right, 95 % interval {rate.low:.3f} to {rate.high:.3f}"
    return Reliability(round(rate.probability, 4), source, n=n)


def _curve(make: Callable[[Any, Any], tuple[tuple[float, float], ...]]) -> Fit:
    def fit(statements: Sequence[Statement]) -> Reliability:
        scored = [item for item in statements if item.score is not None]
        constant = _constant(statements)
        curve = make([item.score for item in scored], [item.right for item in scored]) if scored else ()
        return Reliability(constant.probability, constant.source, n=constant.n, curve=curve)

    return fit


FITS: Mapping[str, Fit] = {"constant": _constant, "logistic": _curve(platt_curve), "steps": _curve(isotonic_curve)}
"""The ways of weighing, the simplest first: of two that do equally well it is taken."""


def described(entry: Reliability, way: str, found: Mapping[str, Any], options: Any, documents: int) -> Reliability:
    """The entry with how it was obtained."""
    shape = {"constant": "one figure", "logistic": "logistic in the score", "steps": "ascending steps in the score"}
    error = found["statements"]
    low, high = error["ece_interval"]
    source = (
        f"{entry.source}; {shape[way]}, expected calibration error {error['ece']} ({low} to {high}) on "
        f"{options.folds} held-out folds"
    )
    drawn = f" --documents {options.documents}" if options.documents else ""
    split = f" --split {options.split}" if options.split else ""
    command = (
        f"python -m bench.reliability --gold {options.gold.name}{split} --reader {options.reader}{drawn} "
        f"--folds {options.folds} --seed {options.seed}"
    )
    data = f"{options.gold.name}, {options.split or 'whole'}, {documents} documents, gene names given"
    return Reliability(entry.probability, source, command, data, entry.n, entry.curve)


def _evidence(options: argparse.Namespace, gold: Sequence[GoldDocument]) -> list[Evidence]:
    if options.evidence is not None:
        wanted = {item.document.id for item in gold}
        return [item for item in _read(options.evidence) if item.document in wanted]
    reader = open_reader(options.reader)
    found = list(reader.read((item.document for item in gold), _progress(len(gold))))
    if options.save is not None:
        with atomic_path(options.save) as partial, partial.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(to_record(item)) + "\n" for item in found)
    return found


def _read(path: Path) -> Iterator[Evidence]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            yield from_record({name: value for name, value in json.loads(line).items() if name != "schema"})


def _sample(gold: Sequence[GoldDocument], n: int | None, seed: int) -> list[GoldDocument]:
    chosen = np.random.default_rng(seed).permutation(len(gold))[:n]
    return [gold[i] for i in sorted(chosen)]


def _progress(total: int) -> Any:
    def tell(done: int) -> None:
        if done % 20 == 0 or done == total:
            sys.stderr.write(f"{done}/{total}\n")

    return tell


if __name__ == "__main__":
    main()
