"""The report's tables, from the audit's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.document import Cell, Table

Json = Mapping[str, Any]
MINUS, DASH = "\u2212", "\u2013"


def percent(share: float) -> str:
    """A share as a percentage with the digits it needs."""
    return f"{100 * share:.3g} %"


def interval(estimate: Json) -> str:
    """The two ends of an interval."""
    return f"{estimate['low']:.3f} to {estimate['high']:.3f}".replace("-", MINUS)


def p_value(value: float | None) -> str:
    """A p-value as it is written."""
    return DASH if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def features(facts: Json) -> str:
    """What the records' features are called. Audits of before know genes alone."""
    return "columns" if facts["sets"]["members"].get("kind") == "table" else "genes"


def gate(facts: Json, name: str) -> float:
    """The threshold of this name that the audit was judged by."""
    return float(next(each["value"] for each in facts["gates"] if each["name"] == name))


def is_judged(group: Json, facts: Json) -> bool:
    """Whether a type has records enough that harm to it would have been seen."""
    return group["visible"] is not None and group["visible"] <= gate(facts, "minority harm")


def claim(stated: Json) -> Table:
    """The stated guarantee as a table."""
    rows: list[tuple[Cell, ...]] = [
        (
            "Epsilon",
            f"{stated['epsilon']:g}",
            "The most that one unit can multiply the probability of any outcome by, as a logarithm.",
        ),
        ("Delta", f"{stated['delta']:g}", "A probability that comes on top of what epsilon allows."),
        ("Unit", stated["unit"], "Whose presence is hidden: one of these may be added or removed."),
        ("Holds for this run", "yes" if stated["is_private"] else "no", "Only noise that nobody can repeat protects."),
    ]
    return Table("The guarantee in numbers", ("Term", "Value", "Meaning"), tuple(rows))


def attacks(facts: Json) -> Table:
    """What each attack found."""
    fprs = [rate["fpr"] for rate in facts["attacks"][0]["rates"]] if facts["attacks"] else []
    rows = []
    for attack in facts["attacks"]:
        rates = [_rate(rate) for rate in attack["rates"]]
        adjusted = (attack["adjusted"] or {}).values()
        worst = p_value(min(adjusted)) if adjusted else "instrument failed"
        rows.append((attack["label"], attack["auc"]["point"], interval(attack["auc"]), *rates, worst))
    columns = ("Attack", "AUC", "95 %", *(f"Found at {percent(fpr)}" for fpr in fprs), "Smallest p")
    return Table(
        "What each attack found: AUC, members found at three rates of false alarms, and the smallest p-value against "
        "chance after Holm's correction over all tests",
        columns,
        tuple(rows),
    )


def explained(facts: Json) -> Table:
    """What each attack does and where it comes from."""
    rows = tuple((attack["label"], attack["explanation"], attack["reference"]) for attack in facts["attacks"])
    return Table("What the attacks do", ("Attack", "In one sentence", "Source"), rows)


def _rate(rate: Json) -> str:
    tpr = rate["tpr"]
    if not rate["resolvable"]:
        return "not resolvable"
    return f"{100 * tpr['point']:.1f} % ({100 * tpr['low']:.1f} to {100 * tpr['high']:.1f})"


def instruments(facts: Json) -> Table:
    """Whether each instrument worked."""
    names = list(dict.fromkeys(control["name"] for attack in facts["attacks"] for control in attack["controls"]))
    rows = []
    for attack in facts["attacks"]:
        areas = {c["name"]: f"{c['auc']['point']:.3f} ({interval(c['auc'])})" for c in attack["controls"]}
        told = attack["fault"] or "worked"
        rows.append((attack["label"], *(areas.get(name) for name in names), percent(attack["ties"]), told))
    caption = (
        "Controls, as AUC: what an attack says of the same records in another order must stay what it was; the others "
        "must be about 0.5, and ties few, or its silence means nothing"
    )
    return Table(caption, ("Attack", *map(str.capitalize, names), "Ties", "Instrument"), tuple(rows))


