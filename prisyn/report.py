"""What the report says beyond the audit: the promise, what was public, the graph and how well it was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from audit import Figure, Section, Table
from prisyn.network_figure import choose_edges, draw_network
from prisyn.runfile import NO_READER, Run

if TYPE_CHECKING:
    from conditioned_gen import Ledger
    from kg import GRN, Edge

READ_EDGES = 60
"""Edges shown with their sentences; the rest are in the graph files."""
DATABASE_EDGES = 30
"""Edges shown that no text of this run speaks of."""


def sections(run: Run, *, ledger: Ledger, grn: GRN, evaluation: dict[str, Any]) -> tuple[Section, ...]:
    """The sections of the report that the audit knows nothing of, in the order in which they are shown."""
    return (
        _privacy(ledger),
        _public(run, ledger, grn),
        _network(grn, run.settings.graph.min_belief),
        _edges(grn),
        _reading(run, evaluation),
    )


def _privacy(ledger: Ledger) -> Section:
    rows = [{str(k): v for k, v in entry.items()} for entry in ledger.to_json()["entries"]]
    columns = tuple(rows[0]) if rows else ("release",)
    table = Table(
        "Every release of the private records, in order",
        columns,
        tuple(tuple(_cell(row[name]) for name in columns) for row in rows),
    )
    lead = "Each line is a release of the private records behind the barrier; together they make up what was claimed."
    return Section("ledger", "The ledger", lead, (table,), after="claim")


def _public(run: Run, ledger: Ledger, grn: GRN) -> Section:
    counts = grn.stats()
    rows = [(name, "taken as public") for name in ledger.public]
    if run.settings.cohort.public is None:
        rows.append(("cells of other people", "none: regulons of the graph stand in their place"))
    lead = (
        "These were used without any privacy cost. Everything else about the private cells went through the ledger. "
        f"The whole graph has {counts.edges:,} edges out of {counts.papers:,} published papers; those believed enough "
        "condition the generator."
    )
    return Section(
        "public", "What was public", lead, (Table("Public inputs", ("what", "how"), tuple(rows)),), after="claim"
    )


def _network(grn: GRN, min_belief: float) -> Section:
    believed = grn.edges(min_belief)
    drawn = choose_edges(believed)
    counts = grn.stats()
    lead = (
        f"{counts.edges:,} edges between {counts.genes:,} genes and families; {len(believed):,} of them are believed "
        f"at least {min_belief:g} and condition the generator. Belief counts independent papers and how reliable the "
        "reader of each is."
    )
    if not drawn:
        return Section("network", "The graph", lead)
    regulators = sorted({edge.regulator.symbol for edge in drawn})
    caption = f"{len(drawn):,} of {len(believed):,} edges: those of the regulators with most belief going out."
    alt = f"Network of {len(regulators)} regulators and their targets. Regulators: {', '.join(regulators)}."
    return Section("network", "The graph", lead, (), (Figure(alt, draw_network(drawn), caption),))


def _edges(grn: GRN) -> Section:
    ranked = sorted(grn.edges(), key=lambda e: (-e.belief, e.regulator.symbol, e.target.symbol))
    read = [edge for edge in ranked if any(item.kind == "text" for item in edge.evidence)]
    known = [edge for edge in ranked if edge not in set(read)]
    tables = (
        _edge_table("Edges read in texts, with a sentence that says so", read, READ_EDGES),
        _edge_table("Edges of databases, with the row", known, DATABASE_EDGES),
    )
    lead = "Every edge keeps all its evidence; the graph file has it. Here is the best supported part, to be checked."
    return Section("edges", "Edges and their evidence", lead, tuple(table for table in tables if table.rows))


def _edge_table(caption: str, edges: Sequence[Edge], most: int) -> Table:
    shown = edges[:most]
    note = f" ({len(shown)} of {len(edges):,})" if len(edges) > len(shown) else ""
    columns = ("regulator", "target", "effect", "belief", "papers", "evidence", "from")
    return Table(f"{caption}{note}", columns, tuple(_edge_row(edge) for edge in shown))


def _edge_row(edge: Edge) -> tuple[str | float | int, ...]:
    best = edge.best
    quote = best.quote + (f" [{', '.join(best.marks)}]" if best.marks else "")
    symbols = (edge.regulator.symbol, edge.target.symbol, str(edge.effect))
    return (*symbols, round(edge.belief, 3), len(edge.papers), quote, best.witness)


def _cell(value: Any) -> str | int | float | None:
    return value if isinstance(value, str | int | float | None) else ", ".join(map(str, value))


def _reading(run: Run, evaluation: dict[str, Any]) -> Section:
    """How right the reader was on texts whose answers are known, or that nobody measured it here."""
    from kg import reliability

    section, measured = run.settings.extract, evaluation["measured"]
    title = "How well the texts were read"
    if section.corpus is None or section.reader == NO_READER:
        return Section("reading", title, "No texts were read: the graph comes from databases alone.")
    if measured is None:
        lead = (
            f"The reader {section.reader!r} was not measured on these texts, whose answers are not known. "
            "`prisyn extract evaluate` measures it on texts whose answers are."
        )
        return Section("reading", title, lead)
    low, high = measured["f1_ci"]
    lead = (
        f"The reader {measured['reader']!r} read {measured['documents']} texts whose answers are known, written for "
        f"this project, and put {measured['calls']:,} questions to the model. Its F1 on directed pairs is "
        f"{measured['f1']:.2f} (95 % interval {low:.2f} to {high:.2f}). Belief "
        f"gives each of its statements {reliability(measured['reader']).probability:.2f}, its precision "
        "on annotated abstracts."
    )
    sign = measured["sign_accuracy"]
    whole = (
        ("pairs to be found", measured["pairs"]),
        ("pairs stated", measured["stated"]),
        ("precision", round(measured["precision"], 3)),
        ("recall", round(measured["recall"], 3)),
        ("stated the wrong way round", measured["reversed"]),
        ("sign right, where the pair is", None if sign is None else round(sign, 3)),
    )
    parts = tuple(
        (name, counts["right"], counts["wrong"], counts["missed"])
        for name, counts in sorted(measured["by_phenomenon"].items())
    )
    tables = [Table("On the example corpus", ("what", "value"), whole)]
    if parts:
        tables.append(Table("By what the wording tests", ("wording", "right", "wrong", "missed"), parts))
    return Section("reading", title, lead, tuple(tables))
