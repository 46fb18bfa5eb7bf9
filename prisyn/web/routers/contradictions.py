"""Edges on which papers disagree."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from kg.queries import Contradiction, Dispute, contradictions
from prisyn.web.access import access_of
from prisyn.web.answering import answers_of, question_page
from prisyn.web.asked import AskedFor
from prisyn.web.files import FileForm, answer_file

router = APIRouter()

SIDES = {Dispute.SIGN: ("activation", "repression"), Dispute.EXISTENCE: ("asserted", "denied")}
"""What the two sides of a dispute hold."""


@router.get("/contradictions", response_class=HTMLResponse)
def contradictions_page(
    request: Request,
    asked: AskedFor,
    dispute: Literal["", "sign", "existence"] = "",
    most: Annotated[int, Query(ge=1, le=500)] = 50,
    format: FileForm = "",
) -> Response:
    """Both sides of every dispute, with their papers."""
    grn = access_of(request).grn()
    wanted = [Dispute(dispute)] if dispute else list(Dispute)
    key = ("contradictions", grn, dispute, asked.filter)
    found = answers_of(request).get(key, lambda: contradictions(grn, disputes=wanted, where=asked.filter))
    if format:
        network = grn.of(dict.fromkeys(each.edge for each in found))
        return answer_file(format, rows=list(map(_row, found)), grn=network, of="contradictions")
    return question_page(
        request,
        "contradictions.html.j2",
        asked=asked,
        given={"dispute": dispute, "most": most, **asked.parameters},
        networks=bool(found),
        found=found,
        most=most,
        sides=SIDES,
    )


def _row(item: Contradiction) -> dict[str, Any]:
    return {
        "regulator": item.edge.regulator.symbol,
        "target": item.edge.target.symbol,
        "dispute": str(item.dispute),
        "sides": " against ".join(
            f"{len(papers)} {side}" for papers, side in zip(item.papers, SIDES[item.dispute], strict=True)
        ),
        "one_side": list(item.papers[0]),
        "other_side": list(item.papers[1]),
    }
