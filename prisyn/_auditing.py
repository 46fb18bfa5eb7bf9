"""What the audit's commands do alike: audit one synthetic set, going on where they were stopped, and write it down."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import say

if TYPE_CHECKING:
    from audit import AuditResult, AuditTarget, Claim, Kept

AUDIT, REPORT, PDF, CARD = "audit.json", "audit.html", "audit.pdf", "model-card.md"
UNFINISHED = ".unfinished"
CODE = ("audit", "cohort", "prisyn_base", "prisyn._audit_sets", "prisyn._auditing")


class Split(StrEnum):
    """How it was decided who became a member."""

    FIXED = "fixed"
    COINS = "coins"


Reference = Annotated[Path | None, typer.Option("--reference", help="Records an attacker may know.")]
Label = Annotated[str | None, typer.Option("--label", help="The column that names the type.")]
Donor = Annotated[str | None, typer.Option("--donor", help="The column that names the donor.")]
Attacks = Annotated[list[str] | None, typer.Option("--attack", help="Only these attacks; repeatable.")]
Metrics = Annotated[list[str] | None, typer.Option("--metric", help="Only these metrics; repeatable.")]
Risks = Annotated[list[str] | None, typer.Option("--risk", help="Only these other risks; repeatable.")]
Pdf = Annotated[bool, typer.Option("--pdf", help="Also print the report as PDF (needs Chromium).")]
ClaimEpsilon = Annotated[float | None, typer.Option("--claim-epsilon", help="The epsilon promised.")]
ClaimDelta = Annotated[float | None, typer.Option("--claim-delta", help="The delta promised.")]
Unit = Annotated[str, typer.Option("--unit", help="What one unit of the promise is.")]
SplitOption = Annotated[
    Split,
    typer.Option(
        "--split",
        help="Who became a member: `coins` if a coin was tossed for each unit of the promise (as `split_cohort` does), "
        "`fixed` if a number of them was drawn. After the latter a claim is held against twice its epsilon.",
    ),
]


@dataclass(frozen=True)
class Asked:
    """What one audit is asked for, beside its sets: everything its results depend on."""

    seed: int
    attacks: Sequence[str] | None
    metrics: Sequence[str] | None
    risks: Sequence[str] | None
    curves: bool = False
    condition: str | None = None


def run_audit(target: AuditTarget, asked: Asked, *, claim: Claim | None, kept: Kept) -> AuditResult:
    """The audit, its progress and its result in words on standard error."""
    from audit import audit
    from prisyn._audit_inputs import plugins_with

    result = audit(
        target,
        seed=asked.seed,
        claim=claim,
        attacks=asked.attacks or None,
        metrics=asked.metrics or None,
        risks=asked.risks or None,
        curves=asked.curves,
        plugins=plugins_with(asked.condition),
        progress=say,
        kept=kept,
    )
    for line in result.summary:
        say(line)
    return result


def kept_in(
    out: Path, paths: Mapping[str, Path], target: AuditTarget, asked: Asked, *, claim: Claim | None, columns: Any
) -> Kept:
    """What is left in `out` of this very audit: the same files, options and code. What is left of others is removed."""
    from audit import Kept
    from prisyn._fingerprint import code_fingerprint, fingerprint, json_fingerprint

    of = {
        "sets": {name: fingerprint(path) for name, path in paths.items()},
        "columns": columns,
        "edges": [list(edge) for edge in target.edges],
        "claim": None if claim is None else asdict(claim),
        "asked": asdict(asked),
        "code": code_fingerprint(CODE),
    }
    folder = out / UNFINISHED / json_fingerprint(of)[:16]
    for other in (out / UNFINISHED).glob("*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return Kept(folder)


def forget(out: Path) -> None:
    """Remove what `kept_in` kept: the audit is written."""
    shutil.rmtree(out / UNFINISHED, ignore_errors=True)


def write_audit(result: AuditResult, target: AuditTarget | None, out: Path, *, name: str, pdf: bool = False) -> None:
    """The audit as data, as a page (with a map of the records if `target` is given), as a card and perhaps as PDF."""
    from audit import render_report
    from prisyn_base import write_json

    facts = {**result.to_json(), "name": name}
    # Drawn before anything is written, so that an interruption leaves no data without its page.
    page = render_report(facts, target)
    write_json(out / AUDIT, facts)
    say(f"wrote {out / AUDIT}")
    write_pages(facts, page, out, name=name, pdf=pdf)


def write_pages(facts: dict[str, Any], page: str, out: Path, *, name: str, pdf: bool) -> None:
    """The views of an audit's JSON."""
    from audit import model_card, write_pdf

    write_text(out / REPORT, page)
    write_text(out / CARD, model_card(facts, name=name))
    say(f"wrote {out / REPORT} and {out / CARD}")
    if pdf:
        write_pdf(page, out / PDF)
        say(f"wrote {out / PDF}")


def write_text(path: Path, text: str) -> None:
    from prisyn_base import atomic_path

    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
