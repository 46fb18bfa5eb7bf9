"""One HTML page out of the audit's JSON: no script, no network, nothing unescaped."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from audit.document import Cell, Figure, Section
from audit.figures import map_figure, roc_figure, shares_figure
from audit.report import _tables as tables
from audit.report._exposure import curves_section, edges_section, records_section, risks_section, subgroups_section
from audit.result import AuditResult
from audit.target import AuditTarget

Json = Mapping[str, Any]
TITLE = "Privacy audit of a synthetic cohort"


def render_report(
    result: AuditResult | Json, target: AuditTarget | None, *, sections: Sequence[Section] = (), title: str = TITLE
) -> str:
    """The page as text: verdict, claim, attacks, whom they found, map, types, metrics, then the `sections` handed in.

    `result` is an audit's result or its JSON; `target` is what was audited, for the map of cells (no map without it).
    Raises ValueError where two sections share an id or an id is no plain word.
    """
    facts = result.to_json() if isinstance(result, AuditResult) else result
    own = _own_sections(facts, target)
    method = _method(facts)
    _check_ids(sections, {"verdict", *(section.id for section in [*own, method])})
    placed = {place: [s for s in sections if s.after == place] for place in ("claim", "metrics")}
    claim, *rest = own
    return str(
        environment()
        .get_template("page.html.j2")
        .render(
            title=title,
            facts=facts,
            things=tables.features(facts),
            sections=[claim, *placed["claim"], *rest, *placed["metrics"], method],
        )
    )


def _check_ids(sections: Sequence[Section], taken: set[str]) -> None:
    for section in sections:
        if not re.fullmatch(r"[A-Za-z][\w-]*", section.id):
            raise ValueError(f"section id {section.id!r} is no plain word")
        if section.id in taken:
            raise ValueError(f"section id {section.id!r} is taken")
        taken.add(section.id)


def environment() -> Any:
    """The templates of the reports, with their filters. Everything is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("audit", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"cell": show, "is_number": lambda value: isinstance(value, int | float), "uri": data_uri}
    return environment


def show(value: Cell) -> str:
    """A cell as text: integers with thousands apart, small numbers in powers of ten, None as a dash."""
    if value is None:
        return tables.DASH
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if value != 0 and abs(value) < 0.0005:
        return f"{value:.1e}".replace("-", tables.MINUS)
    return f"{value:.3f}".replace("-", tables.MINUS) if abs(value) < 100 else f"{value:,.1f}".replace("-", tables.MINUS)


def data_uri(image: bytes | str) -> str:
    """A PNG or SVG picture as a data URI; as an image, an SVG can neither run scripts nor load anything."""
    kind, content = ("png", image) if isinstance(image, bytes) else ("svg+xml", image.encode("utf-8"))
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _own_sections(facts: Json, target: AuditTarget | None) -> list[Section]:
    sections = [_claim(facts), _attacks(facts), *records_section(facts), *subgroups_section(facts)]
    sections += [*risks_section(facts), *edges_section(facts), *curves_section(facts)]
    if target is not None:
        sections.append(_map(target, facts))
    return [*sections, *_types(facts), _metrics(facts)]


def _claim(facts: Json) -> Section:
    claim = facts["claim"]
    if claim is None:
        return Section(
            "claim", "What was claimed", "No privacy guarantee was stated. The tests below are all there is."
        )
    lead = str(claim["statement"])
    if not claim["is_private"]:
        lead += " For this run the guarantee does not hold: its noise came from a fixed seed and could be subtracted."
    return Section("claim", "What was claimed", lead, tables=(tables.claim(claim),))


def _attacks(facts: Json) -> Section:
    lead = (
        "Each attack scores every real record for having been used in training. A harmless release leaves it no better "
        "than a coin: an area under the curve (AUC) of 0.5, and members found at the same rate as outsiders accused."
    )
    figures: tuple[Figure, ...] = (roc_figure(facts),) if facts["attacks"] else ()
    parts = [tables.attacks(facts), tables.instruments(facts), tables.proved(facts), tables.explained(facts)]
    if facts["broken"] or facts["left_out"]:
        parts.insert(2, tables.broken(facts))
    return Section("attacks", "Who could be found", lead, tables=tuple(parts), figures=figures)


def _map(target: AuditTarget, facts: Json) -> Section:
    lead = (
        "Real and synthetic records on one map. The shapes on both sides should agree: an island on the left alone was "
        "lost, one on the right alone was invented."
    )
    figure = map_figure(target, seed=int(facts["seed"]))
    return Section("map", "Real and synthetic records", lead, tables=(tables.map_counts(facts),), figures=(figure,))


def _types(facts: Json) -> list[Section]:
    figure = shares_figure(facts)
    if figure is None:
        return []
    metric = next(metric for metric in facts["metrics"] if metric["name"] == "retention")
    parts = tuple(tables.detail(table) for table in metric["tables"])
    lead = " ".join(["Rare types are the first to disappear behind noise.", *metric["notes"]])
    return [Section("types", "Which types are still there", lead, tables=parts, figures=(figure,))]


def _metrics(facts: Json) -> Section:
    lead = (
        "How well the synthetic records stand in for real ones. Beside each number stands what real records reach "
        "against other real records: the best that could be hoped for."
    )
    details = [t for metric in facts["metrics"] if metric["name"] != "retention" for t in metric["tables"]]
    parts = (tables.metrics(facts), tables.readings(facts), *(tables.detail(table) for table in details))
    return Section("metrics", "What the data are good for", lead, tables=parts)


def _method(facts: Json) -> Section:
    lead = (
        "An audit can prove a leak; it cannot prove that there is none. It says what these attacks, with these "
        "records, could and could not see. The bounds on epsilon take the scores of different records to be "
        "independent given the synthetic set; the Gaussian ones take the mechanism to be Gaussian as well. This page "
        "shows real records and is not itself differentially private: keep it as confidential as the cohort."
    )
    return Section("method", "How this was judged", lead, tables=(tables.sets(facts), tables.gates(facts)))
