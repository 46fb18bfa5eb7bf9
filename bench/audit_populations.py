"""How often planted populations are found, and how often they are "found" where all records are real.

    python -m bench.audit_populations --seeds 10
    python -m bench.audit_populations --seeds 5 --data pbmc3k.h5ad --label cell_type

For each seed real cells are split anew into members, non-members and a third part that plays the synthetic set. It is
audited as it is (nothing may be found), and with one thing planted: in 5 % of its cells one half of the genes from each
of two types, drawn once from the pairs of types whose mean profiles are farther apart than the median pair and once
from the others; the rarest type with at least 12 cells left out; a type told over and over from three of its cells.
Without --data the cells are the 700 of scanpy's package.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from audit import METRICS, AuditTarget, MetricView
from audit.metrics import Measured
from audit.statistics import clopper_pearson
from cohort import Cohort, make_cohort, pbmc68k, read_cohort, split_cohort

NAMES = ("hallucinated", "lost", "mode_collapse")
PART = 0.05
REDRAWN = 0.1
PROTOTYPES = 3
FEWEST = 12


def halves(cells: Cohort, first: str, second: str, *, part: float, seed: int) -> Cohort:
    """`cells` of which the first `part` is replaced by mixtures: one half of the genes from either type."""
    rng = np.random.default_rng(seed)
    counts, labels = cells.counts.toarray(), cells.labels.copy()
    made = round(part * len(counts))
    sides = [counts[rng.choice(np.flatnonzero(cells.labels == kind), made)] for kind in (first, second)]
    of_first = rng.permutation(counts.shape[1]) < counts.shape[1] // 2
    counts[:made], labels[:made] = np.where(of_first, *sides), first
    return _cohort(cells, counts, labels)


def without(cells: Cohort, kind: str) -> Cohort:
    """`cells` without one type."""
    return cells.subset(cells.labels != kind)


def collapsed(cells: Cohort, kind: str, *, seed: int) -> Cohort:
    """`cells` whose records of one type are three of them told over and over, a tenth of their counts drawn anew."""
    rng = np.random.default_rng(seed)
    counts = cells.counts.toarray()
    rows = np.flatnonzero(cells.labels == kind)
    told = counts[rng.choice(rng.choice(rows, PROTOTYPES, replace=False), len(rows))].astype(np.int64)
    counts[rows] = rng.binomial(told, 1 - REDRAWN) + rng.poisson(REDRAWN * told)
    return _cohort(cells, counts, cells.labels)


def _cohort(cells: Cohort, counts: Any, labels: Any) -> Cohort:
    return make_cohort(counts, genes=cells.genes, labels=labels.tolist(), label=str(cells.label))


def main(arguments: Sequence[str] | None = None) -> None:
    first_line = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m bench.audit_populations", description=first_line)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--label", default="cell_type")
    parser.add_argument("--unlabelled", action="store_true", help="audit without the types")
    options = parser.parse_args(arguments)
    cells = pbmc68k() if options.data is None else read_cohort(options.data, label=options.label)
    runs: list[dict[str, Any]] = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for run in plant_and_look(cells, seed, labelled=not options.unlabelled):
            runs.append(run)
            sys.stderr.write(json.dumps(run) + "\n")
    said = sys.argv[1:] if arguments is None else arguments
    report = {
        "command": " ".join(["python -m bench.audit_populations", *map(str, said)]),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "cells": repr(cells),
        "summary": summary(runs),
        "runs": runs,
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def plant_and_look(cells: Cohort, seed: int, *, labelled: bool) -> list[dict[str, Any]]:
    """One split with each of the plants, and with none."""
    rng = np.random.default_rng(seed)
    members, nonmembers, third = split_cohort(cells, fractions=(0.3, 0.2, 0.5), seed=seed)
    sizes = {kind: int((third.labels == kind).sum()) for kind in third.types}
    known = [kind for kind, size in sizes.items() if size >= FEWEST]
    near, far = pairs(third, known)
    related, unlike = (some[int(rng.integers(len(some)))] for some in (near, far))
    rare, common = min(known, key=lambda kind: sizes[kind]), str(rng.choice(known))
    plants: dict[str, tuple[str, Callable[[], Cohort]]] = {
        "nothing": ("", lambda: third),
        "hallucinated": (" + ".join(unlike), lambda: halves(third, *unlike, part=PART, seed=seed)),
        "hallucinated, related": (" + ".join(related), lambda: halves(third, *related, part=PART, seed=seed)),
        "lost": (rare, lambda: without(third, rare)),
        "mode_collapse": (common, lambda: collapsed(third, common, seed=seed)),
    }
    found = []
    for plant, (what, make) in plants.items():
        sets = [members, nonmembers, make()]
        start = time.perf_counter()
        shares = look(AuditTarget(*(sets if labelled else [Cohort(part.adata) for part in sets])), seed)
        seconds = round(time.perf_counter() - start, 1)
        found.append({"seed": seed, "planted": plant, "what": what, "found": shares, "seconds": seconds})
    return found


def pairs(cells: Cohort, kinds: Sequence[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The pairs of types whose mean log-normalised profiles are nearer than the median pair's, and the others."""
    values = cells.log_normalised().toarray()
    means = {kind: values[cells.labels == kind].mean(axis=0) for kind in kinds}
    ordered = sorted(combinations(kinds, 2), key=lambda pair: float(np.linalg.norm(means[pair[0]] - means[pair[1]])))
    return ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]


def look(target: AuditTarget, seed: int) -> dict[str, float]:
    """The shares of records that each of the three metrics reports."""
    view = MetricView(target, seed)
    return {name: share(METRICS[name].measure(view)) for name in NAMES}


def share(measured: Measured) -> float:
    """The share that a metric reports."""
    return next((score.estimate.point for score in measured.scores if score.key == "share"), 0.0)


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """By what was planted: how often each metric found something, with exact 95 % intervals."""
    rates = {}
    for plant in dict.fromkeys(run["planted"] for run in runs):
        of = [run["found"] for run in runs if run["planted"] == plant]
        counts = {name: sum(found[name] > 0 for found in of) for name in NAMES}
        rates[plant] = {n: dataclasses.asdict(clopper_pearson(c, len(of))) for n, c in counts.items()}
    return rates


if __name__ == "__main__":
    main()
