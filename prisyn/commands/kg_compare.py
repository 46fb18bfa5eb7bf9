"""`prisyn kg`: one graph beside another, beside its own past, and beside a cohort's genes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, emit_json, say
from prisyn._edges import Most, edge_row, emit_edges, with_filter
from prisyn._graphs import open_graph, read_grn
from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from kg import Edge
    from kg.queries import Comparison, EdgeFilter, Share


class Show(StrEnum):
    """Which part of a comparison is listed."""

    SUMMARY = "summary"
    ONLY_GRAPH = "only-graph"
    ONLY_REFERENCE = "only-reference"
    FLIPS = "flips"


def register(app: typer.Typer) -> None:
    """Add the commands to the group of the graph."""
    for function in (changes, compare, restrict):
        command(app, function.__name__)(function)


@with_filter
def changes(
    since: Annotated[str, typer.Option("--since", help="A date or time, in UTC.", metavar="2026-11-25")],
    graph: GraphOption,
    most: Most = 50,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """List what a graph has learnt since a date: new edges first, then the most changed.

    Statements added and decisions taken both count. The belief and effect before are what they were without them.

    \b
    Examples:
      prisyn kg changes --since 2026-11-25 --graph grn.db
      prisyn kg changes --since 2026-11-25T10:30 --graph grn.db --format json
    """
    from kg import queries

    with open_graph(graph) as store:
        found = queries.changes(store, since, where)
    counts = Counter(str(change.kind) for change in found)
    say(", ".join(f"{number:,} {name}" for name, number in counts.items()) or f"nothing has changed since {since}")
    rows = [
        {
            "change": str(change.kind),
            "regulator": change.edge.regulator.symbol,
            "target": change.edge.target.symbol,
            "effect": str(change.edge.effect),
            "belief": round(change.edge.belief, 6),
            "effect_before": str(change.before.effect) if change.before else None,
            "belief_before": round(change.before.belief, 6) if change.before else None,
            "statements": len(change.statements),
            "decisions": len(change.decisions),
        }
        for change in found[:most]
    ]
    emit(rows, form)


@with_filter
def compare(
    graph: GraphOption,
    reference: Annotated[str, typer.Option("--reference", help="The graph to compare with.", metavar="URL")],
    shared_genes: Annotated[
        bool,
        typer.Option("--shared-genes", help="Only pairs of a regulator and a target that both graphs have as such."),
    ] = False,
    show: Annotated[Show, typer.Option("--show", help="What is listed.")] = Show.SUMMARY,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """Compare a graph with a reference, such as CollecTRI: precision, recall, signs, and the edges that differ.

    Precision is the share of the graph's edges that the reference has; an edge that it lacks may still be true.
    Intervals are 95 %, the wider of Wilson's and a bootstrap over regulators. The filter is about the graph's edges.

    \b
    Examples:
      prisyn kg compare --graph demo-out/graph/grn.db --reference collectri.db
      prisyn kg compare --graph grn.db --reference collectri.db --show flips --format tsv
    """
    from kg import queries

    found = queries.compare(read_grn(graph), read_grn(reference), shared_genes=shared_genes, where=where)
    if show is Show.SUMMARY:
        _emit_summary(found, form)
    elif show is Show.FLIPS:
        rows = [edge_row(edge) | {"reference": str(other.effect)} for edge, other in found.flips]
        columns = ("regulator", "target", "effect", "reference", "belief", "papers")
        emit(rows if form is Format.JSON else [{name: row[name] for name in columns} for row in rows], form)
    else:
        edges = found.only_graph if show is Show.ONLY_GRAPH else found.only_reference
        emit_edges(edges, "there is none", form)


@with_filter
def restrict(
    graph: GraphOption,
    cohort: Annotated[
        str | None, typer.Option("--cohort", help="A cohort whose genes are kept, or `example`.", metavar="FILE")
    ] = None,
    genes: Annotated[
        Path | None, typer.Option("--genes", help="A text file of gene symbols, one a line.", metavar="FILE")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the edges kept to this graph file.", metavar="FILE")
    ] = None,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """Restrict a graph to a cohort's genes, as a generator is given it, and list what is cut and why.

    The cohort's species is that of --species, human without it. Edges that do not pass the filter are cut too.

    \b
    Examples:
      prisyn kg restrict --cohort example --graph demo-out/graph/grn.db
      prisyn kg restrict --cohort cells.h5ad --graph grn.db --min-belief .8 --out panel.db
      prisyn kg restrict --genes panel.txt --graph grn.db --out panel.db --format tsv
    """
    from kg import open_store, queries

    symbols, grn = _symbols(cohort, genes), read_grn(graph)
    wanted = replace(where, species="")
    left_out = [edge for edge in grn.edges() if not wanted.keeps(edge)]
    kept = grn.of(queries.filtered(grn, wanted)) if left_out else grn
    restriction = kept.restrict(symbols, where.species or "human")
    rows = [_cut_row(cut.edge, cut.reason) for cut in restriction.cut]
    rows += [_cut_row(edge, "it does not pass the filter") for edge in left_out]
    say(f"{len(restriction.grn):,} edges kept, {len(rows):,} cut, with a cohort of {len(symbols):,} genes")
    if out is not None:
        if out.exists():
            raise InputError([Problem(str(out), "a file that is there", "a new file", "name another, or remove it")])
        with open_store(out) as store:
            store.add(restriction.grn.evidence)
            store.decide(restriction.grn.decisions)
        say(f"wrote {out}")
    emit(rows, form)


def _emit_summary(found: Comparison, form: Format) -> None:
    shares = {"precision": found.precision, "recall": found.recall, "sign_agreement": found.sign_agreement}
    counts = {
        "shared": len(found.shared),
        "only_graph": len(found.only_graph),
        "only_reference": len(found.only_reference),
        "flips": len(found.flips),
    }
    if form is Format.JSON:
        emit_json({name: _share(share) for name, share in shares.items()} | counts)
        return
    rows: list[dict[str, Any]] = [
        {"what": name, "value": number, "low": None, "high": None} for name, number in counts.items()
    ]
    rows += [
        {"what": name, "value": round(share.value, 4), "low": round(share.low, 4), "high": round(share.high, 4)}
        for name, share in shares.items()
    ]
    emit(rows, form)


def _share(share: Share) -> dict[str, float]:
    return {"value": share.value, "low": share.low, "high": share.high, "right": share.right, "total": share.total}


def _cut_row(edge: Edge, reason: str) -> dict[str, Any]:
    return {
        "regulator": edge.regulator.symbol,
        "target": edge.target.symbol,
        "effect": str(edge.effect),
        "belief": round(edge.belief, 6),
        "reason": reason,
    }


def _symbols(cohort: str | None, genes: Path | None) -> set[str]:
    if (cohort is None) == (genes is None):
        raise InputError([Problem("restrict", "both or neither", "one of --cohort and --genes", "name one of them")])
    if cohort is not None:
        from prisyn._cohorts import open_cohort

        return set(open_cohort(cohort, base=Path.cwd()).genes)
    assert genes is not None
    try:
        found = set(filter(None, map(str.strip, genes.read_text(encoding="utf-8").splitlines())))
    except (OSError, UnicodeDecodeError) as error:
        mend = "write gene symbols into it, one a line, in UTF-8"
        raise InputError([Problem(str(genes), str(error), "a text file of gene symbols", mend)]) from None
    if not found:
        raise InputError([Problem(str(genes), "no gene", "gene symbols, one a line", "name another file")])
    return found
