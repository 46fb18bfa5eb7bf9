"""What the demo's synthetic cohort is good for, beside real cells and beside the method most people would try first.

    python -m bench.demo_utility --seeds 5 --epsilon 5

For each seed the packaged 700 cells are split anew into members and holdout; a classifier of types is trained on
members, on synthetic cells of `grn_subspace` and on synthetic cells of `dp_cvae` (Opacus) at the same (epsilon,
delta = 1e-5), and tested on the holdout. The graph is the packaged database table. Privacy noise is seeded, since the
cells are public. One run on one machine: seconds are for comparing the two methods, not for quoting.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from audit import AuditTarget, audit
from audit.metrics import Score
from cohort import PBMC68K_TYPES, Cohort, pbmc68k, split_cohort
from conditioned_gen import PrivateCohort, generator
from grn_extract import read_database
from kg import GRN, demo_table

METHODS = ("grn_subspace", "dp_cvae")
DELTA = 1e-5


def main(arguments: Sequence[str] | None = None) -> None:
    first_line = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m bench.demo_utility", description=first_line)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epsilon", type=float, default=5.0)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    options = parser.parse_args(arguments)
    grn = GRN.from_evidence(read_database("trrust", demo_table()).evidence)
    runs = []
    for seed in range(options.seeds):
        members, holdout = split_cohort(pbmc68k(), fractions=(0.6, 0.4), seed=seed)
        for method in options.methods:
            runs.append(measure(method, members, holdout, grn, epsilon=options.epsilon, seed=seed))
            sys.stderr.write(json.dumps(runs[-1]) + "\n")
    report = {
        "command": f"python -m bench.demo_utility --seeds {options.seeds} --epsilon {options.epsilon:g}",
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "epsilon": options.epsilon,
        "delta": DELTA,
        "summary": summary(runs),
        "runs": runs,
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def measure(method: str, members: Cohort, holdout: Cohort, grn: GRN, *, epsilon: float, seed: int) -> dict[str, Any]:
    """Fit one method to one split; accuracy and macro-F1 on the holdout beside those of members, and AUROC."""
    private = PrivateCohort(members, epsilon=epsilon, delta=DELTA, types=PBMC68K_TYPES, noise_seed=seed)
    start = time.perf_counter()
    fitted = generator(method).fit(private, grn=grn, seed=seed)
    seconds = time.perf_counter() - start
    target = AuditTarget(members, holdout, fitted.sample(seed=seed))
    result = audit(target, seed=seed, attacks=["dcr"], metrics=["tstr", "rf_auroc"])
    scores = {score.key: score for metric in result.metrics for score in metric.scores}
    return {
        "method": method,
        "seed": seed,
        "epsilon": round(fitted.ledger.epsilon, 4),
        "accuracy": scores["accuracy"].estimate.point,
        "f1": scores["f1"].estimate.point,
        "real_accuracy": _control(scores["accuracy"]),
        "real_f1": _control(scores["f1"]),
        "rf_auroc": scores["auroc"].estimate.point,
        "fit_seconds": round(seconds, 2),
    }


def summary(runs: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Mean and standard deviation over seeds, by method; real cells from any method's runs, which share splits."""
    keys = ("accuracy", "f1", "rf_auroc", "fit_seconds")
    found = {
        method: {key: _spread([run[key] for run in runs if run["method"] == method]) for key in keys}
        for method in dict.fromkeys(run["method"] for run in runs)
    }
    first = runs[0]["method"]
    found["real cells"] = {
        key: _spread([run[f"real_{key}"] for run in runs if run["method"] == first]) for key in ("accuracy", "f1")
    }
    return found


def _control(score: Score) -> float:
    """What real members reach; only a set without labels has none."""
    if score.control is None:
        raise ValueError(f"{score.key} has no control")
    return score.control.point


def _spread(values: list[float]) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} +- {spread:.3f}"


if __name__ == "__main__":
    main()
