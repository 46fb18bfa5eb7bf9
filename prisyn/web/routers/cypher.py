"""Read-only Cypher."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from kg.cypher import EXAMPLES, CypherResult
from prisyn.web.answering import question_page
from prisyn.web.asked import Asked
from prisyn.web.files import FileForm, address, table_file
from prisyn.web.guard import of_this_site
from prisyn.web.querying import Querying
from prisyn_base import InputError, MissingExtraError

router = APIRouter()

MOST, MOST_IN_FILE = 500, 10_000
"""Rows on the page, and in a file."""

TIMEOUT = 10.0
"""Seconds."""


@router.get("/cypher", response_class=HTMLResponse)
def cypher_page(
    request: Request, query: Annotated[str, Query(max_length=4_000)] = "", format: FileForm = ""
) -> Response:
    """The rows of a query. A link from another site fills the field in, and does not run what it says."""
    query = query.strip().replace("\r\n", "\n")
    found: CypherResult | None = None
    wrong, install = "", ""
    run = bool(query) and of_this_site(request)
    if run:
        try:
            most = MOST_IN_FILE if format else MOST
            found = querying_of(request).run(query, most=most, timeout=TIMEOUT)
        except MissingExtraError as error:
            install = str(error)
        except InputError as error:
            wrong = "; ".join(problem.found for problem in error.problems)
    if format and found is not None:
        return table_file(
            [dict(zip(found.columns, row, strict=True)) for row in _cells(found)], "cypher", found.columns
        )
    return question_page(
        request,
        "cypher.html.j2",
        asked=Asked(),
        given={"query": query},
        table=found is not None,
        found=found,
        cells=_cells(found) if found else (),
        wrong=wrong,
        install=install,
        held_back=bool(query) and not run,
        examples=[(words, address("/cypher", {"query": text.strip()})) for words, text in EXAMPLES.items()],
    )


def querying_of(request: Request) -> Querying:
    """The application's way to ask in Cypher."""
    querying: Querying = request.app.state.querying
    return querying


def _cells(found: CypherResult) -> list[list[Any]]:
    """Rows in which nodes, relationships and lists are written as JSON."""
    return [
        [json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value for value in row]
        for row in found.rows
    ]
