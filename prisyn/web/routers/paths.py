"""How one gene may act on another."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from kg import GRN, Gene
from kg.queries import Path, paths
from prisyn._edges import route
from prisyn.web.access import access_of
from prisyn.web.answering import answers_of, question_page
from prisyn.web.asked import AskedFor
from prisyn.web.drawing import ways
from prisyn.web.files import FileForm, address, answer_file
from prisyn.web.question import Name, genes_named

router = APIRouter()

LONGEST, MOST = 6, 50


@router.get("/paths", response_class=HTMLResponse)
def paths_page(
    request: Request,
    asked: AskedFor,
    start: Annotated[Name, Query(alias="from")] = "",
    end: Annotated[Name, Query(alias="to")] = "",
    longest: Annotated[int, Query(ge=1, le=LONGEST)] = 4,
    most: Annotated[int, Query(ge=1, le=MOST)] = 10,
    format: FileForm = "",
) -> Response:
    """Paths from one gene to another, drawn and listed with the statement behind each step."""
    grn = access_of(request).grn()
    given = {"from": start.strip(), "to": end.strip(), "longest": longest, "most": most, **asked.parameters}
    named = genes_named(
        grn,
        [name for name in (start.strip(), end.strip()) if name],
        lambda name, symbol: address("/paths", {k: symbol if v == name else v for k, v in given.items()}),
    )
    one_gene = start.strip() != "" and end.strip() != "" and not named.missing and len(named.genes) == 1
    found: tuple[Path, ...] = ()
    if len(named.genes) == 2:
        key = ("paths", grn, named.genes, longest, most, asked.filter)
        found = answers_of(request).get(key, lambda: _paths(grn, named.genes, longest, most, asked))
    if format and found:
        network = grn.of(dict.fromkeys(edge for path in found for edge in path.edges))
        ends = f"{found[0].genes[0].symbol}-{found[0].genes[-1].symbol}"
        return answer_file(format, rows=list(map(_row, found)), grn=network, of=f"{ends}-paths")
    return question_page(
        request,
        "paths.html.j2",
        asked=asked,
        given=given,
        missing=named.missing,
        networks=bool(found),
        found=found,
        answered=len(named.genes) == 2,
        one_gene=one_gene,
        elements=ways(found) if found else None,
        longest_offered=LONGEST,
    )


def _paths(grn: GRN, ends: tuple[Gene, ...], longest: int, most: int, asked: AskedFor) -> tuple[Path, ...]:
    return paths(grn, ends[0], ends[1], most=most, longest=longest, where=asked.filter)


def _row(path: Path) -> dict[str, Any]:
    return {
        "edges": len(path.edges),
        "effect": str(path.effect),
        "belief": path.belief,
        "path": route(path.edges),
        "papers": [paper for edge in path.edges for paper in edge.papers],
    }
