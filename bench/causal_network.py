"""The causal network on GRouNdGAN's ground: what it costs, and whether a forest tells its cells from real ones.

    python -m bench.causal_network scale --out scale.jsonl
    python -m bench.causal_network realism --data DIR --out realism.jsonl [--seeds 0 1 2 3 4]
    python -m bench.causal_network table --out FILE

`scale` trains for 20 batches of 256 cells (random counts: only their size matters) under graphs of 1,000 genes with 2
to 30 regulators a target, each in a process of its own: processor seconds of the least disturbed batch, and the peak
memory less what the same process holds before it trains. 63 regulators, 937 targets and 15 regulators a target are
GRouNdGAN's default (Zinati et al. 2024), whose masked layers are dense: 2 x (15 + 1) hidden units a target make 29,984
x 29,984 numbers, 3.6 GB a layer before gradients.

`realism` splits pbmc3k anew by each seed (.7 to train on), takes the 63 transcription factors and 937 other genes that
are most dispersed among the training cells, infers 15 regulators a target from those cells (gradient boosted trees),
trains `grn_causal` with nothing promised, and draws as many cells. AUROC is that of `prisyn audit`'s forest, synthetic
against held-out cells, beside that of real training cells against the same. DIR holds `cohorts/` and `names/`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import scipy.sparse as sp

from audit.metrics.rf_auroc import separation
from bench.graphs import factors, inferred, spread
from cohort import Cohort, split_cohort
from conditioned_gen import PrivateCohort, generator
from conditioned_gen.networks import EdgeArrays
from conditioned_gen.networks.training import Training, train

REGULATORS = 63
TARGETS = 937
BEST = 15
DEGREES = (2, 5, 10, 15, 20, 30)
STEPS = 20
CELLS = 2_000
DENSE_BYTES = 4 * (2 * (BEST + 1) * TARGETS) ** 2


def main(arguments: Sequence[str] | None = None) -> None:
    first_line = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m bench.causal_network", description=first_line)
    parser.add_argument("part", choices=["scale", "realism", "table", "one"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--degree", type=int, default=BEST, help="of `one`: regulators a target")
    asked = parser.parse_args(arguments)
    if asked.part == "one":
        print(json.dumps(cost(asked.degree)))
        return
    if asked.out is None or (asked.part == "realism" and asked.data is None):
        parser.error("--out: the file of results; realism also needs --data")
    if asked.part == "scale":
        for degree in DEGREES:
            _write(asked.out, _alone(degree))
    if asked.part == "realism":
        done = {row["seed"] for row in _rows(asked.out)}
        for seed in [seed for seed in asked.seeds if seed not in done]:
            _write(asked.out, realism(asked.data, seed))
    for line in table(_rows(asked.out)):
        print(line)


def cost(degree: int) -> dict[str, Any]:
    """Seconds a batch and memory of training under `degree` regulators a target, in this process."""
    rng = np.random.default_rng(0)
    genes = REGULATORS + TARGETS
    regulators = np.concatenate([rng.permutation(REGULATORS)[:degree] for _ in range(TARGETS)]).astype(np.intp)
    targets = np.repeat(np.arange(REGULATORS, genes), degree)
    edges = EdgeArrays(genes, regulators, targets, np.zeros(len(targets)), np.ones(len(targets)))
    counts = sp.csr_matrix(rng.poisson(0.2, (CELLS, genes)).astype(np.float32))
    codes = np.zeros(CELLS, dtype=np.intp)
    train(counts, codes, edges, types=1, settings=Training(steps=0), seed=0)
    before = _peak()
    times = [time.process_time()]
    settings = Training(steps=STEPS)
    train(
        counts, codes, edges, types=1, settings=settings, seed=0, progress=lambda *_: times.append(time.process_time())
    )
    return {
        "degree": degree,
        "edges": len(edges),
        "seconds_a_batch": round(float(np.diff(times)[1:].min()), 4),
        "training_mib": round((_peak() - before) / 2**20),
        "process_mib": round(_peak() / 2**20),
    }


def _alone(degree: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.causal_network", "one", "--degree", str(degree)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def realism(data: Path, seed: int) -> dict[str, Any]:
    """Train on one split of pbmc3k with nothing promised, and ask a forest."""
    whole = Cohort(anndata.read_h5ad(data / "cohorts" / "pbmc3k_2638.h5ad"), label="cell_type")
    members, holdout = split_cohort(whole, fractions=(0.7, 0.3), seed=seed)
    genes = panel(members, factors(data))
    members, holdout = members.select_genes(genes), holdout.select_genes(genes)
    start = time.perf_counter()
    grn = inferred(members, factors(data), best=BEST, seed=seed)
    inferring = time.perf_counter() - start
    private = PrivateCohort(members, epsilon=float("inf"), delta=1e-5, types=whole.types)
    start, work = time.perf_counter(), time.process_time()
    fitted = generator("grn_causal").fit(private, grn=grn, seed=seed)
    seconds, work = time.perf_counter() - start, time.process_time() - work
    synthetic = fitted.sample(seed=seed)
    rng = np.random.default_rng(seed)
    some, real, other = (_some(cohort, len(holdout), rng) for cohort in (synthetic, holdout, members))
    return {
        "seed": seed,
        "edges": len(grn),
        "auroc": separation(some, real, seed=seed).point,
        "real_auroc": separation(other, real, seed=seed).point,
        "inference_seconds": round(inferring),
        "fit_seconds": round(seconds),
        "fit_processor_seconds": round(work),
        "process_mib": round(_peak() / 2**20),
    }


def panel(cells: Cohort, regulators: frozenset[str]) -> list[str]:
    """The 63 regulators and 937 other genes of highest variance over mean among `cells`, seen in .5 % of counts."""
    values = cells.log_normalised().toarray()
    mean = values.mean(axis=0)
    dispersion = np.where(mean < 0.005, 0.0, values.var(axis=0) / np.maximum(mean, 1e-9))
    order = [cells.genes[place] for place in np.argsort(-dispersion, kind="stable")]
    known = [gene for gene in order if gene in regulators][:REGULATORS]
    return known + [gene for gene in order if gene not in regulators][:TARGETS]


def _some(cohort: Cohort, size: int, rng: np.random.Generator) -> Any:
    return cohort.subset(rng.permutation(len(cohort))[:size]).log_normalised().toarray()


def _peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Costs by edges with a straight line through them, or realism by seed with mean and spread."""
    if rows and "degree" in rows[0]:
        yield "| regulators a target | edges | seconds a batch | training, MiB | whole process, MiB |"
        yield "|---|---|---|---|---|"
        for row in rows:
            yield (
                f"| {row['degree']} | {row['edges']:,} | {row['seconds_a_batch']:.3f} | {row['training_mib']} "
                f"| {row['process_mib']} |"
            )
        edges = np.array([row["edges"] for row in rows], dtype=float)
        for name in ("seconds_a_batch", "training_mib"):
            values = np.array([row[name] for row in rows], dtype=float)
            slope, start = np.polyfit(edges, values, 1)
            fit = np.corrcoef(edges, values)[0, 1] ** 2
            yield f"{name}: {start:.3g} + {slope * 1e3:.3g} a thousand edges, R2 {fit:.3f}"
        yield f"a dense mask of one hidden layer would take {DENSE_BYTES / 1e9:.1f} GB"
        return
    yield "| seeds | AUROC, synthetic | AUROC, real | fit, seconds | processor seconds | whole process, MiB |"
    yield "|---|---|---|---|---|---|"
    names = ("auroc", "real_auroc", "fit_seconds", "fit_processor_seconds", "process_mib")
    yield f"| {len(rows)} | " + " | ".join(spread([row[name] for row in rows]) for name in names) + " |"


def _write(path: Path, row: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")
    sys.stderr.write(json.dumps(row) + "\n")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


if __name__ == "__main__":
    main()
