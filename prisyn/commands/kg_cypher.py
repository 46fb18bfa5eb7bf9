"""`prisyn kg cypher`: questions in the language of graph databases."""

from __future__ import annotations

from typing import Annotated

import typer

from prisyn._command import Format, FormatOption, command, emit, emit_json, say
from prisyn._graphs import open_graph
from prisyn_base import InputError, Problem, Problems

Query = Annotated[str | None, typer.Argument(help="One openCypher query that reads.", metavar="QUERY")]
Graph = Annotated[str | None, typer.Option("--graph", help="The graph: a file such as grn.db.", metavar="URL")]


def register(app: typer.Typer) -> None:
    """Add the command to the group of the graph."""
    command(app, "cypher")(cypher)


def cypher(
    query: Query = None,
    graph: Graph = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--param", help="A value for $NAME in the query; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many rows.")] = 1000,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds until it is stopped.")] = 30.0,
    examples: Annotated[bool, typer.Option("--examples", help="Print example queries and stop.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Answer an openCypher query over (:Gene {curie, symbol, species, kind})-[:REGULATES]->(:Gene).

    REGULATES has effect, belief, activation, repression (beliefs in either sign), papers and statements (counts). The
    query is run read-only: the database refuses to write, and cannot open files or connections.

    \b
    Examples:
      prisyn kg cypher --examples
      prisyn kg cypher "MATCH (g:Gene)-->(:Gene {symbol: 'LYZ'}) RETURN g.symbol" --graph demo-out/graph/grn.db
      prisyn kg cypher 'MATCH (:Gene {symbol: $gene})-->(t:Gene) RETURN t.symbol' --param gene=SPI1 --graph grn.db
    """
    from kg.cypher import EXAMPLES, open_cypher

    if examples:
        print("\n\n".join(f"// {title}{text}" for title, text in EXAMPLES.items()))
        return
    problems = Problems()
    if query is None:
        problems.add("QUERY", "nothing", "an openCypher query", "see `prisyn kg cypher --examples`")
    if graph is None:
        problems.add("--graph", "nothing", "a graph", "name one, say --graph grn.db")
    values = _values(parameters or [], problems)
    problems.raise_if_any()
    assert query is not None
    assert graph is not None
    with open_graph(graph) as store, open_cypher(store) as session:
        found = session.run(query, values, most=most, timeout=timeout)
    if found.more:
        say(f"the first {most:,} rows; --most gives more")
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    if len(set(found.columns)) < len(found.columns):
        raise InputError([Problem("query", "columns of one name", "names of their own", "name them with AS")])
    if form is Format.JSON:
        emit_json(rows)
    else:
        emit(rows, form)


def _values(texts: list[str], problems: Problems) -> dict[str, str | int | float]:
    """Values of parameters: numbers where they read as such, else text."""
    values: dict[str, str | int | float] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            problems.add("--param", repr(text), "NAME=VALUE", "write, say, --param gene=SPI1")
            continue
        values[name] = value
        for number in (int, float):
            try:
                values[name] = number(value)
                break
            except ValueError:
                continue
    return values
