"""Train the adapter of the embedded reader on annotated sentences, and choose its threshold.

Example: python -m grn_extract.training --gold data/gold --out adapter
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from grn_extract.adapter import CARD
from grn_extract.models import embedded_model_dir
from grn_extract.readers._network import PairNetwork
from grn_extract.readers.embedded import EmbeddedReader
from grn_extract.training.calibrate import choose_threshold
from grn_extract.training.examples import training_examples
from grn_extract.training.fit import Settings, fit_adapter
from prisyn_base import write_json


def main() -> None:
    """Train unless told that `--out` holds a trained adapter, then calibrate it."""
    parser = argparse.ArgumentParser(prog="python -m grn_extract.training", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--gold", type=Path, required=True, help="folder with extri2/ and ge2011_regulation_edges")
    parser.add_argument("--out", type=Path, required=True, help="folder of the adapter")
    parser.add_argument("--seed", type=int, default=0, help="of the first pass; each later one takes the next")
    parser.add_argument("--passes", type=int, default=1, help="over the examples, each with other negatives of GE")
    parser.add_argument("--start", type=Path, help="folder of an adapter to go on from")
    parser.add_argument("--learning-rate", type=float, default=Settings().learning_rate)
    parser.add_argument("--steps", type=int, help="at most so many batches")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--calibrate-only", action="store_true", help="--out is trained already")
    options = parser.parse_args()
    if not options.calibrate_only:
        network = PairNetwork(embedded_model_dir(), adapter=None, threads=options.threads)
        passes = [training_examples(options.gold, seed=options.seed + number) for number in range(options.passes)]
        settings = Settings(seed=options.seed, learning_rate=options.learning_rate, steps=options.steps)
        fit_adapter(network, passes, options.out, settings=settings, start=options.start, tell=_tell)
    _calibrate(options.out, options.gold, options.threads)


def _calibrate(folder: Path, gold: Path, threads: int) -> None:
    reader = EmbeddedReader(adapter=folder, threads=threads)
    threshold, figures = choose_threshold(reader, gold)
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    write_json(folder / CARD, card | {"threshold": threshold, "validation": figures})
    _tell(f"threshold {threshold}: {figures}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
