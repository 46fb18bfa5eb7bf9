"""`prisyn kg`: questions that take more than one edge to answer."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, emit_json, say
from prisyn._edges import (
    Most,
    edge_row,
    emit_edges,
    route,
    with_filter,
)
from prisyn._graphs import asking, find_genes, read_grn

if TYPE_CHECKING:
    from kg import GRN, Gene
    from kg.queries import EdgeFilter, FeedbackLoop, FeedForwardLoop

Genes = Annotated[list[str], typer.Argument(help="Two genes or more, by any of their names.", metavar="GENE...")]


class Mode(StrEnum):
    """How genes are connected."""

    ALL = "all"
    CONNECT = "connect"
    BRIDGES = "bridges"


class Motif(StrEnum):
    """A small circuit."""

    FEED_FORWARD = "feed-forward"
    FEEDBACK = "feedback"


class End(StrEnum):
    """What a hub has many of."""

    TARGETS = "targets"
    REGULATORS = "regulators"


class Disputed(StrEnum):
    """What papers disagree about."""

    SIGN = "sign"
    EXISTENCE = "existence"


def register(app: typer.Typer) -> None:
    """Add the commands to the group of the graph."""
    for function in (path, subgraph, hubs, motifs, contradictions):
        command(app, function.__name__)(function)


@with_filter
def path(
    start: Annotated[str, typer.Argument(help="Where the path starts.", metavar="FROM")],
    end: Annotated[str, typer.Argument(help="Where it ends.", metavar="TO")],
    graph: GraphOption,
    most: Most = 5,
    longest: Annotated[int, typer.Option("--longest", min=1, max=12, help="At most so many edges.")] = 4,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """List paths from one gene to another, the shortest first, then the best believed.

    The effect is the product of the signs, the belief that of the beliefs. A path is a chain of statements from
    different papers and cells, not a proven cascade. `->` activates, `-|` represses, `--` has no sign.

    \b
    Examples:
      prisyn kg path PAX5 LYZ --graph demo-out/graph/grn.db
      prisyn kg path GATA1 HBB --graph grn.db --most 10 --longest 3 --min-belief .5 --format json
    """
    from kg import queries

    grn = read_grn(graph)
    one, other = find_genes(grn, [start, end])
    with asking():
        found = queries.paths(grn, one, other, most=most, longest=longest, where=where)
    rows: list[dict[str, Any]] = [
        {
            "edges": len(path.edges),
            "effect": str(path.effect),
            "belief": round(path.belief, 6),
            "path": route(path.edges),
        }
        for path in found
    ]
    if form is Format.JSON:
        rows = [row | {"steps": [edge_row(e) for e in path.edges]} for row, path in zip(rows, found, strict=True)]
    if not found:
        say(f"no path of at most {longest} edges from {one.symbol} to {other.symbol}")
    emit(rows, form)


@with_filter
def subgraph(
    genes: Genes,
    graph: GraphOption,
    mode: Annotated[Mode, typer.Option("--mode", help="How the genes are connected.")] = Mode.ALL,
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many bridges.")] = 20,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """List the edges that connect a list of genes.

    `all`: every edge among them. `connect`: as few edges as will do, over other genes where need be, whatever their
    direction. `bridges`: also the genes with edges to or from two of them at least, those of most of them first.

    \b
    Examples:
      prisyn kg subgraph SPI1 GATA1 LYZ IL1B --graph demo-out/graph/grn.db
      prisyn kg subgraph SPI1 GATA1 LYZ --mode connect --graph grn.db --format json
      prisyn kg subgraph GATA1 HBB --mode bridges --most 5 --graph grn.db
    """
    from kg import queries

    grn = read_grn(graph)
    found = queries.subgraph(grn, find_genes(grn, genes), join=queries.Join(mode.value), most=most, where=where)
    if found.added:
        say(f"added: {', '.join(gene.symbol for gene in found.added)}")
    if found.apart:
        say(f"not connected: {', '.join(gene.symbol for gene in found.apart)}")
    emit_edges(found.edges, "no edge connects these genes", form)


@with_filter
def hubs(
    graph: GraphOption,
    by: Annotated[End, typer.Option("--by", help="What is counted.")] = End.TARGETS,
    most: Most = 20,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """List the genes with most targets, or with most regulators.

    A gene has many edges here because it has, or because it is studied a lot. `expected_targets` is the sum of the
    beliefs in them.

    \b
    Examples:
      prisyn kg hubs --graph demo-out/graph/grn.db --most 5
      prisyn kg hubs --by regulators --min-belief .9 --graph grn.db --format tsv
    """
    from kg import queries

    found = queries.hubs(read_grn(graph), by=by.value, most=most, where=where)
    rows = [
        {
            "gene": hub.gene.symbol,
            "curie": hub.gene.curie,
            "targets": hub.targets,
            "regulators": hub.regulators,
            "activates": hub.activates,
            "represses": hub.represses,
            "expected_targets": round(hub.expected_targets, 3),
        }
        for hub in found
    ]
    emit(rows, form)


@with_filter
def motifs(
    graph: GraphOption,
    motif: Annotated[Motif, typer.Option("--motif", help="Which circuits.")] = Motif.FEED_FORWARD,
    gene: Annotated[str | None, typer.Option("--gene", help="Only those with this gene.", metavar="GENE")] = None,
    count: Annotated[bool, typer.Option("--count", help="Only count them, by type.")] = False,
    most: Most = 20,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """List feed-forward or feedback loops: signed ones, then those with the best believed weakest edge, first.

    Feed-forward loops (X to Y, Y to Z, X to Z) are typed by their signs: C1 to C4 are coherent, I1 to I4 are not
    (Mangan & Alon 2003). Feedback loops of up to three edges are positive (activation) or negative (repression) by
    the product of their signs.

    \b
    Examples:
      prisyn kg motifs --graph demo-out/graph/grn.db --most 5
      prisyn kg motifs --count --min-belief .5 --graph grn.db --format json
      prisyn kg motifs --motif feedback --gene GATA1 --graph grn.db
    """
    from collections import Counter

    from kg import queries

    grn = read_grn(graph)
    node = find_genes(grn, [gene])[0] if gene else None
    if motif is Motif.FEEDBACK:
        loops = queries.feedback_loops(grn, gene=node, most=None if count else most, where=where)
        counted = Counter(_feedback_type(loop) for loop in loops)
        rows = [_feedback_row(loop) for loop in loops]
    else:
        found = () if count else queries.feed_forward_loops(grn, gene=node, most=most, where=where)
        counted = Counter(_feed_forward_types(grn, node, where)) if count else Counter()
        rows = [_feed_forward_row(loop) for loop in found]
    if count and form is Format.JSON:
        emit_json(dict(sorted(counted.items())))
        return
    emit([{"type": name, "loops": number} for name, number in sorted(counted.items())] if count else rows, form)
    if not rows and not count:
        say(f"no {motif.value} loop in this graph")


@with_filter
def contradictions(
    graph: GraphOption,
    dispute: Annotated[Disputed | None, typer.Option("--dispute", help="Only disputes about this.")] = None,
    most: Most = 20,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """List edges on which papers disagree, with the papers of both sides; nothing is averaged.

    They disagree about the sign (activation against repression), or about whether there is a regulation at all
    (asserted against denied). Those with most papers on the smaller side come first.

    \b
    Examples:
      prisyn kg contradictions --graph demo-out/graph/grn.db
      prisyn kg contradictions --dispute sign --graph grn.db --format json
    """
    from kg import queries

    disputes = [queries.Dispute(dispute.value)] if dispute else list(queries.Dispute)
    found = queries.contradictions(read_grn(graph), disputes=disputes, where=where)
    say(f"{len(found):,} contradictions" + (f", the first {most}" if len(found) > most else ""))
    rows = []
    for item in found[:most]:
        sides = ("activation", "repression") if item.dispute is queries.Dispute.SIGN else ("asserted", "denied")
        rows.append(
            {
                "regulator": item.edge.regulator.symbol,
                "target": item.edge.target.symbol,
                "dispute": str(item.dispute),
                "sides": " against ".join(f"{len(p)} {side}" for p, side in zip(item.papers, sides, strict=True)),
                "one_side": list(item.papers[0]),
                "other_side": list(item.papers[1]),
            }
        )
    emit(rows, form)


def _feed_forward_types(grn: GRN, node: Gene | None, where: EdgeFilter) -> dict[str, int]:
    from kg import queries

    if node is None:
        return {str(kind): number for kind, number in queries.count_feed_forward_loops(grn, where).items()}
    counts = {str(kind): 0 for kind in queries.LoopType}
    for loop in queries.feed_forward_loops(grn, gene=node, where=where):
        counts[str(loop.type)] += 1
    return counts


def _feed_forward_row(loop: FeedForwardLoop) -> dict[str, Any]:
    x, y, z = (gene.symbol for gene in loop.genes)
    way = f"{route([loop.first, loop.second])}, {route([loop.direct])}"
    return {"type": str(loop.type), "x": x, "y": y, "z": z, "belief": round(loop.belief, 6), "edges": way}


def _feedback_row(loop: FeedbackLoop) -> dict[str, Any]:
    return {"type": _feedback_type(loop), "edges": route(loop.edges), "belief": round(loop.belief, 6)}


def _feedback_type(loop: FeedbackLoop) -> str:
    sign = {"activation": "positive", "repression": "negative", "unknown": "unsigned"}[str(loop.effect)]
    return f"{sign}, {len(loop.edges)} edge{'s' if len(loop.edges) > 1 else ''}"
