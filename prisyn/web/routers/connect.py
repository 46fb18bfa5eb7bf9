"""The part of the graph that connects a list of genes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from kg.queries import Join, Subgraph, subgraph
from prisyn._edges import edge_row
from prisyn.web.access import access_of
from prisyn.web.answering import answers_of, question_page
from prisyn.web.asked import AskedFor
from prisyn.web.drawing import network
from prisyn.web.files import FileForm, address, answer_file
from prisyn.web.question import MOST_GENES, genes_named, split_names

router = APIRouter()

MOST_LISTED = 200
"""Edges that are listed on the page; a file has all of them."""


@router.get("/connect", response_class=HTMLResponse)
def connect_page(
    request: Request,
    asked: AskedFor,
    genes: Annotated[str, Query(max_length=8000)] = "",
    join: Join = Join.ALL,
    most: Annotated[int, Query(ge=1, le=100)] = 20,
    format: FileForm = "",
) -> Response:
    """The edges among genes, or with others that connect them."""
    grn = access_of(request).grn()
    names = split_names(genes)
    given = {"genes": ", ".join(names), "join": str(join), "most": most, **asked.parameters}
    named = genes_named(
        grn,
        names[:MOST_GENES],
        lambda name, symbol: address(
            "/connect", given | {"genes": ", ".join(symbol if each == name else each for each in names)}
        ),
    )
    found: Subgraph | None = None
    if len(named.genes) > 1:
        key = ("connect", grn, named.genes, join, most, asked.filter)
        found = answers_of(request).get(
            key, lambda: subgraph(grn, named.genes, join=join, most=most, where=asked.filter)
        )
    if format and found is not None:
        return answer_file(
            format, rows=[edge_row(edge) for edge in found.edges], grn=grn.of(found.edges), of="subgraph"
        )
    return question_page(
        request,
        "connect.html.j2",
        asked=asked,
        given=given,
        missing=named.missing,
        networks=found is not None and bool(found.edges),
        table=False,
        found=found,
        one_gene=len(named.genes) == 1 and not named.missing,
        left_out=max(0, len(names) - MOST_GENES),
        elements=network(found.edges, found.asked) if found is not None and found.edges else None,
        most_listed=MOST_LISTED,
    )
