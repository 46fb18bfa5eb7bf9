"""`prisyn kg`: ask the graph. `kg_exchange` brings it in and out."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, emit_json, group, say
from prisyn._graphs import read_grn
from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg import GRN, Edge, Gene

app = group(
    "The graph of who regulates whom: ask it, bring it in and out.\n\n"
    "\b\nExamples:\n"
    "  prisyn kg regulators HBB --graph grn.db\n"
    "  prisyn kg export --format graphml grn.graphml --graph grn.db\n"
)

GeneName = Annotated[str, typer.Argument(help="A gene by any of its names, or a family.", metavar="GENE")]
Belief = Annotated[float, typer.Option("--min-belief", min=0, max=1, help="Only edges believed at least this much.")]


@command(app, "names")
def names(
    name: Annotated[str, typer.Argument(help="A name as papers write it.", metavar="NAME")],
    species: Annotated[
        str | None, typer.Option(help="human or mouse; without it, how the name is written decides.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Explain which gene or family a name is taken for, and why.

    \b
    Examples:
      prisyn kg names PU.1
      prisyn kg names Gata1 --species mouse
      prisyn kg names NF-kB --format json
    """
    from kg import explain, resolve

    if form is Format.TABLE:
        print(explain(name, species))
        return
    rows = [
        {
            "name": name,
            "chosen": candidate.gene == found.gene,
            "symbol": candidate.gene.symbol,
            "curie": candidate.gene.curie,
            "species": candidate.gene.species,
            "kind": str(candidate.gene.kind),
            "score": candidate.score,
            "reason": candidate.reason,
        }
        for found in [resolve(name, species)]
        for candidate in found.candidates
    ]
    if not rows:
        say(explain(name, species))
    emit(rows, form)


@command(app, "regulators")
def regulators(gene: GeneName, graph: GraphOption, form: FormatOption = Format.TABLE, min_belief: Belief = 0.0) -> None:
    """List what regulates a gene, the best believed first.

    \b
    Examples:
      prisyn kg regulators IL1B --graph demo-out/graph/grn.db
      prisyn kg regulators HBB --graph grn.db --min-belief .9 --format json
    """
    grn = read_grn(graph)
    node = _node(grn, gene)
    _emit_edges(grn.regulators(node), f"no edge into {node.symbol}", min_belief, form)


@command(app, "targets")
def targets(gene: GeneName, graph: GraphOption, form: FormatOption = Format.TABLE, min_belief: Belief = 0.0) -> None:
    """List what a gene regulates, the best believed first.

    \b
    Examples:
      prisyn kg targets SPI1 --graph demo-out/graph/grn.db
      prisyn kg targets PU.1 --graph grn.db --format tsv
    """
    grn = read_grn(graph)
    node = _node(grn, gene)
    _emit_edges(grn.targets(node), f"no edge out of {node.symbol}", min_belief, form)


@command(app, "stats")
def stats(graph: GraphOption, form: FormatOption = Format.TABLE) -> None:
    """Count genes, edges, statements and papers.

    \b
    Examples:
      prisyn kg stats --graph grn.db --format json
    """
    values = asdict(read_grn(graph).stats())
    if form is Format.JSON:
        emit_json(values)
    else:
        emit([{"what": name, "number": value} for name, value in values.items()], form)


def _node(grn: GRN, name: str) -> Gene:
    """The gene of the graph that a name stands for. Raises InputError with what it was taken for and names like it."""
    try:
        return grn.find(name)
    except KeyError as error:
        mend = f"`prisyn kg names {name}` explains the name"
        raise InputError([Problem("gene", str(error.args[0]), "a gene of this graph", mend)]) from None


def _emit_edges(edges: Sequence[Edge], none: str, min_belief: float, form: Format) -> None:
    """The edges with their best statement; `papers` may include ones that only deny the edge (see `marks`)."""
    rows: list[dict[str, Any]] = [
        {
            "regulator": edge.regulator.symbol,
            "target": edge.target.symbol,
            "effect": str(edge.effect),
            "belief": round(edge.belief, 6),
            "papers": list(edge.papers),
            "statements": len(edge.evidence),
            "marks": _marks(edge),
            "document": edge.best.document,
            "quote": edge.best.quote,
        }
        for edge in edges
        if edge.belief >= min_belief
    ]
    if not rows:
        say(f"{none} in this graph" + (f" believed {min_belief:g} or more" if edges else ""))
    if form is not Format.JSON:
        rows = [row | {"marks": [f"{n} {mark}" for mark, n in row["marks"].items()]} for row in rows]
    if form is Format.TABLE:
        rows = [row | {"papers": len(row["papers"]), "quote": _shortened(row["quote"])} for row in rows]
        for row in rows:
            del row["document"]
    emit(rows, form)


def _marks(edge: Edge) -> dict[str, int]:
    """How many of an edge's statements are negated, hedged or retracted; only those there are."""
    return dict(Counter(mark for item in edge.evidence for mark in item.marks))


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
