"""One gene and its neighbours, one edge and its evidence, and the files of what is seen."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kg import Evidence, GeneKind, SourceKind, is_tf, judgements, members, resolver
from prisyn.web.access import access_of
from prisyn.web.asked import Asked, AskedFor
from prisyn.web.desk import edge_of
from prisyn.web.files import NetworkForm, address, file_links, network_file
from prisyn.web.rendering import gene_path, is_fragment, render
from prisyn.web.shown import MOST_LISTED, MOST_OF_ALL, Shown, elements, shown

router = APIRouter()

Curie = Annotated[str, Query(max_length=200)]


@router.get("/gene/{curie:path}", response_class=HTMLResponse)
def gene_page(request: Request, curie: str, asked: AskedFor, more: bool = False) -> Response:
    """A gene: what it is, its neighbourhood drawn, and the edges with their best sentences."""
    if ":" not in curie:
        return RedirectResponse(address("/search", {"q": curie}), 303)
    seen = _shown(request, curie, asked)
    gene = seen.gene
    return render(
        request,
        "gene_seen.html.j2" if is_fragment(request) else "gene.html.j2",
        gene=gene,
        shown=seen,
        asked=asked,
        elements=elements(gene, seen.drawn),
        most_listed=MOST_OF_ALL if more else MOST_LISTED,
        more_path="" if more else gene_path(gene, {**asked.parameters, "more": "true"}),
        exports=file_links("/export", {"gene": gene.curie, **asked.parameters}, networks=True, table=False),
        full_name=resolver().full_name(gene),
        members=members(gene) if gene.kind is GeneKind.FAMILY else (),
        tf=is_tf(gene),
    )


@router.get("/edge", response_class=HTMLResponse)
def edge_page(request: Request, regulator: Curie, target: Curie) -> Response:
    """One edge with every statement behind it, and who holds what about each."""
    with access_of(request).store() as store:
        try:
            edge = edge_of(store, regulator, target)
        except KeyError as error:
            raise HTTPException(404, str(error.args[0])) from None
        judged = judgements(d for claim in {item.claim for item in edge.evidence} for d in store.decisions(claim))
    return render(request, "edge.html.j2", edge=edge, judged=judged, statements=sorted(edge.evidence, key=_plainness))


@router.get("/export")
def export_seen(request: Request, gene: Curie, asked: AskedFor, format: NetworkForm = "tsv") -> Response:
    """A file of the edges that a gene's page shows under the same filters."""
    seen = _shown(request, gene, asked)
    return network_file(seen.grn, format, seen.gene.symbol)


def _plainness(item: Evidence) -> tuple[bool, bool, bool, str, str]:
    """Sentences before rows, what is said plainly before what is denied or hedged, then by sign and paper."""
    return (
        item.retracted or item.negated,
        item.hypothetical,
        item.kind is not SourceKind.TEXT,
        item.effect,
        item.witness,
    )


def _shown(request: Request, curie: str, asked: Asked) -> Shown:
    grn = access_of(request).around(curie)
    try:
        gene = grn.find(curie)
    except KeyError:
        raise HTTPException(404, f"{curie} is no gene of this graph.") from None
    return shown(grn, gene, asked.filter)
