"""`prisyn kg import` and `prisyn kg export`: bring the graph in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prisyn._command import GraphOption, command, say
from prisyn._graphs import read_grn
from prisyn_base import InputError, Problems

ExchangeIn = Annotated[
    str, typer.Option("--format", help="The exchange format: jsonl or evidence-tsv.", metavar="FORMAT")
]
ExchangeOut = Annotated[
    str,
    typer.Option(
        "--format",
        help="The exchange format: tsv (edges), evidence-tsv, jsonl, graphml or decoupler.",
        metavar="FORMAT",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the two commands to the group of the graph."""
    command(app, "import")(import_)
    command(app, "export")(export_)


def import_(
    file: Annotated[Path, typer.Argument(help="The file to read.")],
    form: ExchangeIn,
    graph: GraphOption,
) -> None:
    """Add the evidence of a file to a graph. What is there already is not added twice.

    \b
    Examples:
      prisyn kg import --format jsonl evidence.jsonl --graph grn.db
    """
    from kg import open_store, read, store_problems

    problems = Problems()
    problems.extend(store_problems(graph))
    try:
        found = read(form, file)
    except InputError as error:
        problems.extend(error.problems)
    problems.raise_if_any()
    with open_store(graph) as store:
        new = store.add(found.evidence)
    say(f"{new:,} new of {len(found.evidence):,} statements, now in {graph}")
    for row in found.refused:
        say(f"refused: {file}, line {row.line}: {row.reason}")


def export_(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    form: ExchangeOut,
    graph: GraphOption,
) -> None:
    """Write a graph to a file for other tools.

    \b
    Examples:
      prisyn kg export --format tsv edges.tsv --graph grn.db
      prisyn kg export --format graphml grn.graphml --graph grn.db
    """
    from kg import export

    export(read_grn(graph), form, file)
    say(f"wrote {file}")
