"""A model card: what a synthetic set is for, what was promised, and what its audit found (Mitchell et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.report._tables import MINUS, features, interval, is_judged, percent

Json = Mapping[str, Any]


def model_card(facts: Json, *, name: str) -> str:
    """The card of the synthetic set called `name` as Markdown, from an audit's JSON.

    It names no record and holds no score of one, but its figures come from the real records without noise: whoever
    owns them decides whether it is published.
    """
    parts = [
        f"# Model card: {_text(name)}",
        _lead(facts),
        "## What was promised",
        _promise(facts),
        "## What the audit found",
        _verdict(facts),
        _attacks(facts),
        *_risks(facts),
        "## What it is good for",
        _use(facts),
        "## Who is not served",
        _limits(facts),
        "## How this was made",
        _method(facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lead(facts: Json) -> str:
    sets = facts["sets"]
    return (
        f"{sets['synthetic']['records']:,} synthetic records of {sets['members']['genes']:,} {features(facts)}, made "
        f"from {sets['members']['records']:,} real records and audited against {sets['nonmembers']['records']:,} that "
        "were held out. The figures below were computed on real records without noise: publishing this card is a "
        "decision of their owner."
    )


def _promise(facts: Json) -> str:
    claim = facts["claim"]
    if claim is None:
        return "No privacy guarantee was stated. The tests below are all there is."
    holds = "" if claim["is_private"] else " **For this run the guarantee does not hold:** its noise was seeded."
    return f"{_text(claim['statement'])}{holds}"


def _verdict(facts: Json) -> str:
    verdict = facts["verdict"]
    wanted = ("fail", "cannot tell", "pass")
    checks = sorted(verdict["checks"], key=lambda check: wanted.index(check["outcome"]))
    lines = [f"- {check['outcome']}: {_text(check['reason'])}" for check in checks]
    return "\n".join([f"**{verdict['outcome'].capitalize()}.** {_text(verdict['headline'])}", "", *lines])


def _attacks(facts: Json) -> str:
    rows = [
        (a["label"], _estimate(a["auc"]) if not a["fault"] else f"cannot tell: {a['fault']}", a["reference"])
        for a in facts["attacks"]
    ]
    return _table(("Membership attack", "AUC (95 %), 0.5 = coin", "Source"), rows)


def _risks(facts: Json) -> list[str]:
    rows = [
        (r["label"], percent(r["success"]["point"]), percent(r["control"]["point"]), _estimate(r["advantage"]))
        for r in facts["risks"]
    ]
    return [_table(("Other risk", "On members", "On others", "Difference (95 %)"), rows)] if rows else []


def _use(facts: Json) -> str:
    rows = [
        (
            score["label"],
            _estimate(score["estimate"]),
            "" if score["control"] is None else f"{score['control']['point']:.3f} ({score['control_label']})",
            score["reading"],
        )
        for metric in facts["metrics"]
        for score in metric["scores"]
    ]
    return _table(("Measure", "Synthetic (95 %)", "Real", "How to read it"), rows) if rows else "Nothing was measured."


def _limits(facts: Json) -> str:
    lines = [f"- {_text(note)}" for m in facts["metrics"] if m["name"] == "retention" for note in m["notes"]]
    exposure = facts["exposure"]
    groups = [] if exposure is None else exposure["subgroups"]
    small = [g for g in groups if not is_judged(g, facts)]
    if small:
        names = ", ".join(f"{_text(g['name'])} ({g['n']})" for g in small)
        lines.append(f"- Too few records for a statement of their own privacy: {names}.")
    lines += [f"- {_text(warning)}." for warning in facts["warnings"]]
    lines.append("- An audit can prove a leak; it cannot prove that there is none.")
    return "\n".join(lines)


def _method(facts: Json) -> str:
    ran = len(facts["attacks"]), len(facts["risks"]), len(facts["metrics"])
    return (
        f"PriSyn audit, schema `{facts['schema']}`, seed {facts['seed']}: {ran[0]} attacks, {ran[1]} other risks, "
        f"{ran[2]} measures. The thresholds of the verdict are part of the schema and were fixed before the data were "
        "seen."
    )


def _estimate(estimate: Json) -> str:
    return f"{estimate['point']:.3f} ({interval(estimate)})".replace("-", MINUS)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_text(cell) for cell in line) + " |" for line in lines)


def _text(words: str) -> str:
    """Words as Markdown text: what would start markup or end a cell is escaped."""
    flat = " ".join(str(words).split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>|" else c for c in flat)
