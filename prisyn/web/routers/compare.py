"""The graph beside a reference, such as CollecTRI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from kg import Edge
from kg.queries import Comparison, compare
from prisyn._edges import edge_row
from prisyn.web.access import Access, access_of
from prisyn.web.answering import answers_of, question_page
from prisyn.web.asked import AskedFor
from prisyn.web.files import FileForm, answer_file

router = APIRouter()

MOST_LISTED = 200

Show = Literal["flips", "only-graph", "only-reference"]


@router.get("/compare", response_class=HTMLResponse)
def compare_page(
    request: Request,
    asked: AskedFor,
    reference: Annotated[int, Query(ge=0)] = 0,
    shared_genes: bool = False,
    show: Show = "flips",
    format: FileForm = "",
) -> Response:
    """Precision, recall and agreement of signs, and the edges that differ. `reference` counts from 1; 0 is none yet."""
    references = references_of(request)
    if reference > len(references):
        raise HTTPException(404, f"There is no reference {reference}; {len(references)} are named.")
    found: Comparison | None = None
    if reference:
        grn, other = access_of(request).grn(), references[reference - 1].grn()
        key = ("compare", grn, other, shared_genes, asked.filter)
        found = answers_of(request).get(key, lambda: compare(grn, other, shared_genes=shared_genes, where=asked.filter))
        if format:
            edges = _listed(found, show)
            network = (other if show == "only-reference" else grn).of(edges)
            return answer_file(format, rows=_rows(found, show), grn=network, of=f"comparison-{show}")
    given = {"reference": reference or "", "show": show, **asked.parameters}
    return question_page(
        request,
        "compare.html.j2",
        asked=asked,
        given=given | ({"shared_genes": "true"} if shared_genes else {}),
        networks=found is not None,
        table=found is not None,
        found=found,
        references=[each.url for each in references],
        shared_genes=shared_genes,
        listed=_listed(found, show)[:MOST_LISTED] if found else (),
        total=len(_listed(found, show)) if found else 0,
        in_reference={(edge.regulator.curie, edge.target.curie): other for edge, other in found.flips} if found else {},
    )


def references_of(request: Request) -> tuple[Access, ...]:
    """The graphs that this one may be compared with."""
    references: tuple[Access, ...] = request.app.state.references
    return references


def _listed(found: Comparison, show: Show) -> tuple[Edge, ...]:
    if show == "flips":
        return tuple(edge for edge, _ in found.flips)
    return found.only_graph if show == "only-graph" else found.only_reference


def _rows(found: Comparison, show: Show) -> list[dict[str, Any]]:
    if show == "flips":
        return [edge_row(edge) | {"reference": str(other.effect)} for edge, other in found.flips]
    return [edge_row(edge) for edge in _listed(found, show)]
