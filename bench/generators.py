"""Every generator on every cohort at every epsilon: what its cells are good for, what tells them from real ones, cost.

    python -m bench.generators --data DIR --out runs.jsonl [--cohorts pbmc3k ...] [--methods grn_subspace ...]
    python -m bench.generators --out runs.jsonl --table

DIR holds `cohorts/` and `kb/`. A run is one method, cohort, epsilon and seed; each is a line of --out as soon as it is
done, and what has a line is not run again, so that the same command goes on where it was stopped. A seed splits the
cohort anew (.7 to train on, .3 held out), and seeds the privacy noise, which is honest only for cohorts that are public
anyway. Types with fewer records than the promise can protect are kept (`rare: keep`), and count in macro-F1.

    pbmc3k          2,638 cells of one donor, 9 types; donor A's unlabelled cells are public
    pbmc3k-alone    the same panel without any public cells
    symphony        1,200 cells of three batches, 9 types; donor A public
    kang            2,000 cells, of which half were stimulated: the condition is the label; donor A public

The panel is the 1,000 genes of highest dispersion among the public cells that the cohort has, normalised within twenty
bins of mean expression; the graph is CollecTRI. Figures are those of `prisyn audit`: accuracy and macro-F1 of a
classifier trained on synthetic cells and tested on the held-out ones, a forest's AUROC between both, squared MMD at the
median distance, the agreement of gene-gene correlations within types, and the same for real training cells beside them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import anndata
import numpy as np

from audit import AuditTarget, audit
from cohort import Cohort, split_cohort
from conditioned_gen import PrivateCohort, generator, methods
from grn_extract import read_database
from kg import GRN

DELTA = 1e-5
PANEL = 1_000
BINS = 20
KEY = ("cohort", "method", "epsilon", "seed")
MEASURED = ("accuracy", "f1", "auroc", "mmd2", "within", "fit_seconds")
COMPARED = ("accuracy", "f1", "mmd2", "within")
"""What real training cells reach, beside what synthetic ones do."""


@dataclass(frozen=True)
class Setting:
    """A private cohort and the public cells beside it, on one panel."""

    private: Cohort
    public: Cohort | None


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.generators", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cohorts", nargs="+", choices=COHORTS, default=list(COHORTS))
    parser.add_argument("--methods", nargs="+", default=[method.name for method in methods()])
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0, 2.0, 5.0, 10.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--table", action="store_true", help="only show what --out has")
    asked = parser.parse_args(arguments)
    if not asked.table:
        if asked.data is None:
            parser.error("--data: the folder of cohorts and knowledge bases")
        done = {tuple(row[name] for name in KEY) for row in _rows(asked.out)}
        for run in product(asked.cohorts, asked.methods, asked.epsilons, asked.seeds):
            if run not in done:
                row = dict(zip(KEY, run, strict=True)) | measure(asked.data, *run)
                with asked.out.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(row) + "\n")
                sys.stderr.write(json.dumps(row) + "\n")
    for line in table(list(_rows(asked.out))):
        print(line)


def measure(data: Path, cohort: str, method: str, epsilon: float, seed: int) -> dict[str, Any]:
    """Fit one method to one split, and measure what it makes."""
    setting = COHORTS[cohort](data)
    members, holdout = split_cohort(setting.private, fractions=(0.7, 0.3), seed=seed)
    private = PrivateCohort(members, epsilon=epsilon, delta=DELTA, types=setting.private.types, noise_seed=seed)
    start = time.perf_counter()
    fitted = generator(method).fit(private, grn=collectri(data), public=setting.public, seed=seed)
    seconds = time.perf_counter() - start
    synthetic = fitted.sample(seed=seed)
    metrics = ["tstr", "rf_auroc", "mmd", "correlation"]
    result = audit(AuditTarget(members, holdout, synthetic), seed=seed, attacks=["dcr"], metrics=metrics)
    scores = {score.key: score for metric in result.metrics for score in metric.scores}
    real = {f"real_{name}": _control(scores[name]) for name in COMPARED}
    found = {name: float(scores[name].estimate.point) for name in MEASURED if name in scores}
    return {**found, **real, "spent": round(fitted.ledger.epsilon, 4), "fit_seconds": round(seconds, 2)}


def _control(score: Any) -> float | None:
    return None if score.control is None else float(score.control.point)


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Mean and standard deviation over seeds, a line for each cohort, method and epsilon; real cells first."""
    yield "| cohort | trained on | epsilon | seeds | accuracy | macro-F1 | RF-AUROC | MMD^2 | within types | fit, s |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for cohort in dict.fromkeys(row["cohort"] for row in rows):
        here = [row for row in rows if row["cohort"] == cohort]
        splits = {row["seed"]: row for row in here}.values()
        real = [_spread([row.get(f"real_{name}") for row in splits]) if name in COMPARED else "" for name in MEASURED]
        yield f"| {cohort} | real cells | | {len(splits)} | {' | '.join(real)} |"
        for method, epsilon in sorted({(row["method"], row["epsilon"]) for row in here}):
            runs = [row for row in here if (row["method"], row["epsilon"]) == (method, epsilon)]
            values = " | ".join(_spread([run.get(name) for run in runs]) for name in MEASURED)
            yield f"| {cohort} | `{method}` | {epsilon:g} | {len(runs)} | {values} |"


def _spread(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    spread = statistics.stdev(known) if len(known) > 1 else 0.0
    return f"{statistics.mean(known):.3f} +- {spread:.3f}"


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def panel(private: Cohort, public: Cohort) -> list[str]:
    """The genes of both that are most dispersed among the public cells, for their mean."""
    shared = [gene for gene in private.genes if gene in set(public.genes)]
    values = public.select_genes(shared).log_normalised().toarray()
    mean = values.mean(axis=0)
    dispersion = np.where(mean < 0.01, 0.0, values.var(axis=0) / np.maximum(mean, 1e-9))
    bins = np.digitize(mean, np.quantile(mean, np.linspace(0, 1, BINS + 1)[1:-1]))
    for one in np.unique(bins):
        inside = dispersion[bins == one]
        middle = np.median(inside)
        dispersion[bins == one] = (inside - middle) / (np.median(np.abs(inside - middle)) + 1e-9)
    return [shared[place] for place in np.sort(np.argsort(-dispersion, kind="stable")[:PANEL])]


@cache
def collectri(data: Path) -> GRN:
    return GRN.from_evidence(read_database("collectri", data / "kb" / "collectri_human_decoupler.csv").evidence)


@cache
def setting(data: Path, file: str, label: str) -> Setting:
    private = Cohort(anndata.read_h5ad(data / "cohorts" / f"{file}.h5ad"), label=label)
    public = Cohort(anndata.read_h5ad(data / "cohorts" / "pbmc_donorA2896.h5ad"))
    genes = panel(private, public)
    return Setting(private.select_genes(genes), public.select_genes(genes))


COHORTS: dict[str, Callable[[Path], Setting]] = {
    "pbmc3k": lambda data: setting(data, "pbmc3k_2638", "cell_type"),
    "pbmc3k-alone": lambda data: Setting(setting(data, "pbmc3k_2638", "cell_type").private, None),
    "symphony": lambda data: setting(data, "pbmc_symphony1200", "cell_type"),
    "kang": lambda data: setting(data, "pbmc_kang2000", "condition"),
}


if __name__ == "__main__":
    main()
