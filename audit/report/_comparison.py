"""Several audits on one page: verdicts, attacks, risks and measures, each a table that can be sorted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from audit.charts import intervals_figure, plane_figure
from audit.compare import Comparison
from audit.document import Cell, Figure, Section, Table
from audit.report._page import environment
from audit.report._tables import MINUS

Json = Mapping[str, Any]
TITLE = "Synthetic cohorts compared"
UTILITY = ("tstr.accuracy", "feature_r2.r2", "rf_auroc.auroc", "mmd.mmd2")
"""Measures of use for the plane of privacy and use, the first that every audit has."""


def render_comparison(comparison: Comparison, *, title: str = TITLE) -> str:
    """The comparison as one self-contained page; its one script sorts tables and may do nothing else."""
    facts = comparison.to_json()
    script = files("audit.report").joinpath("sort.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    sections = [section for section in (_verdicts(facts), *_parts(facts), _reading()) if section.tables or section.lead]
    template = environment().get_template("comparison.html.j2")
    return str(template.render(title=title, facts=facts, sections=sections, script=script, digest=digest))


def _verdicts(facts: Json) -> Section:
    rows = tuple(_verdict(audit) for audit in facts["audits"])
    columns = ("Synthetic set", "Verdict", "Records", "Members copied", "Claimed epsilon", "Proved epsilon", "Why")
    table = Table("Verdict, claim and proof of each", columns, rows)
    figures = (_plane(facts),) if _utility(facts) else ()
    return Section("verdicts", "Which may be published", tables=(table,), figures=figures)


def _verdict(audit: Json) -> tuple[Cell, ...]:
    claim = audit["claim"]
    claimed = None if claim is None else claim["epsilon"] if claim["is_private"] else "does not hold"
    return (
        *(audit["name"], audit["outcome"], audit["records"], audit["copies"], claimed),
        *(audit["epsilon_at_least"], audit["headline"]),
    )


def _parts(facts: Json) -> list[Section]:
    words: dict[str, tuple[str, str, str]] = {
        "attack": ("attacks", "Who could be found", "Lower is safer; an AUC of 0.5 is a coin."),
        "risk": ("risks", "What else could be learnt", "Success on members less success on people never there."),
        "metric": ("metrics", "What the sets are good for", "Each measure says in its last column where good lies."),
    }
    sections = []
    for part, (place, title, lead) in words.items():
        measures = [measure for measure in facts["measures"] if measure["part"] == part]
        if measures:
            sections.append(Section(place, title, lead, (_table(facts, measures, title),), _figures(facts, measures)))
    return sections


def _figures(facts: Json, measures: list[Json]) -> tuple[Figure, ...]:
    areas = [measure for measure in measures if measure["key"].endswith(".auc")]
    names = [audit["name"] for audit in facts["audits"]]
    return (intervals_figure(areas, names, axis="AUC", chance=0.5),) if areas else ()


def _table(facts: Json, measures: list[Json], title: str) -> Table:
    names = [audit["name"] for audit in facts["audits"]]
    rows = tuple(
        (
            measure["label"],
            *(_shown(measure["values"].get(name)) for name in names),
            _leads(measure, names),
            _goal(measure),
        )
        for measure in measures
    )
    return Table(f"{title}, with 95 % intervals", ("Measure", *names, "Best", "Good is"), rows)


def _shown(value: Json | None) -> str | None:
    if value is None or value["point"] is None:
        return None
    if value["fault"]:
        return "cannot tell"
    return f"{value['point']:.3f} ({value['low']:.3f} to {value['high']:.3f})".replace("-", MINUS)


def _leads(measure: Json, names: list[str]) -> str | None:
    leads = measure["not_told_apart"]
    if not leads:
        return None
    return "not told apart" if len(leads) == len(names) else ", ".join(leads)


def _goal(measure: Json) -> str:
    if measure["goal"] == "target":
        return "near each set's own" if measure["target"] is None else f"near {measure['target']:g}"
    return "high" if measure["goal"] == "maximise" else "low"


def _utility(facts: Json) -> Json | None:
    names = {audit["name"] for audit in facts["audits"]}
    by_key = {measure["key"]: measure for measure in facts["measures"] if names <= set(measure["values"])}
    return next((by_key[key] for key in UTILITY if key in by_key), None)


def _plane(facts: Json) -> Figure:
    """Each set by the attack that found most and by its use."""
    use = _utility(facts)
    assert use is not None
    worst = {}
    for audit in facts["audits"]:
        areas = [m["values"].get(audit["name"]) for m in facts["measures"] if m["key"].endswith(".auc")]
        usable = [value for value in areas if value is not None and not value["fault"]]
        if usable:
            worst[audit["name"]] = max(usable, key=lambda value: value["point"])
    return plane_figure(worst, use)


def _reading() -> Section:
    lead = (
        "Where every set met the same attacks, differences are those of the sets. Where intervals meet, the sets are "
        "not told apart: that is the cautious reading, for intervals that meet can still hide a difference. The attack "
        "that found most is chosen after the fact, so its interval is too narrow."
    )
    return Section("reading", "How to read this", lead)
