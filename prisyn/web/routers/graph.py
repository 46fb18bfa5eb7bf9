"""The front page, and finding a gene."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from prisyn.web.access import MOST_TOLD, access_of
from prisyn.web.rendering import gene_path, render
from prisyn.web.search import find, suggestions

router = APIRouter()

Name = Annotated[str, Query(max_length=200)]


@router.get("/", response_class=HTMLResponse)
def front(request: Request) -> Response:
    """What the graph holds, and where to begin."""
    return render(request, "front.html.j2", overview=access_of(request).overview(), most_listed=MOST_TOLD)


@router.get("/suggest", response_class=HTMLResponse)
def suggest(request: Request, q: Name = "") -> Response:
    """Genes of the graph for what has been typed so far: the options of the search box."""
    return render(request, "suggestions.html.j2", found=suggestions(access_of(request).grn(), q))


@router.get("/search", response_class=HTMLResponse)
def search(request: Request, q: Name = "") -> Response:
    """The page of the gene that is meant, or what may be meant."""
    grn = access_of(request).grn()
    gene, why = find(grn, q)
    if gene is not None:
        return RedirectResponse(gene_path(gene), 303)
    return render(request, "search.html.j2", asked=q, why=why, found=suggestions(grn, q))
