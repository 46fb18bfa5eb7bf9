"""`prisyn kg import` and `prisyn kg export`: bring the graph in and out, and `prisyn kg formats`: in which forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, say
from prisyn._edges import with_filter
from prisyn._graphs import read_grn
from prisyn._refused import RefusedOption, tell_refused, write_refused
from prisyn_base import InputError, Problems

if TYPE_CHECKING:
    from kg.queries import EdgeFilter

ExchangeFormat = Annotated[
    str, typer.Option("--format", help="The exchange format; `prisyn kg formats` lists them.", metavar="FORMAT")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the group of the graph."""
    command(app, "import")(import_)
    command(app, "export")(export_)
    command(app, "formats")(formats_)


def import_(
    file: Annotated[Path, typer.Argument(help="The file to read, gzipped or not.")],
    form: ExchangeFormat,
    graph: GraphOption,
    species: Annotated[
        str | None, typer.Option(help="human or mouse: whose genes the names are; without it the names tell.")
    ] = None,
    refused: RefusedOption = None,
) -> None:
    """Add the evidence of a file to a graph. What is there already is not added twice.

    Rows that cannot be read are refused, counted and left out; the others are added all together at the end.

    \b
    Examples:
      prisyn kg import --format jsonl evidence.jsonl --graph grn.db
      prisyn kg import --format graphml grn.graphml --graph grn.db --refused refused.tsv
    """
    from kg import open_store, read, store_problems

    problems = Problems()
    problems.extend(store_problems(graph))
    try:
        found = read(form, file, species=species)
    except InputError as error:
        problems.extend(error.problems)
    problems.raise_if_any()
    if refused is not None:
        write_refused(refused, found.refused)
    with open_store(graph) as store:
        new = store.add(found.evidence)
    say(f"{new:,} new of {len(found.evidence):,} statements, now in {graph}")
    tell_refused(file, found.refused, found.rows, refused)


@with_filter
def export_(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    form: ExchangeFormat,
    graph: GraphOption,
    *,
    where: EdgeFilter,
) -> None:
    """Write a graph, or the edges of it that pass, to a file for other tools; what the format loses is said.

    \b
    Examples:
      prisyn kg export --format tsv edges.tsv --graph grn.db
      prisyn kg export --format graphml grn.graphml --graph grn.db
      prisyn kg export --format decoupler net.csv --graph grn.db --min-belief .8 --species human
    """
    from kg import export, formats
    from kg.queries import EVERYTHING, filtered

    grn = read_grn(graph)
    edges = filtered(grn, where)
    written = export(grn if where == EVERYTHING else grn.of(edges), form, file)
    chosen = formats()[form]
    passed = "" if where == EVERYTHING else f": {len(edges):,} of {len(grn):,} edges pass"
    say(f"wrote {' and '.join(map(str, written))}{passed}")
    say(f"it does not carry: {chosen.loses_words}" if chosen.loses else "nothing is lost")
    if chosen.warning:
        say(f"warning: {chosen.warning}")


def formats_(form: FormatOption = Format.TABLE) -> None:
    """List the exchange formats: which way they go, who reads them, and what they lose.

    \b
    Examples:
      prisyn kg formats
      prisyn kg formats --format json
    """
    from kg import formats

    rows = [
        {
            "format": name,
            "for": " and ".join(way for way, goes in (("import", each.read), ("export", each.write)) if goes),
            "read by": each.readers,
            "loses": each.loses_words,
        }
        for name, each in formats().items()
    ]
    emit(rows, form)
