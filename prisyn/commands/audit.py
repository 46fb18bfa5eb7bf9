"""`prisyn audit`: attack a synthetic cohort, whoever made it, and say what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prisyn._command import Format, FormatOption, SeedOption, command, emit, emit_json, group, say

app = group(
    "Attack a synthetic cohort, whoever made it, measure what it is good for, and judge it.\n\n"
    "\b\nExamples:\n"
    "  prisyn audit run --members m.h5ad --nonmembers n.h5ad --synthetic s.h5ad \\\n"
    "      --label cell_type --out audit\n"
    "  prisyn audit attacks\n"
)


@command(app, "run")
def run(
    members: Annotated[Path, typer.Option("--members", help="The cells the generator was trained on (.h5ad).")],
    nonmembers: Annotated[Path, typer.Option("--nonmembers", help="Cells like them that it never saw.")],
    synthetic: Annotated[Path, typer.Option("--synthetic", help="The cells it made.")],
    out: Annotated[Path, typer.Option("--out", help="The folder for audit.json and audit.html.")],
    reference: Annotated[Path | None, typer.Option("--reference", help="Cells an attacker may know.")] = None,
    label: Annotated[str | None, typer.Option("--label", help="The column of obs that names the type.")] = None,
    donor: Annotated[str | None, typer.Option("--donor", help="The column of obs that names the donor.")] = None,
    attack: Annotated[list[str] | None, typer.Option("--attack", help="Only these attacks; repeatable.")] = None,
    metric: Annotated[list[str] | None, typer.Option("--metric", help="Only these metrics; repeatable.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Run attacks and metrics, judge, and write audit.json and audit.html.

    \b
    Examples:
      prisyn audit run --members m.h5ad --nonmembers n.h5ad --synthetic s.h5ad \\
          --out audit
      prisyn audit run --members m.h5ad --nonmembers n.h5ad --synthetic s.h5ad \\
          --reference r.h5ad --label cell_type --donor donor --out audit
    """
    from audit import AuditTarget, audit, render_report
    from prisyn._cohorts import read_all
    from prisyn_base import atomic_path, write_json

    paths = {"members": members, "nonmembers": nonmembers, "synthetic": synthetic}
    if reference is not None:
        paths["reference"] = reference
    sets = read_all(paths, label=label, donor=donor)
    target = AuditTarget(sets["members"], sets["nonmembers"], sets["synthetic"], sets.get("reference"))
    result = audit(target, seed=seed, attacks=attack or None, metrics=metric or None, progress=say)
    write_json(out / "audit.json", result.to_json())
    page = render_report(result, target)
    with atomic_path(out / "audit.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    for line in result.summary:
        say(line)
    say(f"wrote {out / 'audit.json'} and {out / 'audit.html'}")


@command(app, "attacks")
def attacks(form: FormatOption = Format.TABLE) -> None:
    """List the attacks and metrics: what each does and where it comes from.

    \b
    Examples:
      prisyn audit attacks
      prisyn audit attacks --format json
    """
    from audit import ATTACKS, METRICS

    listed = [("attack", each.name, each.explanation, each.reference) for each in ATTACKS.values()]
    listed += [("metric", each.name, each.explanation, each.reference) for each in METRICS.values()]
    rows = [dict(zip(("kind", "name", "explanation", "reference"), each, strict=True)) for each in sorted(listed)]
    emit(rows, form)


@command(app, "selftest")
def selftest(
    seed: SeedOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Test the instruments: nothing is found where nothing is, planted copies are found. Exit code 1 if one fails.

    \b
    Examples:
      prisyn audit selftest
      prisyn audit selftest --format json
    """
    from audit import selftest as test

    result = test(seed=seed)
    if form is Format.JSON:
        emit_json(result.to_json())
    else:
        rows = [{"held": "yes" if c.held else "NO", "statement": c.name, "measured": c.detail} for c in result.checks]
        emit(rows, form)
    if not result.passed:
        say("an instrument failed: what it says of synthetic data must not be believed")
        raise typer.Exit(1)
