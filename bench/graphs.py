"""Does the graph earn its keep? The same generator under graphs of different worth, and under none.

    python -m bench.graphs --data DIR --out graphs.jsonl [--methods grn_subspace] [--epsilons 1 5 10] [--seeds 0 1 2]
    python -m bench.graphs --out graphs.jsonl --table

DIR holds `cohorts/`, `kb/` and `names/`. The private cells are pbmc3k's, split anew by each seed (.7 to train on), the
public ones donor A's, the panel that of `bench.generators`. A run is a method, with or without public cells, a graph,
an epsilon and a seed; each is a line of --out as soon as it is done, and what has a line is not run again.

    collectri    signed, curated from the literature and databases
    dorothea     levels A to C
    boosted      inferred from the public cells: gradient boosted trees for each gene on the panel's transcription
                 factors, of which the 5 most important are kept (as GRNBoost2; Moerman et al. 2019); unsigned
    random       collectri with targets swapped at random: every gene keeps its numbers of regulators and targets
    none         no edge at all

Figures are those of `prisyn audit`: accuracy and macro-F1 of a classifier trained on synthetic cells, a forest's AUROC
between synthetic and real, and how far correlations within types agree with real cells'. Beside each mean
stands its difference from no graph, paired by seed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.metrics import f1_score

from audit.metrics._types import classify
from audit.metrics.correlation import FEATURES, agreement
from audit.metrics.rf_auroc import separation
from bench.generators import DELTA, Setting, collectri, setting
from cohort import Cohort, split_cohort
from conditioned_gen import PrivateCohort, generator
from grn_extract import read_database
from kg import GRN, Edge, Effect, Evidence, Gene, Provenance, SourceKind

Floats = npt.NDArray[np.float64]
KEY = ("method", "public", "graph", "epsilon", "seed")
MEASURED = ("accuracy", "f1", "auroc", "within")
BEST = 5
TREES = 25
CELLS = 600


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.graphs", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=["grn_subspace"])
    parser.add_argument("--public", nargs="+", choices=["yes", "no"], default=["yes", "no"])
    parser.add_argument("--graphs", nargs="+", choices=GRAPHS, default=list(GRAPHS))
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0, 5.0, 10.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--table", action="store_true", help="only show what --out has")
    asked = parser.parse_args(arguments)
    if not asked.table:
        if asked.data is None:
            parser.error("--data: the folder of cohorts, knowledge bases and names")
        done = {tuple(row[name] for name in KEY) for row in _rows(asked.out)}
        for seed, *rest in product(asked.seeds, asked.methods, asked.public, asked.graphs, asked.epsilons):
            run = (*rest, seed)
            if run not in done:
                row = dict(zip(KEY, run, strict=True)) | measure(asked.data, *run)
                with asked.out.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(row) + "\n")
                sys.stderr.write(json.dumps(row) + "\n")
    for line in table(list(_rows(asked.out))):
        print(line)


def measure(data: Path, method: str, public: str, graph: str, epsilon: float, seed: int) -> dict[str, Any]:
    """Fit one method under one graph to one split, and measure what it makes."""
    cells = _cells(data)
    members, holdout = split_cohort(cells.private, fractions=(0.7, 0.3), seed=seed)
    grn = GRAPHS[graph](data, seed)
    private = PrivateCohort(members, epsilon=epsilon, delta=DELTA, types=cells.private.types, noise_seed=seed)
    start = time.perf_counter()
    fitted = generator(method).fit(private, grn=grn, public=cells.public if public == "yes" else None, seed=seed)
    seconds = time.perf_counter() - start
    found = figures(fitted.sample(seed=seed), holdout, seed=seed)
    return found | {"edges": len(grn), "fit_seconds": round(seconds, 2)}


def figures(synthetic: Cohort, holdout: Cohort, *, seed: int) -> dict[str, float]:
    """The audit's figures without intervals and controls, which are most of their cost."""
    made, real = (np.asarray(cohort.log_normalised().toarray()) for cohort in (synthetic, holdout))
    said = classify(made, synthetic.labels, real)
    rng = np.random.default_rng(seed)
    size = min(len(made), len(real))
    one, other = (rng.permutation(len(values))[:size] for values in (made, real))
    kept = np.argsort(-real.var(axis=0), kind="stable")[:FEATURES]
    within = [
        rankdata(less_type(values[:, kept], cohort.labels), axis=0)
        for values, cohort in ((made, synthetic), (real, holdout))
    ]
    return {
        "accuracy": float(np.mean(said == holdout.labels)),
        "f1": float(f1_score(holdout.labels, said, average="macro", labels=np.unique(holdout.labels))),
        "auroc": separation(made[one], real[other], seed=seed).point,
        "within": agreement(*within),
    }


