"""`prisyn audit`: attack a synthetic cohort, whoever made it, and say what was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, SeedOption, command, emit, emit_json, group, say

if TYPE_CHECKING:
    from audit import AuditResult, AuditTarget

app = group(
    "Attack a synthetic cohort, whoever made it, measure what it is good for, and judge it.\n\n"
    "\b\nExamples:\n"
    "  prisyn audit run --members m.h5ad --nonmembers n.h5ad --synthetic s.h5ad \\\n"
    "      --label cell_type --out audit\n"
    "  prisyn audit compare ours=audit-a theirs=audit-b --out comparison\n"
    "  prisyn audit attacks\n"
)
AUDIT, REPORT, PDF, CARD = "audit.json", "audit.html", "audit.pdf", "model-card.md"

Members = Annotated[Path, typer.Option("--members", help="What the generator was trained on (.h5ad or a table).")]
Nonmembers = Annotated[Path, typer.Option("--nonmembers", help="Records like them that it never saw.")]
Reference = Annotated[Path | None, typer.Option("--reference", help="Records an attacker may know.")]
Label = Annotated[str | None, typer.Option("--label", help="The column that names the type.")]
Donor = Annotated[str | None, typer.Option("--donor", help="The column that names the donor.")]
Attacks = Annotated[list[str] | None, typer.Option("--attack", help="Only these attacks; repeatable.")]
Metrics = Annotated[list[str] | None, typer.Option("--metric", help="Only these metrics; repeatable.")]
Risks = Annotated[list[str] | None, typer.Option("--risk", help="Only these other risks; repeatable.")]
Pdf = Annotated[bool, typer.Option("--pdf", help="Also print the report as PDF (needs Chromium).")]


@command(app, "run")
def run(
    members: Members,
    nonmembers: Nonmembers,
    synthetic: Annotated[Path, typer.Option("--synthetic", help="The records it made.")],
    out: Annotated[Path, typer.Option("--out", help="The folder for audit.json, audit.html and model-card.md.")],
    reference: Reference = None,
    label: Label = None,
    donor: Donor = None,
    claim_epsilon: Annotated[float | None, typer.Option("--claim-epsilon", help="The epsilon promised.")] = None,
    claim_delta: Annotated[float | None, typer.Option("--claim-delta", help="The delta promised.")] = None,
    unit: Annotated[str, typer.Option("--unit", help="What one unit of the promise is.")] = "record",
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="A saved ledger or model folder, in place of --claim-...")
    ] = None,
    edges: Annotated[
        Path | None, typer.Option("--edges", help="A table of regulations: regulator, target, perhaps sign.")
    ] = None,
    grn: Annotated[str | None, typer.Option("--grn", help="A graph of regulations.", metavar="URL")] = None,
    condition: Annotated[
        str | None, typer.Option("--condition", help="The column of obs that names the treatment of each cell.")
    ] = None,
    attack: Attacks = None,
    metric: Metrics = None,
    risk: Risks = None,
    curve: Annotated[
        bool, typer.Option("--curve", help="Also the risk against the number of released records.")
    ] = False,
    pdf: Pdf = False,
    seed: SeedOption = 0,
) -> None:
    """Run attacks, risks and metrics, judge, and write audit.json, audit.html and model-card.md.

    \b
    Examples:
      prisyn audit run --members m.h5ad --nonmembers n.h5ad --synthetic s.h5ad \\
          --out audit
      prisyn audit run --members m.h5ad --nonmembers n.h5ad --synthetic s.h5ad \\
          --reference r.h5ad --label cell_type --donor donor --ledger model --grn grn.db --out audit
      prisyn audit run --members m.csv --nonmembers n.csv --synthetic s.csv \\
          --label diagnosis --claim-epsilon 1 --claim-delta 1e-5 --unit patient --out audit
    """
    from audit import audit
    from prisyn._audit_inputs import plugins_with, read_claim, read_edges, read_target

    claim = read_claim(epsilon=claim_epsilon, delta=claim_delta, unit=unit, ledger=ledger)
    paths = {"members": members, "nonmembers": nonmembers, "synthetic": synthetic}
    if reference is not None:
        paths["reference"] = reference
    target = read_target(paths, label=label, donor=donor, edges=read_edges(file=edges, graph=grn))
    result = audit(
        target,
        seed=seed,
        claim=claim,
        attacks=attack or None,
        metrics=metric or None,
        risks=risk or None,
        curves=curve,
        plugins=plugins_with(condition),
        progress=say,
    )
    for line in result.summary:
        say(line)
    write_audit(result, target, out, name=synthetic.name, pdf=pdf)


def write_audit(result: AuditResult, target: AuditTarget | None, out: Path, *, name: str, pdf: bool = False) -> None:
    """The audit as data, as a page (with a map of the records if `target` is given), as a card and perhaps as PDF."""
    from audit import render_report
    from prisyn_base import write_json

    facts = result.to_json()
    # Drawn before anything is written, so that an interruption leaves no data without its page.
    page = render_report(facts, target)
    write_json(out / AUDIT, facts)
    say(f"wrote {out / AUDIT}")
    _write_pages(facts, page, out, name=name, pdf=pdf)


def _write_pages(facts: dict[str, Any], page: str, out: Path, *, name: str, pdf: bool) -> None:
    from audit import model_card, write_pdf

    _write(out / REPORT, page)
    _write(out / CARD, model_card(facts, name=name))
    say(f"wrote {out / REPORT} and {out / CARD}")
    if pdf:
        write_pdf(page, out / PDF)
        say(f"wrote {out / PDF}")


def _write(path: Path, text: str) -> None:
    from prisyn_base import atomic_path

    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@command(app, "report")
def report(
    audit_folder: Annotated[Path, typer.Argument(help="A folder with an audit.json.", metavar="FOLDER")],
    name: Annotated[str, typer.Option("--name", help="How the card calls the synthetic set.")] = "synthetic",
    pdf: Pdf = False,
) -> None:
    """Draw report and card anew from audit.json. The map of records needs the records, so it is left out.

    \b
    Examples:
      prisyn audit report audit
      prisyn audit report audit --pdf
    """
    from audit import render_report
    from prisyn._audit_inputs import read_audit

    facts = read_audit(audit_folder)
    _write_pages(facts, render_report(facts, None), audit_folder, name=name, pdf=pdf)
    say("the map of records is left out: it needs the records, which `prisyn audit run` has")
    if not pdf and (audit_folder / PDF).exists():
        say(f"{audit_folder / PDF} is that of before: add --pdf to print it anew")


@command(app, "compare")
def compare(
    candidates: Annotated[
        list[str],
        typer.Argument(
            help="Audits (folder or audit.json) or synthetic sets; NAME=PATH names one.", metavar="[NAME=]PATH"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder for comparison.json and comparison.html.")],
    members: Annotated[
        Path | None, typer.Option("--members", help="As for run, where synthetic sets are named.")
    ] = None,
    nonmembers: Annotated[Path | None, typer.Option("--nonmembers", help="As for run.")] = None,
    reference: Reference = None,
    label: Label = None,
    donor: Donor = None,
    attack: Attacks = None,
    metric: Metrics = None,
    risk: Risks = None,
    seed: SeedOption = 0,
) -> None:
    """Several synthetic sets side by side: the same attacks, risks and metrics, with intervals.

    Synthetic sets among the candidates are audited first, into OUT/NAME; their reports have no map of the records.

    \b
    Examples:
      prisyn audit compare ours=audit-a theirs=audit-b --out comparison
      prisyn audit compare a.h5ad b.h5ad --members m.h5ad --nonmembers n.h5ad \\
          --reference r.h5ad --label cell_type --out comparison
    """
    from audit import audit, render_comparison
    from audit import compare as side_by_side
    from prisyn._audit_inputs import is_audit, name_candidates, read_audit, read_target, required_sets
    from prisyn_base import write_json

    named = name_candidates(candidates)
    judged = {key: path for key, path in named.items() if not is_audit(path)}
    sets = required_sets(members, nonmembers, reference, judged)
    options: dict[str, Any] = {"attacks": attack or None, "metrics": metric or None, "risks": risk or None}
    audits = {key: read_audit(path) for key, path in named.items() if key not in judged}
    targets = {key: read_target({**sets, "synthetic": path}, label=label, donor=donor) for key, path in judged.items()}
    for key, target in targets.items():
        say(f"{key}:")
        result = audit(target, seed=seed, progress=say, **options)
        audits[key] = result.to_json()
        write_audit(result, None, out / key, name=key)
    comparison = side_by_side({key: audits[key] for key in named})
    write_json(out / "comparison.json", comparison.to_json())
    _write(out / "comparison.html", render_comparison(comparison))
    for warning in comparison.warnings:
        say(f"warning: {warning}")
    say(f"wrote {out / 'comparison.json'} and {out / 'comparison.html'}")


@command(app, "attacks")
def attacks(form: FormatOption = Format.TABLE) -> None:
    """List attacks, other risks and metrics, plug-ins included: what each does and where it comes from.

    \b
    Examples:
      prisyn audit attacks
      prisyn audit attacks --format json
    """
    from audit import catalogue, load_plugins

    plugins = load_plugins()
    emit([dict(row) for row in catalogue(plugins)], form)
    for fault in plugins.faults:
        say(str(fault))


@command(app, "selftest")
def selftest(
    seed: SeedOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Test the instruments, plug-ins included, on data whose answer is known. Exit code 1 if one fails.

    \b
    Examples:
      prisyn audit selftest
      prisyn audit selftest --format json
    """
    from audit import ATTACKS, METRICS, load_plugins
    from audit import selftest as test

    others = load_plugins()
    result = test(seed=seed, attacks={**ATTACKS, **others.attacks}, metrics={**METRICS, **others.metrics})
    if form is Format.JSON:
        emit_json(result.to_json())
    else:
        rows = [{"held": "yes" if c.held else "NO", "statement": c.name, "measured": c.detail} for c in result.checks]
        emit(rows, form)
    if not result.passed:
        say("an instrument failed: what it says of synthetic data must not be believed")
        raise typer.Exit(1)
