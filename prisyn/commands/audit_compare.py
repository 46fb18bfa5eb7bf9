"""`prisyn audit compare`: several synthetic sets side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from prisyn._auditing import (
    Asked,
    Attacks,
    ClaimDelta,
    ClaimEpsilon,
    Donor,
    Label,
    Metrics,
    Reference,
    Risks,
    Split,
    SplitOption,
    Unit,
    forget,
    kept_in,
    run_audit,
    write_audit,
    write_text,
)
from prisyn._command import Format, FormatOption, SeedOption, command, emit, say


def register(app: typer.Typer) -> None:
    """Add the command to the group of the audit."""
    command(app, "compare")(compare)


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
    claim_epsilon: ClaimEpsilon = None,
    claim_delta: ClaimDelta = None,
    unit: Unit = "record",
    ledger: Annotated[
        list[str] | None,
        typer.Option("--ledger", help="The ledger or model of one synthetic set; repeatable.", metavar="NAME=PATH"),
    ] = None,
    split: SplitOption = Split.FIXED,
    attack: Attacks = None,
    metric: Metrics = None,
    risk: Risks = None,
    seed: SeedOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Several synthetic sets side by side: the same attacks, risks and metrics, with intervals.

    Synthetic sets among the candidates are audited first, into OUT/NAME; their reports have no map of the records. A
    claim in numbers is one for all of them that have no ledger of their own.

    \b
    Examples:
      prisyn audit compare ours=audit-a theirs=audit-b --out comparison
      prisyn audit compare ours=a.h5ad theirs=b.h5ad --members m.h5ad --nonmembers n.h5ad \\
          --reference r.h5ad --label cell_type --ledger ours=model --out comparison
    """
    from audit import compare as side_by_side
    from audit import render_comparison
    from prisyn._audit_inputs import is_audit, name_candidates, read_audit, read_claims, required_sets
    from prisyn._audit_sets import read_target
    from prisyn_base import write_json

    named = name_candidates(candidates)
    judged = {key: path for key, path in named.items() if not is_audit(path)}
    sets = required_sets(members, nonmembers, reference, judged)
    claims = read_claims(
        judged, epsilon=claim_epsilon, delta=claim_delta, unit=unit, ledgers=ledger or [], coins=split is Split.COINS
    )
    audits = {key: read_audit(path) for key, path in named.items() if key not in judged}
    paths = {key: {**sets, "synthetic": path} for key, path in judged.items()}
    targets = {key: read_target(paths[key], label=label, donor=donor) for key in judged}
    asked = Asked(seed, attack, metric, risk)
    for key, target in targets.items():
        say(f"{key}:")
        kept = kept_in(out / key, paths[key], target, asked, claim=claims[key], columns=[label, donor])
        result = run_audit(target, asked, claim=claims[key], kept=kept)
        audits[key] = result.to_json()
        write_audit(result, None, out / key, name=key)
    comparison = side_by_side({key: audits[key] for key in named})
    facts = comparison.to_json()
    write_json(out / "comparison.json", facts)
    write_text(out / "comparison.html", render_comparison(comparison))
    for key in judged:
        forget(out / key)
    for warning in comparison.warnings:
        say(f"warning: {warning}")
    say(f"wrote {out / 'comparison.json'} and {out / 'comparison.html'}")
    emit([_row(each) for each in facts["audits"]], form)


def _row(audit: dict[str, Any]) -> dict[str, Any]:
    """What the comparison says of one audit, in the words of its page."""
    claim = audit["claim"]
    return {
        "name": audit["name"],
        "verdict": audit["outcome"],
        "claimed_epsilon": None if claim is None or not claim["is_private"] else claim["epsilon"],
        "proved_epsilon": audit["epsilon_at_least"],
        "copies": audit["copies"],
        "found_most": audit["found_most"],
        "auc": audit["worst_auc"],
        "why": audit["headline"],
    }
