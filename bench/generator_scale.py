"""What the flagship costs: seconds of processor to fit and to sample, and peak memory, against cells, genes and edges.

    python -m bench.generator_scale [--cells 10000 30000 100000] [--genes 1000 5000] [--edges 10000] [--out FILE]

Each size runs in a process of its own, on simulated cells: 10 types, a twentieth of the counts positive, a random graph
of so many edges among the genes, epsilon 5, no public cells. Peak memory includes the interpreter and the simulated
cohort itself.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from cohort import Cohort, make_cohort
from conditioned_gen import PrivateCohort, generator
from kg import GRN, Effect, Evidence, Gene, Provenance, SourceKind

TYPES = 10
DENSITY = 0.05
_ROWS = 5000


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.generator_scale", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--cells", nargs="+", type=int, default=[10_000, 30_000, 100_000])
    parser.add_argument("--genes", nargs="+", type=int, default=[1_000, 5_000])
    parser.add_argument("--edges", nargs="+", type=int, default=[10_000])
    parser.add_argument("--out", type=Path, help="add a line of JSON for each size")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.one:
        print(json.dumps(measure(asked.cells[0], asked.genes[0], asked.edges[0])))
        return
    print("| cells | genes | edges | fit, s | sample, s | peak, GiB |")
    print("|---|---|---|---|---|---|")
    for cells, genes, edges in product(asked.cells, asked.genes, asked.edges):
        command = [sys.executable, "-m", "bench.generator_scale", "--one"]
        command += ["--cells", str(cells), "--genes", str(genes), "--edges", str(edges)]
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        row = json.loads(line)
        if asked.out is not None:
            with asked.out.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")
        print(f"| {cells:,} | {genes:,} | {edges:,} | {row['fit']:.1f} | {row['sample']:.1f} | {row['peak']:.2f} |")


def measure(cells: int, genes: int, edges: int) -> dict[str, float]:
    """Seconds of processor to fit and to draw as many cells again, and the process's peak memory in GiB."""
    cohort, grn = simulated(cells, genes), graph(genes, edges)
    private = PrivateCohort(cohort, epsilon=5, delta=1e-7, types=cohort.types, noise_seed=0)
    start = time.process_time()
    fitted = generator("grn_subspace").fit(private, grn=grn, seed=0)
    middle = time.process_time()
    drawn = fitted.sample(cells, seed=0)
    end = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "cells": cells,
        "genes": genes,
        "edges": edges,
        "drawn": len(drawn),
        "fit": middle - start,
        "sample": end - middle,
        "peak": peak,
    }


def simulated(cells: int, genes: int) -> Cohort:
    """Cells of ten types around gamma profiles, of which about a twentieth of the counts are positive."""
    rng = np.random.default_rng(0)
    profiles = rng.gamma(0.3, 1.0, (TYPES, genes))
    profiles *= DENSITY * 2 / profiles.mean()
    codes = rng.integers(TYPES, size=cells)
    parts = [
        sp.csr_matrix(rng.poisson(profiles[codes[start : start + _ROWS]]).astype(np.float32))
        for start in range(0, cells, _ROWS)
    ]
    return make_cohort(sp.vstack(parts), genes=_names(genes), labels=[f"type {code}" for code in codes])


def graph(genes: int, edges: int) -> GRN:
    """So many edges between random genes of the panel, a tenth of them regulators."""
    rng = np.random.default_rng(1)
    names = [Gene(f"X:{name}", name, "human") for name in _names(genes)]
    regulators = rng.integers(max(genes // 10, 1), size=edges)
    targets = rng.integers(genes, size=edges)
    return GRN.from_evidence(
        Evidence(
            names[regulator],
            names[target],
            Effect.ACTIVATION,
            document=f"table:{row}",
            quote="simulated",
            provenance=Provenance("simulation"),
            kind=SourceKind.DATABASE,
            paper=f"PMID:{row}",
        )
        for row, (regulator, target) in enumerate(zip(regulators, targets, strict=True))
        if regulator != target
    )


def _names(genes: int) -> list[str]:
    return [f"GENE{place}" for place in range(genes)]


if __name__ == "__main__":
    main()
