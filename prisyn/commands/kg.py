"""`prisyn kg`: ask the graph, and bring it in and out."""

from __future__ import annotations

import difflib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, emit_json, group, say
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
ExchangeOption = Annotated[str, typer.Option("--format", help="The exchange format.", metavar="FORMAT")]
Belief = Annotated[float, typer.Option("--min-belief", min=0, max=1, help="Only edges believed at least this much.")]


@command(app, "import")
def import_(
    file: Annotated[Path, typer.Argument(help="The file to read.")],
    form: ExchangeOption,
    graph: GraphOption,
) -> None:
    """Add the evidence of a file to a graph. What is there already is not added twice.

    \b
    Examples:
      prisyn kg import --format jsonl evidence.jsonl --graph grn.db
    """
    from kg import open_store, read

    found = read(form, file)
    with open_store(graph) as store:
        new = store.add(found.evidence)
    say(f"{new:,} new of {len(found.evidence):,} statements, now in {graph}")
    for row in found.refused:
        say(f"refused: {file}, line {row.line}: {row.reason}")


@command(app, "export")
def export_(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    form: ExchangeOption,
    graph: GraphOption,
) -> None:
    """Write a graph to a file for other tools.

    \b
    Examples:
      prisyn kg export --format tsv edges.tsv --graph grn.db
      prisyn kg export --format graphml grn.graphml --graph grn.db
    """
    from kg import export

    export(_read(graph), form, file)
    say(f"wrote {file}")


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
    emit(rows, form)


@command(app, "regulators")
def regulators(gene: GeneName, graph: GraphOption, form: FormatOption = Format.TABLE, min_belief: Belief = 0.0) -> None:
    """List what regulates a gene, the best believed first.

    \b
    Examples:
      prisyn kg regulators HBB --graph demo-out/graph/grn.db
      prisyn kg regulators HBB --graph grn.db --min-belief .9 --format json
    """
    grn = _read(graph)
    _emit_edges(grn.regulators(_node(grn, gene)), min_belief, form)


@command(app, "targets")
def targets(gene: GeneName, graph: GraphOption, form: FormatOption = Format.TABLE, min_belief: Belief = 0.0) -> None:
    """List what a gene regulates, the best believed first.

    \b
    Examples:
      prisyn kg targets SPI1 --graph demo-out/graph/grn.db
      prisyn kg targets PU.1 --graph grn.db --format tsv
    """
    grn = _read(graph)
    _emit_edges(grn.targets(_node(grn, gene)), min_belief, form)


@command(app, "stats")
def stats(graph: GraphOption, form: FormatOption = Format.TABLE) -> None:
    """Count genes, edges, statements and papers.

    \b
    Examples:
      prisyn kg stats --graph grn.db --format json
    """
    values = asdict(_read(graph).stats())
    if form is Format.JSON:
        emit_json(values)
    else:
        emit([{"what": name, "number": value} for name, value in values.items()], form)


def _read(graph: str) -> GRN:
    """The network of a graph that exists: asking must not make an empty one."""
    from kg import open_store

    if "://" not in graph and not Path(graph).exists():
        mend = "check the path; `prisyn kg import` or `prisyn extract run` makes a graph"
        raise InputError([Problem(graph, "no such file", "a graph", mend)])
    with open_store(graph) as store:
        return store.grn()


def _node(grn: GRN, name: str) -> Gene:
    """The gene of the graph that a name stands for. Raises InputError with names like it."""
    from kg import resolve, suggest

    there = {gene.curie: gene for gene in grn.genes}
    by_symbol = [gene for gene in there.values() if gene.symbol == name]
    if len(by_symbol) == 1:
        return by_symbol[0]
    found = resolve(name).gene
    if found is not None and found.curie in there:
        return there[found.curie]
    symbols = {gene.symbol for gene in there.values()}
    near = list(dict.fromkeys([s for s in suggest(name) if s in symbols] + difflib.get_close_matches(name, symbols, 3)))
    taken = f"{name!r}" + (f" ({found.symbol}, {found.curie})" if found else ", no gene on file")
    mend = f"try {', '.join(near)}" if near else "`prisyn kg names` explains a name, `prisyn kg stats` the graph"
    raise InputError([Problem("gene", taken, "a gene of this graph", mend)])


def _emit_edges(edges: Sequence[Edge], min_belief: float, form: Format) -> None:
    from prisyn._evidence import best_evidence

    rows: list[dict[str, Any]] = [
        {
            "regulator": edge.regulator.symbol,
            "target": edge.target.symbol,
            "effect": str(edge.effect),
            "belief": round(edge.belief, 6),
            "papers": list(edge.papers),
            "quote": best_evidence(edge).quote,
        }
        for edge in edges
        if edge.belief >= min_belief
    ]
    if form is Format.TABLE:
        rows = [row | {"papers": len(row["papers"]), "quote": _shortened(row["quote"])} for row in rows]
    emit(rows, form)


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
