"""How often do we know which gene a name stands for? Measured on BioRED, and the speed of finding names.

    python -m bench.grounding Train.PubTator [--errors 50]

The resolver is developed on BioRED's Train file; the figure to quote is the Dev file's.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from grn_extract import read_gold
from grn_extract.grounding import SHARES, Grounding, evaluate_grounding
from kg import find_mentions, resolver


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.grounding", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("gold", type=Path, help="a BioRED file in PubTator's format")
    parser.add_argument("--errors", type=int, default=0, help="how many mistakes to list for each way of measuring")
    options = parser.parse_args(arguments)
    measured = evaluate_grounding(options.gold)
    for name, way in (("given spans", measured.given), ("own spans", measured.found)):
        _show(name, way, options.errors)
    sys.stdout.write(f"{measured.documents} abstracts, names found in {_rate(options.gold):.0f} abstracts a second\n")


def _show(name: str, way: Grounding, errors: int) -> None:
    for label in SHARES:
        share = getattr(way, label)
        low, high = share.ci
        sys.stdout.write(f"{name}\t{label}\t{share.value:.3f} ({low:.3f}-{high:.3f})\t{share.right} of {share.total}\n")
    for error in way.errors[:errors]:
        numbers = ",".join(error.numbers)
        sys.stdout.write(f"{error.document}\t{error.text}\t{numbers}\t{error.said or '-'}\t{error.reason[:120]}\n")


def _rate(gold: Path) -> float:
    texts = [item.document.text for item in read_gold(gold)]
    resolver()
    started = time.perf_counter()
    for text in texts:
        find_mentions(text)
    return len(texts) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