def broken(facts: Json) -> Table:
    """What broke while it was used, and plug-ins that could not be loaded."""
    rows = [(part["label"], part["kind"], part["reason"]) for part in facts["broken"]]
    rows += [("A plug-in", "left out", reason) for reason in facts["left_out"]]
    caption = "Broken instruments: they have said nothing, which is not the same as having found nothing"
    return Table(caption, ("Instrument", "Kind", "What happened"), tuple(rows))


def map_counts(facts: Json) -> Table:
    """What the map shows, as numbers: records of each type on either side."""
    sides = [dict(facts["sets"][name]["types"]) for name in ("members", "nonmembers", "synthetic")]
    totals = [facts["sets"][name]["records"] for name in ("members", "nonmembers", "synthetic")]
    kinds = sorted(set().union(*sides))
    rows: list[tuple[Cell, ...]] = [(kind, *(side.get(kind, 0) for side in sides)) for kind in kinds]
    rows.append(("All", *totals))
    return Table("Records on the map", ("Type", "Members", "Non-members", "Synthetic"), tuple(rows))


def proved(facts: Json) -> Table:
    """Lower bounds on epsilon."""
    claimed = DASH if facts["claim"] is None else f"{facts['claim']['epsilon']:g}"
    rows = [
        (a["label"], a["epsilon"]["clopper_pearson"], a["epsilon"]["gaussian"], claimed, f"{a['epsilon']['delta']:g}")
        for a in facts["attacks"]
    ]
    columns = ("Attack", "Epsilon at least", "If Gaussian (indicative)", "Claimed", "Delta")
    caption = (
        "What the attacks prove about epsilon, if the scores of different records are independent given the synthetic "
        "set. Under that assumption, a bound for the claim's own unit stands against the claim if it exceeds it"
    )
    if facts["claim"] is not None and not facts["claim"].get("coins"):
        caption += ", or twice it where, as here, the members are not known to have been chosen by coins"
    return Table(caption, columns, tuple(rows))


def metrics(facts: Json) -> Table:
    """All metrics with their controls."""
    rows = []
    for metric in facts["metrics"]:
        for score in metric["scores"]:
            control = score["control"]
            beside = None if control is None else control["point"]
            rows.append(
                (
                    *(score["label"], score["estimate"]["point"], interval(score["estimate"]), beside),
                    *(score["control_label"] or None, _goal(score), p_value(score["p_value"])),
                )
            )
    columns = ("Measure", "Synthetic", "95 %", "Real", "Real means", "Goal", "p")
    return Table("Fidelity and use, each beside what real records reach", columns, tuple(rows))


def _goal(score: Json) -> str:
    if score["goal"] == "maximise":
        return "high" if score["high"] is None else f"high, up to {score['high']:g}"
    if score["goal"] == "minimise":
        return f"low, {score['target']:g}"
    return f"near {score['target']:g}"


def readings(facts: Json) -> Table:
    """How each metric is read."""
    rows = [
        (score["label"], score["reading"], " ".join([metric["explanation"], *metric["notes"]]), metric["reference"])
        for metric in facts["metrics"]
        for score in metric["scores"]
    ]
    return Table("How to read these numbers", ("Measure", "Reading", "What is done", "Source"), tuple(rows))


def detail(table: Json) -> Table:
    """A metric's own table."""
    return Table(table["caption"], tuple(table["columns"]), tuple(tuple(row) for row in table["rows"]))


def sets(facts: Json) -> Table:
    """What was audited."""
    rows = tuple(
        (name, summary["records"], summary["genes"], len(summary["types"]) or None, summary["donors"])
        for name, summary in facts["sets"].items()
    )
    return Table("The audited sets", ("Set", "Records", features(facts).capitalize(), "Types", "Donors"), rows)


def gates(facts: Json) -> Table:
    """The thresholds of the verdict."""
    rows = tuple((gate["name"], f"{gate['value']:g}", gate["meaning"], gate["reason"]) for gate in facts["gates"])
    return Table(
        "The thresholds of the verdict, fixed before any data are seen",
        ("Threshold", "Value", "Meaning", "Reason"),
        rows,
    )
