"""`prisyn kg`: the facts of the graph; the other files `kg_...` hold the rest of its commands."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, emit_json, group, say
from prisyn._edges import (
    GeneName,
    emit_edges,
    shortened,
    statement_row,
    with_filter,
)
from prisyn._graphs import asking, find_genes, open_graph
from prisyn.commands import kg_compare, kg_cypher, kg_queries

if TYPE_CHECKING:
    from kg.queries import EdgeFilter

app = group(
    "The graph of who regulates whom: ask it, bring it in and out.\n\n"
    "\b\nExamples:\n"
    "  prisyn kg regulators HBB --graph grn.db\n"
    "  prisyn kg export --format graphml grn.graphml --graph grn.db\n"
)


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
@with_filter
def regulators(
    gene: GeneName,
    graph: GraphOption,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """List what regulates a gene, the best believed first.

    \b
    Examples:
      prisyn kg regulators IL1B --graph demo-out/graph/grn.db
      prisyn kg regulators HBB --graph grn.db --min-belief .9 --format json
      prisyn kg regulators HBB --graph grn.db --effect repression --source text
    """
    from kg import queries

    with open_graph(graph) as store:
        (node,) = find_genes(store, [gene])
        edges = queries.regulators(store, node, where)
    emit_edges(edges, f"no edge into {node.symbol} in this graph{_that_passes(where)}", form)


@command(app, "targets")
@with_filter
def targets(
    gene: GeneName,
    graph: GraphOption,
    form: FormatOption = Format.TABLE,
    *,
    where: EdgeFilter,
) -> None:
    """List what a gene regulates, the best believed first.

    \b
    Examples:
      prisyn kg targets SPI1 --graph demo-out/graph/grn.db
      prisyn kg targets PU.1 --graph grn.db --format tsv
      prisyn kg targets PU.1 --graph grn.db --curation accepted --curation disputed
    """
    from kg import queries

    with open_graph(graph) as store:
        (node,) = find_genes(store, [gene])
        edges = queries.targets(store, node, where)
    emit_edges(edges, f"no edge out of {node.symbol} in this graph{_that_passes(where)}", form)


@command(app, "evidence")
def evidence(
    regulator: Annotated[str, typer.Argument(help="The gene that regulates.", metavar="REGULATOR")],
    target: Annotated[str, typer.Argument(help="The gene that is regulated.", metavar="TARGET")],
    graph: GraphOption,
    form: FormatOption = Format.TABLE,
) -> None:
    """List every statement of one edge, with who accepts and who rejects it.

    \b
    Examples:
      prisyn kg evidence SPI1 LYZ --graph demo-out/graph/grn.db
      prisyn kg evidence NF-kB IL6 --graph grn.db --format json
    """
    from kg import GRN, queries

    with open_graph(graph) as store, asking():
        edge = queries.edge_between(store, *find_genes(store, [regulator, target]))
        decisions = [decision for item in edge.evidence for decision in store.decisions(item.claim)]
    judged = GRN(decisions)
    rows = []
    for item in edge.evidence:
        judgement = judged.judgement(item)
        rows.append(
            statement_row(item)
            | {
                "curation": str(judgement.standing),
                "accepted_by": list(judgement.accepted_by),
                "rejected_by": list(judgement.rejected_by),
            }
        )
    if form is Format.TABLE:
        columns = ("effect", "paper", "marks", "curation", "reader", "score", "quote")
        rows = [{name: row[name] for name in columns} | {"quote": shortened(row["quote"])} for row in rows]
    emit(rows, form)


@command(app, "stats")
@with_filter
def stats(graph: GraphOption, form: FormatOption = Format.TABLE, *, where: EdgeFilter) -> None:
    """Count genes, edges, statements and papers, of the whole graph or of the edges that pass.

    \b
    Examples:
      prisyn kg stats --graph grn.db --format json
      prisyn kg stats --graph grn.db --min-belief .9 --effect activation
    """
    from kg.queries import EVERYTHING, filtered

    with open_graph(graph) as store:
        if where == EVERYTHING:
            values = asdict(store.stats())
        else:
            grn = store.grn()
            values = asdict(grn.of(filtered(grn, where)).stats())
    if form is Format.JSON:
        emit_json(values)
    else:
        emit([{"what": name, "number": value} for name, value in values.items()], form)


def _that_passes(where: EdgeFilter) -> str:
    return " that passes the filter" if where != type(where)() else ""


for module in (kg_queries, kg_compare, kg_cypher):
    module.register(app)
