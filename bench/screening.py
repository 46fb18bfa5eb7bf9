"""How much does the screen spare, and what does it lose?

    python -m bench.screening --gold FILE [--gold FILE ...] [--split devel]
    python -m bench.screening --corpus pubmed.xml.gz

With answers (`--gold`): of the gold pairs that stand in a passage, how many the screen keeps, and how many fewer
questions are asked. Three baselines, each what is asked without a screen: a question a sentence of the whole text,
a question a passage (a sentence with two genes, or two that lean on each other), a question an ordered pair.
Intervals are 95 % bootstraps over documents. Without answers (`--corpus`): the shares screened out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grn_extract import (
    Document,
    could_state_regulation,
    find_candidates,
    find_passages,
    read_documents,
    read_gold,
    split_sentences,
)
from grn_extract.evaluate import RESAMPLES
from grn_extract.gold import Pair

COLUMNS = ("sentences", "passages", "passages_kept", "pairs", "pairs_kept", "edges", "edges_kept", "edges_in_passages")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.screening", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--gold", type=Path, action="append", default=[])
    parser.add_argument("--split", help="keep this half of files that have halves")
    parser.add_argument("--corpus", type=Path, action="append", default=[])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    report: dict[str, Any] = {}
    for path in options.gold:
        items = read_gold(path)
        if any(item.split for item in items):
            items = [item for item in items if options.split is None or item.split == options.split]
        texts = [(item.document, _pairs(item.edges, item.directed)) for item in items]
        report[path.name] = _report(texts, options.seed)
    for path in options.corpus:
        report[path.name] = _report([(document, frozenset()) for document in read_documents(path)], options.seed)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def _pairs(edges: Sequence[Any], directed: bool) -> frozenset[Pair]:
    """The gold pairs; an undirected one is kept by either order, so it is listed in the order of its genes."""
    return frozenset(_key((edge.regulator, edge.target), directed) for edge in edges)


def _key(pair: Pair, directed: bool) -> Pair:
    return pair if directed else (min(pair), max(pair))


def _report(texts: Sequence[tuple[Document, frozenset[Pair]]], seed: int) -> dict[str, Any]:
    table = np.array([_count(document, edges) for document, edges in texts], dtype=np.float64)
    total = table.sum(axis=0)
    rng = np.random.default_rng(seed)
    drawn = np.stack([table[rng.integers(len(table), size=len(table))].sum(axis=0) for _ in range(RESAMPLES)])
    return {
        "documents": len(texts),
        **{name: int(value) for name, value in zip(COLUMNS, total, strict=True)},
        "recall_of_edges_in_passages": _ratio(total, drawn, "edges_kept", "edges_in_passages"),
        "fewer_calls_a_sentence": _ratio(total, drawn, "sentences", "passages_kept"),
        "fewer_calls_a_passage": _ratio(total, drawn, "passages", "passages_kept"),
        "fewer_calls_a_pair": _ratio(total, drawn, "pairs", "pairs_kept"),
    }


def _ratio(total: Any, drawn: Any, above: str, below: str) -> list[float] | None:
    """The ratio and its interval; None where nothing is counted below."""
    one, other = COLUMNS.index(above), COLUMNS.index(below)
    if not total[other]:
        return None
    low, high = np.quantile(drawn[:, one] / np.maximum(drawn[:, other], 1), (0.025, 0.975))
    return [round(float(value), 4) for value in (total[one] / total[other], low, high)]


def _count(document: Document, edges: frozenset[Pair]) -> tuple[int, ...]:
    passages = find_passages(document)
    kept = [passage for passage in passages if could_state_regulation(passage.text)]
    spoken, asked = ([_asked(p) for p in group] for group in (passages, kept))
    in_passages = edges & {key for pairs in spoken for pair in pairs for key in (pair, _key(pair, False))}
    in_kept = edges & {key for pairs in asked for pair in pairs for key in (pair, _key(pair, False))}
    return (
        len(split_sentences(document.text)),
        len(passages),
        len(kept),
        sum(map(len, spoken)),
        sum(map(len, asked)),
        len(edges),
        len(in_kept),
        len(in_passages),
    )


def _asked(passage: Any) -> list[Pair]:
    return [(pair.regulator.gene.curie, pair.target.gene.curie) for pair in find_candidates(passage)]


if __name__ == "__main__":
    main()