def less_type(values: Floats, labels: npt.NDArray[np.str_]) -> Floats:
    """Values less the mean of their type."""
    rest = values.astype(np.float64)
    for kind in np.unique(labels):
        rest[labels == kind] -= rest[labels == kind].mean(axis=0)
    return rest


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Mean and standard deviation over seeds, and the paired difference from no graph with its standard error."""
    columns = (
        "method",
        "public cells",
        "epsilon",
        "graph",
        "seeds",
        "accuracy",
        "macro-F1",
        "RF-AUROC",
        "within types",
    )
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for method, public, epsilon in sorted({(row["method"], row["public"], row["epsilon"]) for row in rows}):
        here = [row for row in rows if (row["method"], row["public"], row["epsilon"]) == (method, public, epsilon)]
        base = {row["seed"]: row for row in here if row["graph"] == "none"}
        for graph in [name for name in GRAPHS if any(row["graph"] == name for row in here)]:
            runs = [row for row in here if row["graph"] == graph]
            values = " | ".join(_shown(name, runs, base) for name in MEASURED)
            yield f"| `{method}` | {public} | {epsilon:g} | {graph} | {len(runs)} | {values} |"


def _shown(name: str, runs: list[dict[str, Any]], base: dict[int, dict[str, Any]]) -> str:
    shown = spread([run[name] for run in runs])
    gains = [run[name] - base[run["seed"]][name] for run in runs if run["seed"] in base]
    if runs[0]["graph"] == "none" or not gains:
        return shown
    return f"{shown} ({statistics.mean(gains):+.3f}, s.e. {_deviation(gains) / len(gains) ** 0.5:.3f})"


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation."""
    return f"{statistics.mean(values):.3f} +- {_deviation(values):.3f}"


def _deviation(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _cells(data: Path) -> Setting:
    return setting(data, "pbmc3k_2638", "cell_type")


@cache
def factors(data: Path) -> frozenset[str]:
    """Symbols of human transcription factors."""
    return frozenset((data / "names" / "human_TFs_grnndata.txt").read_text(encoding="utf-8").split())


@cache
def dorothea(data: Path) -> GRN:
    return GRN.from_evidence(read_database("dorothea", data / "kb" / "grn_dorothea_hs_ABC.tsv.gz").evidence)


@cache
def boosted(data: Path) -> GRN:
    cells = _cells(data)
    assert cells.public is not None
    return inferred(cells.public, factors(data), best=BEST, seed=0)


def inferred(cells: Cohort, regulators: frozenset[str], *, best: int, seed: int) -> GRN:
    """For each gene that is no regulator, the `best` most important regulators among the cells' genes.

    Importance in gradient boosted trees of depth 3 on a tenth of the regulators at each split, on at most 600 cells.
    """
    from sklearn.ensemble import GradientBoostingRegressor

    rows = np.random.default_rng(seed).permutation(len(cells))[:CELLS]
    values = np.asarray(cells.subset(np.sort(rows)).log_normalised().toarray())
    known = [place for place, gene in enumerate(cells.genes) if gene in regulators]
    evidence = []
    for target in [place for place in range(len(cells.genes)) if place not in set(known)]:
        trees = GradientBoostingRegressor(
            n_estimators=TREES, max_depth=3, max_features=0.1, subsample=0.9, random_state=seed
        )
        importance = trees.fit(values[:, known], values[:, target]).feature_importances_
        chosen = [place for place in np.argsort(-importance, kind="stable")[:best] if importance[place] > 0]
        evidence += [_said(cells.genes[known[place]], cells.genes[target]) for place in chosen]
    return GRN.from_evidence(evidence)


def _said(regulator: str, target: str) -> Evidence:
    genes = [Gene(f"SYMBOL:{symbol}", symbol, "human") for symbol in (regulator, target)]
    quote = f"{regulator}\t{target}"
    provenance = Provenance("inferred")
    document = f"inferred:{regulator}>{target}"
    return Evidence(*genes, Effect.UNKNOWN, document, quote, provenance, kind=SourceKind.DATABASE, paper=document)


@cache
def _in_panel(data: Path) -> GRN:
    """CollecTRI's edges into the panel: those of which a generator can see anything."""
    panel = set(_cells(data).private.genes)
    grn = collectri(data)
    return grn.of(e for e in grn.edges() if e.target.symbol in panel and e.regulator.curie != e.target.curie)


def rewired(grn: GRN, *, seed: int) -> GRN:
    """The graph with targets of pairs of edges swapped, ten times as often as there are edges.

    Each regulator keeps its number of targets and their evidence and signs, and each target its number of regulators.
    Swaps that would make an edge twice, or a gene regulate itself, are left out.
    """
    edges = list(grn.edges())
    targets = [edge.target for edge in edges]
    pairs = {(edge.regulator.curie, edge.target.curie) for edge in edges}
    rng = np.random.default_rng(seed)
    for one, other in rng.integers(len(edges), size=(10 * len(edges), 2)).tolist():
        old = {(edges[i].regulator.curie, targets[i].curie) for i in (one, other)}
        new = {(edges[one].regulator.curie, targets[other].curie), (edges[other].regulator.curie, targets[one].curie)}
        if len(new) == len(old) == 2 and not new & pairs and all(source != sink for source, sink in new):
            targets[one], targets[other] = targets[other], targets[one]
            pairs -= old
            pairs |= new
    return GRN.from_evidence(item for edge, target in zip(edges, targets, strict=True) for item in _moved(edge, target))


def _moved(edge: Edge, target: Gene) -> Iterator[Evidence]:
    return (replace(item, target=target) for item in edge.evidence)


GRAPHS: dict[str, Callable[[Path, int], GRN]] = {
    "collectri": lambda data, seed: collectri(data),
    "dorothea": lambda data, seed: dorothea(data),
    "boosted": lambda data, seed: boosted(data),
    "random": lambda data, seed: rewired(_in_panel(data), seed=seed),
    "none": lambda data, seed: GRN.from_evidence([]),
}


if __name__ == "__main__":
    main()
