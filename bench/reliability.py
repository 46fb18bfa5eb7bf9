"""How often is the embedded reader right? Fits its rule on one half of annotated text, measures it on the other.

    python -m bench.reliability fit --gold ge2011_regulation_edges.jsonl.gz
    python -m bench.reliability measure --gold ge2011_regulation_edges.jsonl.gz --documents 60 --write

The text is BioNLP-ST 2011 GE (Kim et al. 2011; CC BY 3.0), gene names given by its annotators. `fit` reads passages of
the training half and prints the constants of `grn_extract/readers/_decision.py`; `measure` reads whole documents of
the development half, prints precision beside that of stating every pair, and with `--write` puts it into the table
of reliabilities that beliefs are made from. The packaged example corpus takes no part in either.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve, roc_auc_score

from grn_extract import CooccurrenceReader, EmbeddedReader, GoldDocument, Passage, evaluate, find_candidates, read_gold
from grn_extract.readers._decision import RULE, PairFeatures, Rule
from kg import Effect, write_reliability

Z95 = 1.959964
Passages = list[tuple[GoldDocument, Passage]]
CALIBRATIONS = (0.0, 0.125, 0.25, 0.375, 0.5)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reliability", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("task", choices=("fit", "measure"))
    parser.add_argument("--gold", type=Path, required=True, help="ge2011_regulation_edges.jsonl.gz")
    parser.add_argument("--documents", type=int, default=60, help="documents of the development half to measure on")
    parser.add_argument("--passages", type=int, default=120, help="passages with an edge, and without, to fit on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="write the precision into the table of reliabilities")
    options = parser.parse_args(arguments)
    report = fit(options) if options.task == "fit" else measure(options)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927)."""
    if n == 0:
        return (0.0, 1.0)
    p, z2 = right / n, Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (max(0.0, middle - half), min(1.0, middle + half))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Precision of the embedded reader on sampled documents of the development half, beside co-occurrence."""
    gold = _sample(read_gold(options.gold, split="devel"), options.documents, options.seed)
    started = time.perf_counter()
    found = evaluate(EmbeddedReader(), gold, seed=options.seed, progress=_progress(len(gold)))
    base = evaluate(CooccurrenceReader(), gold, seed=options.seed)
    right = round(found.precision * found.stated)
    low, high = wilson(right, found.stated)
    command = f"python -m bench.reliability measure --gold {options.gold.name} --documents {options.documents}"
    command += f" --seed {options.seed}"
    data = f"BioNLP-ST 2011 GE, development half, {len(gold)} documents, seed {options.seed}, gene names given"
    source = (
        f"measured precision {right}/{found.stated}, 95 % interval {low:.3f} to {high:.3f} (Wilson); "
        f"stating every co-mentioned ordered pair gives {base.precision:.3f}"
    )
    if options.write:
        write_reliability("embedded", round(found.precision, 3), source, command=command, data=data, n=found.stated)
    return {
        "command": command,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seconds": round(time.perf_counter() - started, 1),
        "precision_interval": [low, high],
        "embedded": found.to_json(),
        "cooccurrence": base.to_json(),
        "written": bool(options.write),
    }


def fit(options: argparse.Namespace) -> dict[str, Any]:
    """The rule's constants from passages of the training half, those without an edge weighted to their true share."""
    reader = EmbeddedReader(rule=RULE)
    with_edge, without = _passages(reader, read_gold(options.gold, split="train"))
    rng = np.random.default_rng(options.seed)
    rows: list[tuple[float, ...]] = []
    margins: list[tuple[float, bool]] = []
    for group in (with_edge, without):
        taken = [group[i] for i in sorted(rng.permutation(len(group))[: options.passages])]
        weight = len(group) / len(taken)
        for number, (item, passage) in enumerate(taken, 1):
            rows.extend(_rows(reader, item, passage, weight))
            margins.extend(_margins(reader, item, passage))
            _progress(len(taken))(number)
    return _fitted(np.array(rows), margins)


def _passages(reader: EmbeddedReader, gold: Sequence[GoldDocument]) -> tuple[Passages, Passages]:
    with_edge: list[tuple[GoldDocument, Passage]] = []
    without: list[tuple[GoldDocument, Passage]] = []
    for item in gold:
        edges = {(edge.regulator, edge.target) for edge in item.edges}
        for passage in reader.passages(item.document):
            pairs = {(pair.regulator.gene.curie, pair.target.gene.curie) for pair in find_candidates(passage)}
            (with_edge if pairs & edges else without).append((item, passage))
    return with_edge, without


