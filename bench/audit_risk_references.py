"""Our linkability and attribute inference beside anonymeter's, on a planted leak and without one.

    python -m venv refs && refs/bin/pip install -e . anonymeter
    refs/bin/python -m bench.audit_risk_references --seeds 3

Tables of 20 factors, noise and `--columns` columns; a fifth of the synthetic records are members with .3 standard
deviations of noise (planted), or none is (strangers). Both are asked of all members and of as many others: can the
nearest synthetic record on half of the columns be told from that on the other half (k = 1), and what is the first
column, cut into five equal parts? anonymeter's distances are taken on columns scaled to [0, 1], absolute values added
up, ours are Euclidean on standardised ones, and its rates are centres of Wilson's interval, ours the share itself; so
they agree and do not coincide. It is no dependency of PriSyn: without it the report has our numbers alone.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import platform
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from audit import AuditTarget
from audit.metrics import MetricView
from audit.risks import RiskResult, run_risk
from audit.risks._sides import parted, variables
from audit.risks.attribute_inference import AttributeInference
from audit.risks.linkability import Linkability

FACTORS, NOISE, NEAR, COPIED = 20, 0.5, 0.3, 0.2
Sets = dict[str, pd.DataFrame]


def world(seed: int, records: int, columns: int, *, planted: bool) -> Sets:
    """Members, others and synthetic records, `records` of each; the first column is a category."""
    rng = np.random.default_rng(seed)
    loadings = rng.standard_normal((FACTORS, columns)) / np.sqrt(FACTORS)

    def people() -> np.ndarray:
        return rng.standard_normal((records, FACTORS)) @ loadings + NOISE * rng.standard_normal((records, columns))

    members, others, made = people(), people(), people()
    if planted:
        count = round(COPIED * records)
        made[:count] = members[:count] + NEAR * rng.standard_normal((count, columns))
    bounds = np.quantile(others[:, 0], [0.2, 0.4, 0.6, 0.8])
    names = [f"c{column}" for column in range(columns)]
    tables = {}
    for name, values in {"members": members, "nonmembers": others, "synthetic": made}.items():
        table = pd.DataFrame(values, columns=names)
        tables[name] = table.assign(c0=np.array(list("abcde"))[np.searchsorted(bounds, values[:, 0])])
    return tables


def ours(sets: Sets, seed: int) -> dict[str, Any]:
    """Success on members and on others, and the difference, with seconds."""
    view = MetricView(AuditTarget(**sets), seed)
    found = {risk.name: run_risk(risk, view) for risk in (Linkability(), AttributeInference(secrets=("c0",)))}
    return {name: _plain(result) for name, result in found.items()}


def _plain(result: RiskResult) -> dict[str, Any]:
    rates = {key: str(getattr(result, key)) for key in ("success", "control", "advantage")}
    return {**rates, "seconds": round(result.seconds, 2)}


def theirs(sets: Sets, seed: int) -> dict[str, Any]:
    """The same from anonymeter, on the same halves of the columns."""
    evaluators = importlib.import_module("anonymeter.evaluators")
    target = AuditTarget(**sets)
    known = variables(target)
    halves = [
        [v.name for v in known if v.columns.start in set(part.tolist())] for part in parted(known, 0.5, seed=seed)
    ]
    frames = {"ori": sets["members"], "syn": sets["synthetic"], "control": sets["nonmembers"]}
    count = len(sets["members"])
    given = [v.name for v in known if v.name != "c0"]
    asked: dict[str, Callable[[], Any]] = {
        "linkability": lambda: evaluators.LinkabilityEvaluator(
            **frames, aux_cols=(halves[0], halves[1]), n_attacks=count, n_neighbors=1
        ),
        "attribute_inference": lambda: evaluators.InferenceEvaluator(
            **frames, aux_cols=given, secret="c0", n_attacks=count
        ),
    }
    found = {}
    for name, make in asked.items():
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            evaluator = make()
            evaluator.evaluate(n_jobs=1)
            said = evaluator.results()
        rates = {"success": said.attack_rate, "control": said.control_rate}
        plain = {key: f"{rate.value:.3f} +- {rate.error:.3f}" for key, rate in rates.items()}
        found[name] = {**plain, "seconds": round(time.perf_counter() - start, 2)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--columns", type=int, default=40)
    options = parser.parse_args()
    there = importlib.util.find_spec("anonymeter") is not None
    report: dict[str, Any] = {
        "command": f"python -m bench.audit_risk_references --seeds {options.seeds} --records {options.records}",
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "anonymeter": "installed" if there else "not installed",
    }
    for seed in range(options.seeds):
        for name, planted in (("planted", True), ("strangers", False)):
            sets = world(seed, options.records, options.columns, planted=planted)
            found = {"ours": ours(sets, seed)} | ({"theirs": theirs(sets, seed)} if there else {})
            report[f"seed {seed}, {name}"] = found
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
