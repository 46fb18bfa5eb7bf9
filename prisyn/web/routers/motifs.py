"""Small circuits: feed-forward and feedback loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from kg import Edge
from kg.queries import FeedbackLoop, FeedForwardLoop, LoopType, count_feed_forward_loops, feed_forward_loops
from kg.queries import feedback_loops as loops_back
from prisyn._edges import route
from prisyn.web.access import access_of
from prisyn.web.answering import answers_of, question_page
from prisyn.web.asked import AskedFor
from prisyn.web.files import FileForm, address, answer_file
from prisyn.web.question import Name, genes_named

router = APIRouter()

Loop = FeedForwardLoop | FeedbackLoop
SIGNS = {"activation": "positive", "repression": "negative", "unknown": "unsigned"}
"""What a feedback loop is by the product of its signs."""


@router.get("/motifs", response_class=HTMLResponse)
def motifs_page(
    request: Request,
    asked: AskedFor,
    motif: Literal["feed-forward", "feedback"] = "feed-forward",
    gene: Name = "",
    kind: Literal["", "C1", "C2", "C3", "C4", "I1", "I2", "I3", "I4", "unsigned"] = "",
    most: Annotated[int, Query(ge=1, le=500)] = 30,
    format: FileForm = "",
) -> Response:
    """Loops, the best believed first, and how many feed-forward loops there are of each type."""
    grn = access_of(request).grn()
    given = {"motif": motif, "gene": gene.strip(), "kind": kind, "most": most, **asked.parameters}
    named = genes_named(
        grn, [gene.strip()] if gene.strip() else [], lambda _, symbol: address("/motifs", given | {"gene": symbol})
    )
    node = named.genes[0] if named.genes else None
    answers, where = answers_of(request), asked.filter

    def loops() -> Sequence[Loop]:
        if motif == "feedback":
            return loops_back(grn, gene=node, most=most, where=where)
        types = [LoopType(kind)] if kind else []
        return feed_forward_loops(grn, gene=node, types=types, most=most, where=where)

    found: Sequence[Loop] = ()
    if not named.missing:
        found = answers.get(("motifs", grn, motif, node, kind, most, where), loops)
    counts = {}
    if motif == "feed-forward" and not gene.strip():
        counts = answers.get(("counts", grn, where), lambda: count_feed_forward_loops(grn, where))
    if format and found:
        network = grn.of(dict.fromkeys(edge for loop in found for edge in edges_of(loop)))
        return answer_file(format, rows=list(map(_row, found)), grn=network, of=f"{motif}-loops")
    return question_page(
        request,
        "motifs.html.j2",
        asked=asked,
        given=given,
        missing=named.missing,
        networks=bool(found),
        found=found,
        counts=counts,
        edges_of=edges_of,
        signs=SIGNS,
    )


def edges_of(loop: Loop) -> tuple[Edge, ...]:
    """The edges of a loop, those along it first."""
    return loop.edges if isinstance(loop, FeedbackLoop) else (loop.first, loop.second, loop.direct)


def _row(loop: Loop) -> dict[str, Any]:
    if isinstance(loop, FeedbackLoop):
        return {"type": f"{SIGNS[loop.effect]}, {len(loop.edges)}", "belief": loop.belief, "edges": route(loop.edges)}
    way = f"{route([loop.first, loop.second])}, {route([loop.direct])}"
    return {"type": str(loop.type), "belief": loop.belief, "edges": way}
