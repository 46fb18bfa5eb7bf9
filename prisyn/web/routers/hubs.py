"""The genes with the most edges."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from kg.queries import Hub, hubs
from prisyn.web.access import access_of
from prisyn.web.answering import answers_of, question_page
from prisyn.web.asked import AskedFor
from prisyn.web.files import FileForm, table_file

router = APIRouter()


@router.get("/hubs", response_class=HTMLResponse)
def hubs_page(
    request: Request,
    asked: AskedFor,
    by: Literal["targets", "regulators"] = "targets",
    most: Annotated[int, Query(ge=1, le=500)] = 30,
    format: FileForm = "",
) -> Response:
    """Genes with most targets, or most regulators."""
    grn = access_of(request).grn()
    key = ("hubs", grn, by, most, asked.filter)
    found = answers_of(request).get(key, lambda: hubs(grn, by=by, most=most, where=asked.filter))
    if format:
        return table_file([_row(hub) for hub in found], f"hubs-by-{by}")
    given = {"by": by, "most": most, **asked.parameters}
    return question_page(request, "hubs.html.j2", asked=asked, given=given, found=found)


def _row(hub: Hub) -> dict[str, Any]:
    return {
        "gene": hub.gene.symbol,
        "curie": hub.gene.curie,
        "targets": hub.targets,
        "regulators": hub.regulators,
        "activates": hub.activates,
        "represses": hub.represses,
        "expected_targets": hub.expected_targets,
    }
