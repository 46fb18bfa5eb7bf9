"""Edges as commands print them, and the options that choose them."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, emit, say

if TYPE_CHECKING:
    from kg import Edge, Evidence

Row = dict[str, Any]

GeneName = Annotated[str, typer.Argument(help="A gene by any of its names, or a family.", metavar="GENE")]
Belief = Annotated[float, typer.Option("--min-belief", min=0, max=1, help="Only edges believed at least this much.")]
Effects = Annotated[
    list[str] | None,
    typer.Option("--effect", help="Only these: activation, repression or unknown; may be repeated."),
]
Species = Annotated[str, typer.Option("--species", help="Only edges between genes of this species, say human.")]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        help="Only edges with a statement from this reader (trrust, embedded, ...) or kind: text, database or "
        "knowledge; may be repeated.",
    ),
]
Curations = Annotated[
    list[str] | None,
    typer.Option(
        "--curation",
        help="Only edges that stand so with curators: accepted, rejected, unsure, disputed or unjudged; may be "
        "repeated.",
    ),
]
_FILTER: dict[str, tuple[Any, Any]] = {
    "min_belief": (Belief, 0.0),
    "effect": (Effects, None),
    "species": (Species, ""),
    "source": (Sources, None),
    "curation": (Curations, None),
}
"""The options of `EdgeFilter.of`, with their defaults."""

Most = Annotated[int, typer.Option("--most", min=1, help="At most so many.")]

ARROWS = {"activation": "->", "repression": "-|", "unknown": "--"}


def with_filter(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a filter in place of its keyword `where`, which they are put together to.

    The command raises InputError with every word of theirs that is none, before it does anything else.
    """
    # The filter is never loaded for `--help`, so its name is given a meaning here.
    signature = inspect.signature(function, locals={"EdgeFilter": object}, eval_str=True)

    @wraps(function)
    def command(**given: Any) -> None:
        from kg.queries import EdgeFilter

        chosen = {name: value for name in _FILTER if (value := given.pop(name)) is not None}
        function(**given, where=EdgeFilter.of(**chosen))

    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _FILTER.items()
    ]
    parameters = [
        each
        for parameter in signature.parameters.values()
        for each in (options if parameter.name == "where" else [parameter])
    ]
    # typer asks for both.
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def emit_edges(edges: Iterable[Edge], none: str, form: Format) -> None:
    """The edges with their best statement; `none` is said where there are none.

    `papers` may include ones that only deny the edge (see `marks`).
    """
    rows = [edge_row(edge) for edge in edges]
    if not rows:
        say(none)
    emit([_flat(row, form) for row in rows] if form is not Format.JSON else rows, form)


def edge_row(edge: Edge) -> Row:
    """All that is printed of an edge."""
    return {
        "regulator": edge.regulator.symbol,
        "target": edge.target.symbol,
        "effect": str(edge.effect),
        "belief": round(edge.belief, 6),
        "papers": list(edge.papers),
        "statements": len(edge.evidence),
        "marks": dict(Counter(mark for item in edge.evidence for mark in item.marks)),
        "document": edge.best.document,
        "quote": edge.best.quote,
        "activation": round(edge.beliefs.activation, 6),
        "repression": round(edge.beliefs.repression, 6),
        "curation": str(edge.curation.standing),
        "regulator_id": edge.regulator.curie,
        "target_id": edge.target.curie,
    }


def statement_row(item: Evidence) -> Row:
    """All that is printed of a statement, but what curators say of it."""
    source = item.provenance
    return {
        "effect": str(item.effect),
        "paper": item.witness,
        "marks": list(item.marks),
        "reader": source.reader,
        "score": source.score,
        "document": item.document,
        "quote": item.quote,
        "model": source.model,
        "start": item.start,
        "end": item.end,
        "id": item.id,
        "claim": item.claim,
    }


def route(edges: Iterable[Edge]) -> str:
    """`GATA1 -> KLF1 -| MYB`: activation, repression; `--` where the sign is unknown."""
    steps = list(edges)
    return steps[0].regulator.symbol + "".join(f" {ARROWS[edge.effect]} {edge.target.symbol}" for edge in steps)


def shortened(text: str) -> str:
    """At most 80 characters, for a table."""
    return text if len(text) <= 80 else f"{text[:77]}..."


def _flat(row: Row, form: Format) -> Row:
    """A row for reading: marks and what curators say in words, and in a table no more than fits a screen."""
    judged = [row["curation"]] if row["curation"] != "unjudged" else []
    row = row | {"marks": [*(f"{n} {mark}" for mark, n in row["marks"].items()), *judged]}
    if form is Format.TABLE:
        row |= {"papers": len(row["papers"]), "quote": shortened(row["quote"])}
        for name in ("document", "activation", "repression", "curation", "regulator_id", "target_id"):
            del row[name]
    return row