def _rows(reader: EmbeddedReader, item: GoldDocument, passage: Passage, weight: float) -> list[tuple[float, ...]]:
    edges = {(edge.regulator, edge.target) for edge in item.edges}
    found = {(p.regulator.gene.curie, p.target.gene.curie): f for p, (f, _) in reader.features(passage).items()}
    return [
        (*_flat(features), *_flat(found[genes[::-1]]), float(genes in edges), float(genes[::-1] in edges), weight)
        for genes, features in found.items()
    ]


def _flat(features: PairFeatures) -> tuple[float, float, float]:
    return (features.statement, features.empty, features.yes)


def _margins(reader: EmbeddedReader, item: GoldDocument, passage: Passage) -> list[tuple[float, bool]]:
    known = {(e.regulator, e.target): e.effect for e in item.edges if e.effect is not Effect.UNKNOWN}
    pairs = [p for p in find_candidates(passage) if (p.regulator.gene.curie, p.target.gene.curie) in known]
    if not pairs:
        return []
    margins, _ = reader.sign_margins(pairs)
    effects = [known[p.regulator.gene.curie, p.target.gene.curie] for p in pairs]
    return [(m, effect is Effect.ACTIVATION) for m, effect in zip(margins, effects, strict=True)]


def _fitted(table: Any, margins: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    here, back, edge, reverse, weight = table[:, :3], table[:, 3:6], table[:, 6], table[:, 7], table[:, 8]
    one_way = (edge == 1) & (reverse == 0)
    leads = {c: (here[:, 0] - c * here[:, 1]) - (back[:, 0] - c * back[:, 1]) for c in CALIBRATIONS}
    directions = {c: float((lead[one_way] > 0).mean()) for c, lead in leads.items()}
    calibration = max(CALIBRATIONS, key=lambda c: (round(directions[c], 3), -c))
    features = np.column_stack([here[:, 0], here[:, 1], here[:, 2], leads[calibration]])
    model = LogisticRegression(C=1.0, max_iter=1000).fit(features, edge, sample_weight=weight)
    probability = model.predict_proba(features)[:, 1]
    stated = leads[calibration] > 0
    threshold = _best_f1(edge[stated], probability[stated], weight[stated])
    weights = [round(float(value), 3) for value in model.coef_[0]]
    rule = Rule(
        bias=round(float(model.intercept_[0]), 3),
        **dict(zip(("w_statement", "w_empty", "w_yes", "w_lead"), weights, strict=True)),
        calibration=calibration,
        threshold=round(threshold, 3),
        **_fit_sign(margins),
    )
    return {
        "rule": asdict(rule),
        "pairs": len(table),
        "edges": int(edge.sum()),
        "prevalence": float((edge * weight).sum() / weight.sum()),
        "auc": float(roc_auc_score(edge, probability, sample_weight=weight)),
        "direction_right": directions,
        "signs": len(margins),
        "sign_auc": float(roc_auc_score([up for _, up in margins], [margin for margin, _ in margins])),
    }


def _best_f1(edge: Any, probability: Any, weight: Any) -> float:
    precision, recall, thresholds = precision_recall_curve(edge, probability, sample_weight=weight)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[int(np.argmax(f1[:-1]))])


def _fit_sign(margins: Sequence[tuple[float, bool]]) -> dict[str, float]:
    """Logistic regression of "activation" on the margin between the two signs."""
    values, up = np.array([[margin] for margin, _ in margins]), np.array([is_up for _, is_up in margins])
    model = LogisticRegression(C=1.0).fit(values, up)
    return {"w_sign": round(float(model.coef_[0, 0]), 3), "sign_bias": round(float(model.intercept_[0]), 3)}


def _sample(gold: Sequence[GoldDocument], n: int, seed: int) -> list[GoldDocument]:
    chosen = np.random.default_rng(seed).permutation(len(gold))[:n]
    return [gold[i] for i in sorted(chosen)]


def _progress(total: int) -> Any:
    def tell(done: int) -> None:
        if done % 20 == 0 or done == total:
            sys.stderr.write(f"{done}/{total}\n")

    return tell


if __name__ == "__main__":
    main()
