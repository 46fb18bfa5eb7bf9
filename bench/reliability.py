"""How often is the embedded reader right, on text it was not trained on?

    python -m bench.reliability --gold ge2011_regulation_edges.jsonl.gz --write

The text is the development half of BioNLP-ST 2011 GE (Kim et al. 2011; CC BY 3.0), gene names given by its annotators;
the adapter is trained on the training half (`python -m grn_extract.training`). Prints what the reader gets beside
stating every pair, and with `--write` puts its precision into the table of reliabilities that beliefs are made from.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grn_extract import CooccurrenceReader, EmbeddedReader, GoldDocument, evaluate, read_gold
from kg import Reliability, write_reliability

Z95 = 1.959964


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reliability", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--gold", type=Path, required=True, help="ge2011_regulation_edges.jsonl.gz")
    parser.add_argument("--documents", type=int, help="so many documents of the development half, drawn by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="write the precision into the table of reliabilities")
    options = parser.parse_args(arguments)
    sys.stdout.write(json.dumps(measure(options), indent=2) + "\n")


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927)."""
    if n == 0:
        return (0.0, 1.0)
    p, z2 = right / n, Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (max(0.0, middle - half), min(1.0, middle + half))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The embedded reader on the development half, beside co-occurrence."""
    gold = _sample(read_gold(options.gold, split="devel"), options.documents, options.seed)
    started = time.perf_counter()
    found = evaluate(EmbeddedReader(), gold, seed=options.seed, progress=_progress(len(gold)))
    base = evaluate(CooccurrenceReader(), gold, seed=options.seed)
    right = round(found.precision * found.stated)
    low, high = wilson(right, found.stated)
    drawn = f" --documents {options.documents} --seed {options.seed}" if options.documents else ""
    command = f"python -m bench.reliability --gold {options.gold.name}{drawn}"
    data = f"BioNLP-ST 2011 GE, development half, {len(gold)} documents, gene names given"
    source = (
        f"measured precision {right}/{found.stated}, 95 % interval {low:.3f} to {high:.3f} (Wilson); "
        f"stating every co-mentioned ordered pair gives {base.precision:.3f}"
    )
    if options.write:
        write_reliability("embedded", Reliability(round(found.precision, 3), source, command, data, found.stated))
    return {
        "command": command,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seconds": round(time.perf_counter() - started, 1),
        "precision_interval": [low, high],
        "embedded": found.to_json(),
        "cooccurrence": base.to_json(),
        "written": bool(options.write),
    }


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
