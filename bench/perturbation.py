"""Does do() on the interferon regulators move the genes that interferon moves, and the right way?

    python -m bench.perturbation --data DIR --out perturbation.jsonl [--rewired 20] [--steps 150] [--seed 0]
    python -m bench.perturbation --out perturbation.jsonl --table

DIR holds `cohorts/` and `kb/`. `grn_causal`, with nothing promised, is trained on the 1,000 control cells of kang
(8 clusters stand for types), under CollecTRI. Then STAT1, STAT2, IRF9, IRF1 and IRF7 are held at the folds that
interferon-beta gave them in the 1,000 stimulated cells, at most 8; these five numbers are all that the model is told of
the stimulated cells. The panel is every gene of the graph that at least 10 control cells show.

Response genes are those of the panel, but for the five, whose log-normalised mean differs between control and treated
cells (Welch's t, 5 % false discoveries) by more than .25. Predicted is the log fold of a gene's mean between cells
drawn with and without do(), by the same seed, so that genes that are not reached do not change at all.

    signs       of response genes that move in the prediction at all, those that go the measured way
    direct      the same among the five's own targets
    moved       response genes that move in the prediction
    spearman    rank correlation of predicted and measured differences over all response genes, moved or not
    moved more  AUROC: do response genes move further than the panel's other genes?

Beside CollecTRI stand the same graph untrained (the prior alone), graphs with its targets swapped at random (every gene
keeps its numbers of regulators and targets, every regulator its signs), and no graph, under which nothing moves. Each
graph is a line of --out. Intervals are 95 % percentile bootstraps over response genes; the number of rewired graphs
that do as well gives a permutation p-value, (1 + as good) / (1 + rewired).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from audit.metrics.markers import FDR, differences
from bench.generators import collectri
from bench.graphs import rewired
from cohort import Cohort, make_cohort
from conditioned_gen import PrivateCohort
from conditioned_gen.generators.grn_causal import GrnCausal, clusters
from conditioned_gen.networks import edges_within
from conditioned_gen.networks.training import Training
from kg import GRN

Floats = npt.NDArray[np.float64]
REGULATORS = ("STAT1", "STAT2", "IRF9", "IRF1", "IRF7")
MOST_FOLD = 8.0
LEAST_CHANGE = 0.25
CLUSTERS = 8
SHOWN_BY = 10
DRAWN = 2_000
RESAMPLES = 2_000
SCORES = ("signs", "direct", "moved", "spearman", "moved_more")


@dataclass(frozen=True)
class Experiment:
    """Control cells with clusters as types, measured differences (g,), response genes (g,), folds of regulators."""

    control: Cohort
    change: Floats
    response: npt.NDArray[np.bool_]
    folds: dict[str, float]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.perturbation", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rewired", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first rewired graph, to share them out")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--table", action="store_true", help="only show what --out has")
    asked = parser.parse_args(arguments)
    if not asked.table:
        if asked.data is None:
            parser.error("--data: the folder of cohorts and knowledge bases")
        random = [f"rewired-{number}" for number in range(asked.first, asked.rewired)]
        done = {(row["graph"], row["seed"]) for row in _rows(asked.out)}
        for name in ["collectri", "untrained", "none", *random]:
            if (name, asked.seed) not in done:
                row = {"graph": name, "seed": asked.seed} | measure(asked.data, name, asked.steps, asked.seed)
                with asked.out.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(row) + "\n")
                sys.stderr.write(json.dumps({key: row[key] for key in row if key != "predicted"}) + "\n")
    for line in table(list(_rows(asked.out))):
        print(line)


def measure(data: Path, graph: str, steps: int, seed: int) -> dict[str, Any]:
    """Train under one graph, intervene, and compare with what was measured."""
    kang = experiment(data)
    grn = _graph(data, graph)
    private = PrivateCohort(kang.control, epsilon=float("inf"), delta=1e-5, types=kang.control.types)
    training = Training(steps=0 if graph == "untrained" else steps, batch=128)
    start = time.perf_counter()
    fitted = GrnCausal(training=training).fit(private, grn=grn, seed=seed)
    seconds = time.perf_counter() - start
    before, after = (fitted.sample(DRAWN, do=do, seed=seed) for do in (None, kang.folds))
    predicted = _log_means(after) - _log_means(before)
    held = np.isin(kang.control.genes, list(kang.folds))
    scores = score(predicted, kang.change, kang.response, ~held & ~kang.response)
    own = kang.response & np.isin(kang.control.genes, _targets(grn))
    settled = {"genes": len(kang.response), "response": int(kang.response.sum()), "edges": fitted.settings["edges"]}
    scores |= {"direct": _signs(predicted[own], kang.change[own]), "own": int(own.sum())}
    kept = [round(float(value), 6) for value in predicted[kang.response]]
    measured = [round(float(value), 6) for value in kang.change[kang.response]]
    found = {"fit_seconds": round(seconds, 1), "steps": training.steps, "folds": kang.folds}
    return scores | settled | found | {"predicted": kept, "measured": measured}


def score(
    predicted: Floats, change: Floats, response: npt.NDArray[np.bool_], others: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """The four figures of the module's text; 0.5 and 0 where nothing moves."""
    there, real = predicted[response], change[response]
    moved = there != 0
    ranks = rankdata(np.abs(np.concatenate([there, predicted[others]])))[: len(there)]
    above = ranks.sum() - len(there) * (len(there) + 1) / 2
    return {
        "signs": _signs(there, real),
        "moved": float(moved.mean()),
        "spearman": _spearman(there, real),
        "moved_more": float(above / (len(there) * others.sum())),
    }


