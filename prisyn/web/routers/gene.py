"""One gene and its neighbours, one edge and its evidence, and the files of what is seen."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from kg import Gene, GeneKind, export, is_tf, judgements, members, resolver
from kg.queries import edge_between
from prisyn.web.access import access_of
from prisyn.web.asked import Asked, AskedFor
from prisyn.web.rendering import is_fragment, render
from prisyn.web.shown import MOST_LISTED, Shown, elements, shown

router = APIRouter()

Curie = Annotated[str, Query(max_length=200)]

FILES = {
    "tsv": ("text/tab-separated-values", "edges.tsv", "TSV"),
    "jsonl": ("application/x-ndjson", "evidence.jsonl", "JSONL"),
    "graphml": ("application/graphml+xml", "graph.graphml", "GraphML"),
}
"""The exchange formats that the pages offer: media type, the file's name behind the gene's symbol, and in words."""


@router.get("/gene/{curie:path}", response_class=HTMLResponse)
def gene_page(request: Request, curie: str, asked: AskedFor) -> Response:
    """A gene: what it is, its neighbourhood drawn, and the edges with their best sentences."""
    seen = _shown(request, curie, asked)
    gene = seen.gene
    return render(
        request,
        "gene_seen.html.j2" if is_fragment(request) else "gene.html.j2",
        gene=gene,
        shown=seen,
        asked=asked,
        elements=elements(gene, seen.drawn),
        most_listed=MOST_LISTED,
        exports={name: export_path(gene, form, asked) for form, (_, _, name) in FILES.items()},
        full_name=resolver().full_name(gene),
        members=members(gene) if gene.kind is GeneKind.FAMILY else (),
        tf=is_tf(gene),
    )


@router.get("/edge", response_class=HTMLResponse)
def edge_page(request: Request, regulator: Curie, target: Curie) -> Response:
    """One edge with every statement behind it, and who holds what about each."""
    with access_of(request).store() as store:
        try:
            edge = edge_between(store, regulator, target)
        except KeyError as error:
            raise HTTPException(404, str(error.args[0])) from None
        judged = judgements(d for claim in {item.claim for item in edge.evidence} for d in store.decisions(claim))
    return render(request, "edge.html.j2", edge=edge, judged=judged)


@router.get("/export")
def export_seen(request: Request, gene: Curie, format: Literal["tsv", "jsonl", "graphml"], asked: AskedFor) -> Response:
    """A file of the edges that a gene's page shows under the same filters."""
    seen = _shown(request, gene, asked)
    media, name, _ = FILES[format]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        export(seen.grn, format, path)
        content = path.read_bytes()
    symbol = "".join(c for c in seen.gene.symbol if c.isascii() and c.isalnum()) or "gene"
    return Response(
        content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{symbol}-{name}"'}
    )


def export_path(gene: Gene, form: str, asked: Asked) -> str:
    """The address of a file of what a gene's page shows."""
    return "/export?" + urlencode({"gene": gene.curie, "format": form, **asked.parameters}, safe=":")


def _shown(request: Request, curie: str, asked: Asked) -> Shown:
    grn = access_of(request).around(curie)
    try:
        gene = grn.find(curie)
    except KeyError:
        raise HTTPException(404, f"{curie} is no gene of this graph.") from None
    return shown(grn, gene, asked.filter)
