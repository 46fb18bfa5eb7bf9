"""The synthetic cohort is attacked and measured: `audit.json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prisyn.engine import Stage
from prisyn.progress import Lines
from prisyn.runfile import Run
from prisyn.stages.extract import EVIDENCE
from prisyn.stages.generate import MODEL, SYNTHETIC, cohort_inputs, split
from prisyn.stages.graph import read_grn
from prisyn_base import write_json

if TYPE_CHECKING:
    from audit import AuditTarget
    from conditioned_gen import Ledger

AUDIT = "audit.json"
CODE = (
    "prisyn.stages.audit",
    "prisyn.stages.generate",
    "prisyn._audit_inputs",
    "prisyn._cohorts",
    "audit",
    "cohort",
    "kg",
    "prisyn_base",
)


def audit_stage(run: Run, display: Lines) -> Stage:
    """The stage that judges. It sees the real cells: its results are as confidential as they are."""
    section = run.settings.audit
    settings = {
        "seed": run.settings.seed,
        "min_belief": run.settings.graph.min_belief,
        "cohort": run.settings.cohort.model_dump(mode="json"),
        **section.model_dump(mode="json"),
    }

    def work() -> None:
        from audit import audit
        from prisyn._audit_inputs import claim_of

        result = audit(
            make_target(run),
            seed=run.settings.seed,
            claim=claim_of(read_ledger(run.out), coins=True),  # `split_cohort` deals each unit by a coin of its own
            attacks=None if section.attacks == "all" else section.attacks,
            metrics=None if section.metrics == "all" else section.metrics,
            progress=display.say,
        )
        write_json(run.out / AUDIT, result.to_json())
        display.say(f"verdict: {result.verdict.outcome}. {result.verdict.headline}")

    inputs = {SYNTHETIC: Path(SYNTHETIC), MODEL: Path(MODEL), EVIDENCE: Path(EVIDENCE), **cohort_inputs(run)}
    return Stage("audit", settings, inputs, (AUDIT,), CODE, work)


def make_target(run: Run) -> AuditTarget:
    """The run's members, holdout, synthetic cells and reference, and the regulations its generator was given."""
    from audit import AuditTarget
    from cohort import read_cohort
    from prisyn._audit_inputs import edges_of

    members, holdout, reference = split(run)
    synthetic = read_cohort(run.out / SYNTHETIC, label=run.settings.cohort.label)
    edges = edges_of(read_grn(run.out, min_belief=run.settings.graph.min_belief))
    return AuditTarget(members, holdout, synthetic, reference, edges=edges)


def read_ledger(out: Path) -> Ledger:
    """The ledger of the run's model."""
    from conditioned_gen import load

    return load(out / MODEL).ledger