@cache
def experiment(data: Path) -> Experiment:
    """Kang's cells on the panel."""
    cells = anndata.read_h5ad(data / "cohorts" / "pbmc_kang2000.h5ad")
    stimulated = (cells.obs["condition"] == "stim").to_numpy()
    in_graph = {gene.symbol for edge in collectri(data).edges() for gene in (edge.regulator, edge.target)}
    shown = np.asarray((cells.X[np.flatnonzero(~stimulated)] > 0).sum(axis=0)).ravel() >= SHOWN_BY
    genes = [gene for gene, enough in zip(cells.var_names, shown, strict=True) if enough and gene in in_graph]
    both = Cohort(cells[:, genes].copy())
    values = both.log_normalised().toarray()
    found = differences(values, stimulated)
    raised = np.log(_means(values[stimulated]) / _means(values[~stimulated]))
    place = {gene: number for number, gene in enumerate(genes)}
    folds = {name: min(float(np.exp(raised[place[name]])), MOST_FOLD) for name in REGULATORS if name in place}
    response = (found.q <= FDR) & (np.abs(found.change) > LEAST_CHANGE) & ~np.isin(genes, REGULATORS)
    control = both.subset(np.flatnonzero(~stimulated))
    labels = [f"cluster {code}" for code in clusters(control.counts, CLUSTERS)]
    return Experiment(make_cohort(control.counts, genes=genes, labels=labels), found.change, response, folds)


def _means(logs: Floats) -> Floats:
    """Mean counts in ten thousand, with a hundredth of a count added."""
    means: Floats = np.expm1(logs.astype(np.float64)).mean(axis=0) + 0.01
    return means


def _log_means(cohort: Cohort) -> Floats:
    """Log of each gene's mean count, half a count of all cells added; not normalised, so that nothing else moves."""
    return np.asarray(np.log(np.asarray(cohort.counts.sum(axis=0)).ravel() + 0.5))


def _graph(data: Path, name: str) -> GRN:
    if name == "none":
        return GRN.from_evidence([])
    known = experiment(data).control.genes
    whole = collectri(data)
    inside = whole.of(edges_within(whole, known))
    return rewired(inside, seed=int(name.removeprefix("rewired-"))) if name.startswith("rewired-") else inside


def _targets(grn: GRN) -> list[str]:
    return [edge.target.symbol for edge in grn.edges() if edge.regulator.symbol in REGULATORS]


def _signs(predicted: Floats, measured: Floats) -> float:
    moved = predicted != 0
    return float(np.mean(np.sign(predicted[moved]) == np.sign(measured[moved]))) if moved.any() else 0.5


def _spearman(predicted: Floats, measured: Floats) -> float:
    first, second = rankdata(predicted), rankdata(measured)
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Each graph with bootstrap intervals, the rewired ones as mean, extremes and a p-value."""
    yield "| graph | edges | signs | signs, own targets | moved | Spearman | moved more, AUROC |"
    yield "|---|---|---|---|---|---|---|"
    for row in [row for row in rows if not row["graph"].startswith("rewired-")]:
        predicted, measured = np.array(row["predicted"]), np.array(row["measured"])
        signs, ranks = (_interval(figure, predicted, measured) for figure in (_signs, _spearman))
        yield (
            f"| {row['graph']} | {row['edges']} | {row['signs']:.3f} {signs} | {row['direct']:.3f} of {row['own']} "
            f"| {row['moved']:.2f} | {row['spearman']:.3f} {ranks} | {row['moved_more']:.3f} |"
        )
    random = [row for row in rows if row["graph"].startswith("rewired-")]
    real = next((row for row in rows if row["graph"] == "collectri"), None)
    if random and real is not None:
        shown = " | ".join(_against(name, real, random) for name in SCORES)
        yield f"| {len(random)} rewired | {random[0]['edges']} | {shown} |"


def _against(name: str, real: dict[str, Any], random: list[dict[str, Any]]) -> str:
    values = np.array([row[name] for row in random])
    p_value = (1 + int((values >= real[name]).sum())) / (1 + len(values))
    return f"{values.mean():.3f}, {values.min():.3f} to {values.max():.3f} (p {p_value:.3f})"


def _interval(figure: Any, predicted: Floats, measured: Floats) -> str:
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(predicted), size=(RESAMPLES, len(predicted)))
    low, high = np.quantile([figure(predicted[rows], measured[rows]) for rows in drawn], (0.025, 0.975))
    return f"[{low:.3f}, {high:.3f}]"


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


if __name__ == "__main__":
    main()
