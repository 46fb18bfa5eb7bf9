"""A run from end to end: its stages in order, what is written about it, and what to open next."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from typing import Any

from prisyn import __version__
from prisyn._fingerprint import fingerprint
from prisyn.engine import Outcome, Plan, Stage, execute, plan
from prisyn.progress import Lines, watch
from prisyn.runfile import Run
from prisyn.stages.audit import AUDIT, audit_stage
from prisyn.stages.extract import extract_stage
from prisyn.stages.generate import MODEL, SYNTHETIC, earlier_ledgers, fit_stage, sample_stage
from prisyn.stages.graph import EDGES, graph_stage
from prisyn.stages.report import REPORT, report_stage
from prisyn_base import write_json

RECORD = "run.json"
SCHEMA = 1
_PUBLISHABLE = f"  may be published: {MODEL}/, {SYNTHETIC} and graph/; all else saw real cells and is confidential"
STAGES = ("extract", "graph", "fit", "sample", "audit", "report")
_VERSIONS = ("anndata", "dp-accounting", "networkx", "numpy", "pandas", "scanpy", "scikit-learn", "scipy")
_OPTIONAL = ("torch", "transformers", "opacus")


def stages(run: Run, display: Lines) -> list[Stage]:
    """The stages of a run, each reading what those before it wrote."""
    makers = (extract_stage, graph_stage, fit_stage, sample_stage, audit_stage, report_stage)
    return [make(run, display) for make in makers]


def what_would_run(run: Run) -> list[Plan]:
    """Which stages would run, and why. Nothing is written."""
    return plan(stages(run, Lines(STAGES)), run.out)


def run_all(run: Run) -> None:
    """Run what is not finished, write `run.json`, and say what to open next."""
    with watch(STAGES) as display:
        steps = stages(run, display)
        outcomes = execute(steps, run.out, watcher=display)
        record = describe(run, steps, outcomes)
        write_json(run.out / RECORD, record)
        for line in closing(run, record):
            display.line(line)


def describe(run: Run, steps: list[Stage], outcomes: list[Outcome]) -> dict[str, Any]:
    """What `run.json` holds: versions, settings, seeds, inputs by hash, seconds, the ledger and the verdict.

    It is confidential: a hash of the private file confirms a guess of it, and the verdict was made on real cells.
    """
    ledger = json.loads((run.out / MODEL / "model.json").read_text(encoding="utf-8"))["ledger"]
    audit = json.loads((run.out / AUDIT).read_text(encoding="utf-8"))
    settings = run.settings.model_dump(mode="json")
    outside = {name: path for step in steps for name, path in step.inputs.items() if path.is_absolute()}
    return {
        "schema": SCHEMA,
        "confidential": True,
        "versions": _versions(),
        "settings": settings,
        "seeds": {"seed": run.settings.seed, "noise_seed": run.settings.generate.noise_seed},
        "inputs": {name: {"path": str(path), "sha256": fingerprint(path)} for name, path in outside.items()},
        "stages": {outcome.stage: {"seconds": outcome.seconds} for outcome in outcomes},
        "epsilon": ledger["epsilon"],
        "delta": ledger["delta"],
        "private": ledger["private"],
        "ledger": ledger,
        "earlier_ledgers": earlier_ledgers(run.out),
        "verdict": audit["verdict"]["outcome"],
        "headline": audit["verdict"]["headline"],
        "accuracy": _accuracy(audit),
    }


def closing(run: Run, record: dict[str, Any]) -> list[str]:
    """The last words of a run: what was promised, what was found, and what to open."""
    ran = sum(stage["seconds"] for stage in record["stages"].values())
    promise = f"epsilon {record['epsilon']:.4g} at delta {record['delta']:g}"
    if not record["private"]:
        promise += ", which does NOT hold: the noise seed is fixed, so this release is not private"
    return [
        "",
        f"done; the stages took {ran:.0f} s",
        f"  privacy   {promise}",
        *_earlier(record),
        f"  verdict   {record['verdict']}: {record['headline']}",
        *_use(record),
        f"  report    {run.out / REPORT}",
        f"  cells     {run.out / SYNTHETIC}",
        f"  graph     {run.out / EDGES}",
        f"  all of it {run.out / RECORD}",
        *([_PUBLISHABLE] if record["private"] else []),
    ]


def _accuracy(audit: dict[str, Any]) -> dict[str, float] | None:
    """Accuracy on unseen real cells of a classifier trained on synthetic ones and on members; None if not measured."""
    scores = [score for metric in audit["metrics"] if metric["name"] == "tstr" for score in metric["scores"]]
    for score in scores:
        if score["key"] == "accuracy" and score["control"] is not None:
            return {"synthetic": score["estimate"]["point"], "members": score["control"]["point"]}
    return None


def _use(record: dict[str, Any]) -> list[str]:
    found = record["accuracy"]
    if found is None:
        return []
    made, real = found["synthetic"], found["members"]
    return [
        f"  use       a classifier trained on it gets {made:.2f} of unseen cells' types right; on members {real:.2f}"
    ]


def _earlier(record: dict[str, Any]) -> list[str]:
    """A warning where these cells were measured privately before: whoever has the earlier models too learns more."""
    before = [ledger["epsilon"] for ledger in record["earlier_ledgers"] if ledger["private"]]
    if not before:
        return []
    total = record["epsilon"] + sum(before)
    times = "once" if len(before) == 1 else f"{len(before)} times"
    return [f"            measured {times} before in this folder: all models together: epsilon {total:.4g}"]


def _versions() -> dict[str, str]:
    found = {"prisyn": __version__, "python": platform.python_version()}
    for name in (*_VERSIONS, *_OPTIONAL):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
