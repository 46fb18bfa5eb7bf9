"""What the risks see of generators that memorise, of strangers' records and of the flagship at epsilon 1.

    python -m bench.audit_reconstruction --data FOLDER --seeds 3

FOLDER holds pbmc3k_2638.h5ad (2,638 cells x 2,000 genes, types in `cell_type`). For each seed its cells are split anew.

- copies: each synthetic cell is a random member with every count kept with probability .8
- memorising_vae: a conditional VAE without privacy, trained for long on 200 members, draws 1,000 cells
- strangers: the synthetic cells are real ones that were never members
- flagship: grn_subspace at epsilon 1, delta 1e-5, on the graph of the packaged database

By default the data set is reconstructed; --risk names others, or `all`. Printed are success on members and on controls
and their difference, each as mean and standard deviation over seeds, and in how many seeds the interval of the
difference lies above 0. Noise is seeded, since the cells are public.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from audit import AuditTarget
from audit.metrics import MetricView
from audit.risks import RISKS, RiskResult, run_risk
from cohort import Cohort, make_cohort, read_cohort, split_cohort

KEPT = 0.8
MEMORISED, DRAWN = 200, 1000
EPSILON, DELTA = 1.0, 1e-5
Split = tuple[Cohort, Cohort, Cohort]


def main(arguments: Sequence[str] | None = None) -> None:
    first_line = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m bench.audit_reconstruction", description=first_line)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds pbmc3k_2638.h5ad")
    parser.add_argument("--label", default="cell_type", help="its column of types")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--risk", nargs="+", default=["dataset_reconstruction"])
    parser.add_argument("--steps", type=int, default=600, help="of the VAE")
    options = parser.parse_args(arguments)
    names = [n for n in sorted(RISKS) if not RISKS[n].needs] if options.risk == ["all"] else options.risk
    cells = read_cohort(options.data / "pbmc3k_2638.h5ad", label=options.label)
    runs = []
    for case in options.case:
        for seed in range(options.seeds):
            for run in measure(case, cells, names, seed=seed, steps=options.steps):
                runs.append(run)
                sys.stderr.write(json.dumps(run) + "\n")
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    sys.stdout.write(json.dumps({"machine": machine, "summary": summary(runs), "runs": runs}, indent=2) + "\n")


def measure(case: str, cells: Cohort, names: Sequence[str], *, seed: int, steps: int) -> list[dict[str, Any]]:
    """Each risk of one synthetic set; seconds are of the processor, which others do not disturb."""
    members, holdout, synthetic = CASES[case](cells, seed, steps)
    target = AuditTarget(members, holdout, synthetic)
    view = MetricView(target, seed)
    runs = []
    for name in names:
        start = time.process_time()
        result = run_risk(RISKS[name], view)
        runs.append({"case": case, "seed": seed, "risk": name, **plain(result, time.process_time() - start)})
    return runs


def plain(result: RiskResult, seconds: float) -> dict[str, Any]:
    tables = {
        table.caption: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for table in result.tables
    }
    return {
        "success": round(result.success.point, 4),
        "control": round(result.control.point, 4),
        "naive": round(result.naive.point, 4),
        "advantage": [round(v, 4) for v in (result.advantage.point, result.advantage.low, result.advantage.high)],
        "p_value": result.p_value,
        "seconds": round(seconds, 1),
        "tables": tables if result.name == "dataset_reconstruction" else {},
        "notes": list(result.notes),
    }


def copies(cells: Cohort, seed: int, steps: int) -> Split:
    members, holdout = split_cohort(cells, fractions=(0.7, 0.3), seed=seed)
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(members), size=len(members))
    counts = sp.csr_matrix(members.counts[rows])
    counts.data = rng.binomial(np.rint(counts.data).astype(int), KEPT).astype(np.float32)
    counts.eliminate_zeros()
    return members, holdout, _made(counts, members.labels[rows], cells)


def memorising_vae(cells: Cohort, seed: int, steps: int) -> Split:
    """The network of `dp_cvae` with ten times its width, without noise or clipping, on 200 members."""
    import torch

    from conditioned_gen.generators._cvae import ConditionalVae, per_record_loss

    pool, holdout = split_cohort(cells, fractions=(0.7, 0.3), seed=seed)
    rng = np.random.default_rng(seed)
    members = pool.subset(rng.permutation(len(pool))[:MEMORISED])
    torch.manual_seed(seed)
    module = ConditionalVae(len(cells.genes), len(cells.types), hidden=512, latent=16)
    counts = torch.tensor(members.counts.toarray())
    types = torch.tensor(np.searchsorted(cells.types, members.labels))
    optimiser = torch.optim.Adam(module.parameters(), lr=2e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        per_record_loss(module, counts, types, torch.randn(len(counts), 16)).mean().backward()
        optimiser.step()
    drawn = rng.integers(MEMORISED, size=DRAWN)
    with torch.no_grad():
        proportions = module.decode(torch.randn(DRAWN, 16), types[drawn]).numpy()
    totals = np.asarray(members.counts.sum(axis=1)).ravel()[drawn]
    return members, holdout, _made(rng.poisson(proportions * totals[:, None]), members.labels[drawn], cells)


def strangers(cells: Cohort, seed: int, steps: int) -> Split:
    members, holdout, synthetic = split_cohort(cells, fractions=(0.4, 0.3, 0.3), seed=seed)
    return members, holdout, synthetic


def flagship(cells: Cohort, seed: int, steps: int) -> Split:
    from conditioned_gen import PrivateCohort, generator
    from grn_extract import read_database
    from kg import GRN, demo_table

    members, holdout = split_cohort(cells, fractions=(0.7, 0.3), seed=seed)
    private = PrivateCohort(members, epsilon=EPSILON, delta=DELTA, types=cells.types, noise_seed=seed)
    grn = GRN.from_evidence(read_database("trrust", demo_table()).evidence)
    return members, holdout, generator("grn_subspace").fit(private, grn=grn, seed=seed).sample(seed=seed)


def _made(counts: Any, labels: np.ndarray[Any, Any], cells: Cohort) -> Cohort:
    return make_cohort(counts, genes=cells.genes, labels=labels.tolist(), label=str(cells.label))


CASES: dict[str, Callable[[Cohort, int, int], Split]] = {
    "copies": copies,
    "memorising_vae": memorising_vae,
    "strangers": strangers,
    "flagship": flagship,
}


def summary(runs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By case and risk: means and standard deviations over seeds, and seeds whose interval lies above 0."""
    found: dict[str, dict[str, Any]] = {}
    for case, risk in dict.fromkeys((run["case"], run["risk"]) for run in runs):
        of = [run for run in runs if (run["case"], run["risk"]) == (case, risk)]
        found[f"{case}: {risk}"] = {
            **{key: _spread([run[key] for run in of]) for key in ("success", "control", "naive")},
            "advantage": _spread([run["advantage"][0] for run in of]),
            "seeds above 0": f"{sum(run['advantage'][1] > 0 for run in of)} of {len(of)}",
            "p_values": [float(f"{run['p_value']:.2g}") for run in of],
            "seconds": _spread([run["seconds"] for run in of]),
        }
    return found


def _spread(values: list[float]) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} +- {spread:.3f}"


if __name__ == "__main__":
    main()
