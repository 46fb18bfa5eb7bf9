"""Train the adapter of the embedded reader on annotated sentences.

Example: python -m grn_extract.training --gold data/gold --out adapter
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from grn_extract.models import embedded_model_dir
from grn_extract.readers._network import PairNetwork
from grn_extract.training.examples import training_examples
from grn_extract.training.fit import Settings, fit_adapter


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m grn_extract.training", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--gold", type=Path, required=True, help="folder with extri2/ and ge2011_regulation_edges")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the adapter to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    examples = training_examples(options.gold, seed=options.seed)
    network = PairNetwork(embedded_model_dir(), adapter=None, threads=options.threads)
    tell = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    fit_adapter(network, examples, options.out, settings=Settings(seed=options.seed), tell=tell)


if __name__ == "__main__":
    main()
