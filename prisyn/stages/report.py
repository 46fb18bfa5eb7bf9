"""Everything that was found, on one page: `audit.html`."""

from __future__ import annotations

import json
from pathlib import Path

from prisyn.engine import Stage
from prisyn.progress import Lines
from prisyn.runfile import Run
from prisyn.stages.audit import AUDIT, make_target, read_ledger
from prisyn.stages.extract import EVALUATION, EVIDENCE
from prisyn.stages.generate import MODEL, SYNTHETIC, cohort_inputs
from prisyn.stages.graph import read_grn
from prisyn_base import atomic_path

REPORT = "audit.html"
CODE = (
    "prisyn.stages.report",
    "prisyn.report",
    "prisyn.network_figure",
    "prisyn.stages.generate",
    "audit",
    "cohort",
    "kg",
    "prisyn_base",
)


def report_stage(run: Run, display: Lines) -> Stage:
    """The stage that draws the page. Like the audit, it shows real cells and is confidential."""
    settings = {
        "seed": run.settings.seed,
        "extract": run.settings.extract.model_dump(mode="json"),
        "graph": run.settings.graph.model_dump(mode="json"),
        "cohort": run.settings.cohort.model_dump(mode="json"),
    }

    def work() -> None:
        from audit import render_report
        from prisyn.report import sections

        own = sections(
            run,
            ledger=read_ledger(run.out),
            grn=read_grn(run.out),
            evaluation=json.loads((run.out / EVALUATION).read_text(encoding="utf-8")),
        )
        facts = json.loads((run.out / AUDIT).read_text(encoding="utf-8"))
        page = render_report(facts, make_target(run), sections=own)
        with atomic_path(run.out / REPORT) as temporary:
            temporary.write_text(page, encoding="utf-8")

    names = (AUDIT, EVALUATION, EVIDENCE, MODEL, SYNTHETIC)
    inputs = {name: Path(name) for name in names} | cohort_inputs(run)
    return Stage("report", settings, inputs, (REPORT,), CODE, work)
