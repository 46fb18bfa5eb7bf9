"""The sections on whom the attacks found: single records, types, other risks, and how the risk grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.charts import ARROW, cost_figure, curve_figure, edges_figure, subgroups_figure, suspicion_figure
from audit.document import Cell, Fold, Section, Table
from audit.report._tables import gate, interval, is_judged, p_value, percent

Json = Mapping[str, Any]


def records_section(facts: Json) -> list[Section]:
    """The most exposed members, each with what every attack thinks of it and its nearest synthetic records."""
    exposure = facts["exposure"]
    if exposure is None or not exposure["records"]:
        return []
    members, outsiders = exposure["found"] / exposure["of_members"], exposure["accused"] / exposure["of_nonmembers"]
    lead = (
        f"With {percent(exposure['fpr'])} false alarms an attack, at least one attack points at {percent(members)} of "
        f"the members, and at {percent(outsiders)} of the outsiders. Where nothing leaks these agree, and whoever "
        "stands below is there by chance: somebody always is the most exposed. Numbers are pseudonyms; who holds the "
        "members' file and the seed can find the record (audit.record_numbers)."
    )
    folds = tuple(
        Fold(_summary(record, exposure), (_suspicion(record, exposure), _neighbours(record)))
        for record in exposure["records"]
    )
    return [
        Section(
            "records",
            "The most exposed records",
            lead,
            tables=(_overview(exposure),),
            figures=(suspicion_figure(exposure),),
            folds=folds,
        )
    ]


def _summary(record: Json, exposure: Json) -> str:
    kind = "" if record["subgroup"] is None else f" ({record['subgroup']})"
    return f"Member {record['number']}{kind}: accused by {record['accusers']} of {len(exposure['attacks'])} attacks"


def _overview(exposure: Json) -> Table:
    rows = []
    for record in exposure["records"]:
        least = min(record["suspicion"])
        nearest = record["neighbours"][0]
        rows.append(
            (
                f"Member {record['number']}",
                record["subgroup"],
                record["accusers"],
                exposure["attacks"][record["suspicion"].index(least)],
                percent(least),
                nearest["row"],
                record["nearness"],
            )
        )
    columns = (
        *("Record", "Type", "Accused by", "Most suspect to", "Outsiders as suspect"),
        *("Synthetic row", "Over usual"),
    )
    caption = (
        f"Members by the number of attacks that accuse them at {percent(exposure['fpr'])} false alarms; the last "
        "column is the distance over what is usual for outsiders of the type, so below 1 is nearer"
    )
    return Table(caption, columns, tuple(rows))


def _suspicion(record: Json, exposure: Json) -> Table:
    pairs = sorted(zip(record["suspicion"], exposure["attacks"], strict=True))
    rows = tuple((name, percent(share), "yes" if share <= exposure["fpr"] else "no") for share, name in pairs)
    return Table(f"Member {record['number']} by attack", ("Attack", "Outsiders as suspect", "Accused"), rows)


def _neighbours(record: Json) -> Table:
    rows = tuple((f"Row {near['row']}", near["label"], near["distance"]) for near in record["neighbours"])
    caption = f"Synthetic records nearest to member {record['number']}, in the shared coordinates"
    return Table(caption, ("Synthetic record", "Type", "Distance"), rows)


def subgroups_section(facts: Json) -> list[Section]:
    """Every type by itself, and which types are too small to say anything of."""
    exposure = facts["exposure"]
    groups = [] if exposure is None else exposure["subgroups"]
    if not any(group["auc"] is not None for group in groups):
        return []
    harm = gate(facts, "minority harm")
    rows = tuple(_subgroup(group, facts) for group in groups)
    columns = ("Type", "Members", "Others", "Saw most", "AUC (95 %)", "p", "Could be seen", "Says")
    caption = "Attacks within each type; p after Holm's correction over all types and attacks"
    lead = (
        "A cohort can be safe on the whole while a small type is not. Where the least AUC that could have been seen "
        f"lies above {harm:g}, the type is too small, and this page says nothing of it."
    )
    figure = subgroups_figure(groups, harm)
    return [Section("subgroups", "Minorities", lead, tables=(Table(caption, columns, rows),), figures=(figure,))]


def _subgroup(group: Json, facts: Json) -> tuple[Cell, ...]:
    visible, estimate = group["visible"], group["auc"]
    counts = (group["name"], group["n"], group["m"])
    if estimate is None:
        return (*counts, None, None, None, None, "cannot tell")
    found = group["adjusted"] <= gate(facts, "level") and estimate["point"] >= gate(facts, "AUC margin")
    said = "found" if found else "not found" if is_judged(group, facts) else "cannot tell"
    shown = f"{estimate['point']:.3f} ({interval(estimate)})"
    return (*counts, group["attack"], shown, p_value(group["adjusted"]), visible, said)


def risks_section(facts: Json) -> list[Section]:
    """What else somebody could learn of members: attributes, links, single persons, whole records."""
    if not facts["risks"]:
        return []
    rows = tuple(
        (
            *(risk["label"], percent(risk["success"]["point"]), percent(risk["control"]["point"])),
            *(percent(risk["naive"]["point"]), risk["advantage"]["point"], interval(risk["advantage"])),
            p_value(risk["p_value"]),
        )
        for risk in facts["risks"]
    )
    columns = ("Risk", "Members", "Non-members", "Naive guess", "Difference", "95 %", "p")
    about = tuple(
        (risk["label"], " ".join([risk["explanation"], *risk["notes"]]), risk["reference"]) for risk in facts["risks"]
    )
    details = (
        Table(t["caption"], tuple(t["columns"]), tuple(map(tuple, t["rows"])))
        for r in facts["risks"]
        for t in r["tables"]
    )
    lead = (
        "Each attack is tried on members and on people who were never there. What succeeds as often on the latter is "
        "knowledge of people in general, which is what synthetic data are for; the difference is the harm."
    )
    tables = (
        Table("How often each attack succeeds", columns, rows),
        *details,
        Table("What these attacks do", ("Risk", "In words", "Source"), about),
    )
    return [Section("risks", "What else could be learnt", lead, tables=tables)]


def edges_section(facts: Json) -> list[Section]:
    """Which regulations of the graph give members away."""
    leaks = facts["edges"]
    if leaks is None:
        return []
    rows = tuple(
        (f"{e['regulator']} {ARROW} {e['target']}", e["auc"]["point"], interval(e["auc"]), p_value(e["adjusted"]))
        for e in leaks["most"]
    )
    lead = (
        f"A generator that follows a graph has measured what happens along its edges. Of {leaks['edges']:,} edges "
        f"{leaks['significant']:,} tell members from outsiders by themselves."
    )
    caption = "Edges that tell members best, each by itself; p after Holm's correction over all edges"
    table = Table(caption, ("Edge", "AUC", "95 %", "p"), rows)
    figure = edges_figure(leaks, gate(facts, "level"))
    return [Section("leaking-edges", "Edges that leak", lead, tables=(table,), figures=(figure,))]


def curves_section(facts: Json) -> list[Section]:
    """Risk against cost, released records and records held."""
    attacks, seconds = facts["attacks"], facts["timing"]["attacks"]
    if not attacks:
        return []
    figures = [cost_figure(attacks, seconds), *(curve_figure(curve) for curve in facts["curves"])]
    tables = [_costs(attacks, seconds), *(_curve(curve) for curve in facts["curves"])]
    lead = "What an attacker gains from more computing" + (
        ", and how the risk changes with what is released or held." if facts["curves"] else "."
    )
    return [Section("curves", "How the risk grows", lead, tables=tuple(tables), figures=tuple(figures))]


def _costs(attacks: list[Json], seconds: Mapping[str, float]) -> Table:
    ordered = sorted(attacks, key=lambda attack: seconds[attack["name"]])
    rows = tuple((a["label"], seconds[a["name"]], a["auc"]["point"], interval(a["auc"])) for a in ordered)
    return Table("What each attack cost and found, cheapest first", ("Attack", "Seconds", "AUC", "95 %"), rows)


def _curve(curve: Json) -> Table:
    rows = tuple(
        (point["label"], point["at"], point["auc"]["point"], interval(point["auc"])) for point in curve["points"]
    )
    return Table(curve["label"], ("Attack", curve["axis"], "AUC", "95 %"), rows)
