"""What the graph has learnt since a date."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from kg.queries import Change, changes
from prisyn.web.access import access_of
from prisyn.web.answering import question_page
from prisyn.web.asked import AskedFor
from prisyn.web.files import FileForm, answer_file
from prisyn_base import InputError

router = APIRouter()

MOST_NEW = 50_000
"""Statements since a date of which a page works out what they changed, in some seconds; the command line does more."""

MOST_LISTED = 200

_BACK = (("the last hour", timedelta(hours=1)), ("a day", timedelta(days=1)), ("a week", timedelta(days=7)))


@router.get("/changes", response_class=HTMLResponse)
def changes_page(
    request: Request,
    asked: AskedFor,
    since: Annotated[str, Query(max_length=40)] = "",
    format: FileForm = "",
) -> Response:
    """Edges with statements or decisions of that time or later, as they were and as they are."""
    since = since.strip()
    found: tuple[Change, ...] = ()
    wrong, many = "", False
    if since:
        network = access_of(request).grn()
        try:
            with access_of(request).store() as store:
                many = sum(1 for _ in islice(store.changed_since(since), MOST_NEW + 1)) > MOST_NEW
                found = () if many else changes(store, since, asked.filter, grn=network)
        except InputError as error:
            wrong = "; ".join(f"{problem.found}: give {problem.expected}" for problem in error.problems)
    if format and found:
        changed = network.of(change.edge for change in found)
        return answer_file(format, rows=list(map(_row, found)), grn=changed, of="changes")
    now = datetime.now(UTC)
    return question_page(
        request,
        "changes.html.j2",
        asked=asked,
        given={"since": since, **asked.parameters},
        networks=bool(found),
        found=found,
        counts=Counter(str(change.kind) for change in found),
        wrong=wrong,
        many=many,
        most_new=MOST_NEW,
        most_listed=MOST_LISTED,
        offered=[(words, (now - back).strftime("%Y-%m-%dT%H:%M")) for words, back in _BACK],
    )


def _row(change: Change) -> dict[str, Any]:
    return {
        "change": str(change.kind),
        "regulator": change.edge.regulator.symbol,
        "target": change.edge.target.symbol,
        "effect": str(change.edge.effect),
        "belief": change.edge.belief,
        "effect_before": str(change.before.effect) if change.before else None,
        "belief_before": change.before.belief if change.before else None,
        "statements": len(change.statements),
        "decisions": len(change.decisions),
    }
