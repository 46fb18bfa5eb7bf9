"""`prisyn audit`: attack a synthetic cohort, whoever made it, and say what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prisyn._auditing import (
    PDF,
    Asked,
    Attacks,
    ClaimDelta,
    ClaimEpsilon,
    Donor,
    Label,
    Metrics,
    Pdf,
    Reference,
    Risks,
    Split,
    SplitOption,
    Unit,
    forget,
    kept_in,
    run_audit,
    write_audit,
    write_pages,
)
from prisyn._command import Format, FormatOption, SeedOption, command, emit, emit_json, group, say
from prisyn.commands import audit_compare

app = group(
    "Attack a synthetic cohort, whoever made it, measure what it is good for, and judge it.\n\n"
    "\b\nExamples:\n"
    "  prisyn audit run --members m.h5ad --nonmembers n.h5ad --synthetic s.h5ad \\\n"
    "      --label cell_type --out audit\n"
    "  prisyn audit compare ours=audit-a theirs=audit-b --out comparison\n"
    "  prisyn audit attacks\n"
)

Members = Annotated[Path, typer.Option("--members", help="What the generator was trained on (.h5ad or a table).")]
Nonmembers = Annotated[Path, typer.Option("--nonmembers", help="Records like them that it never saw.")]


@command(app, "run")
def run(
    members: Members,
    nonmembers: Nonmembers,
    synthetic: Annotated[Path, typer.Option("--synthetic", help="The records it made.")],
    out: Annotated[Path, typer.Option("--out", help="The folder for audit.json, audit.html and model-card.md.")],
    reference: Reference = None,
    label: Label = None,
    donor: Donor = None,
    claim_epsilon: ClaimEpsilon = None,
    claim_delta: ClaimDelta = None,
    unit: Unit = "record",
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="A saved ledger or model folder, in place of --claim-...")
    ] = None,
    split: SplitOption = Split.FIXED,
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
    from prisyn._audit_inputs import read_claim, read_edges
    from prisyn._audit_sets import read_target

    claim = read_claim(epsilon=claim_epsilon, delta=claim_delta, unit=unit, ledger=ledger, coins=split is Split.COINS)
    paths = {"members": members, "nonmembers": nonmembers, "synthetic": synthetic}
    if reference is not None:
        paths["reference"] = reference
    target = read_target(paths, label=label, donor=donor, edges=read_edges(file=edges, graph=grn))
    asked = Asked(seed, attack, metric, risk, curve, condition)
    kept = kept_in(out, paths, target, asked, claim=claim, columns=[label, donor])
    result = run_audit(target, asked, claim=claim, kept=kept)
    write_audit(result, target, out, name=synthetic.name, pdf=pdf)
    forget(out)


@command(app, "report")
def report(
    audit_folder: Annotated[Path, typer.Argument(help="A folder with an audit.json.", metavar="FOLDER")],
    name: Annotated[
        str | None, typer.Option("--name", help="How the card calls the synthetic set; else as the audit does.")
    ] = None,
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
    called = name or str(facts.get("name", "synthetic"))
    write_pages(facts, render_report(facts, None), audit_folder, name=called, pdf=pdf)
    say("the map of records is left out: it needs the records, which `prisyn audit run` has")
    if not pdf and (audit_folder / PDF).exists():
        say(f"{audit_folder / PDF} is that of before: add --pdf to print it anew")


audit_compare.register(app)


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
