"""The review queue: one statement at a time, by keyboard or by hand, and what others hold."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kg import Decision, Edge, ErrorKind, Evidence, GraphStore, SourceKind, Verdict
from kg.curation import standing_decisions
from kg.decisions import decide, write_decisions
from prisyn.web.access import access_of
from prisyn.web.desk import Desk, Pile, Reference, disputes, find_statement
from prisyn.web.files import attachment
from prisyn.web.guard import check_form
from prisyn.web.identity import curator_of
from prisyn.web.rendering import is_fragment, render
from prisyn.web.settings import Settings

router = APIRouter(prefix="/review")

LAST = 10
"""Decisions shown beside the statement."""

VERDICTS = {"accept": Verdict.ACCEPT, "reject": Verdict.REJECT, "unsure": Verdict.UNSURE}

ERRORS = {
    ErrorKind.GROUNDING: "another gene is meant",
    ErrorKind.POLARITY: "the sign is wrong",
    ErrorKind.DIRECTION: "the other way round",
    ErrorKind.NO_RELATION: "no regulation stated",
    ErrorKind.NEGATIVE_RESULT: "it is denied",
    ErrorKind.HYPOTHESIS: "it is only supposed",
    ErrorKind.ENTITY_BOUNDARY: "part of a longer name",
    ErrorKind.ACTIVITY_NOT_AMOUNT: "activity, not amount",
    ErrorKind.OTHER: "other: say what",
}
"""The error kinds in the order of their keys, 1 to 9, in words."""

Source = Literal["", "text", "database", "knowledge"]

Text = Annotated[str, Query(max_length=300)]
Field = Annotated[str, Form(max_length=300)]


@router.get("", response_class=HTMLResponse)
def review(
    request: Request,
    pile: Pile = Pile.OPEN,
    source: Source = "",
    claim: Text = "",
    regulator: Text = "",
    target: Text = "",
) -> Response:
    """The next statement, or the one that the address names."""
    curator = curator_of(request)
    if not curator:
        return RedirectResponse("/who?" + urlencode({"then": _back(request)}), 303)
    with access_of(request).store() as store:
        named = _named(store, Reference(claim, regulator, target)) if claim else None
        return _desk(request, store, curator, pile, _kind(source), named=named)


@router.post("", response_class=HTMLResponse)
def act(
    request: Request,
    key: Annotated[str, Form()],
    act: Field,
    pile: Annotated[Pile, Form()] = Pile.OPEN,
    source: Annotated[Source, Form()] = "",
    claim: Field = "",
    regulator: Field = "",
    target: Field = "",
    comment: Annotated[str, Form(max_length=5_000)] = "",
) -> Response:
    """Do what a button or a key says, and show what comes next."""
    check_form(request, key)
    curator = curator_of(request)
    if not curator:
        raise HTTPException(403, "Say who reviews first.")
    desk, what = desk_of(request), Reference(claim, regulator, target)
    named: tuple[Evidence, Edge] | None = None
    with access_of(request).store() as store:
        if act == "undo":
            back = desk.undo(store, curator)
            named = _named(store, back) if back else None
            said = "Taken back." if back else "There is nothing left to take back."
        elif act == "again":
            desk.take_up(curator)
            said = "Those skipped are back."
        elif act == "skip":
            desk.skip(curator, what)
            said = "Skipped."
        else:
            statement, edge = _named(store, what)
            try:
                desk.decide(store, _decision(statement, act, curator, comment))
                said = f"{act.replace('_', ' ').capitalize()}: {edge.regulator.symbol} and {edge.target.symbol}."
            except ValueError as error:
                return _desk(
                    request, store, curator, pile, _kind(source), named=(statement, edge), said=f"Not kept: {error}."
                )
        if not is_fragment(request):
            return RedirectResponse(_pile_path(pile, source), 303)
        return _desk(request, store, curator, pile, _kind(source), named=named, said=said)


@router.get("/disagreements", response_class=HTMLResponse)
def disagreements(request: Request) -> Response:
    """Statements that some accept and others reject, with who holds what."""
    with access_of(request).store() as store:
        found = disputes(list(store.decisions()))
    return render(request, "disagreements.html.j2", disputes=found, symbols=access_of(request).symbols(), errors=ERRORS)


@router.get("/decisions.jsonl")
def decisions_file(request: Request) -> Response:
    """Every decision ever taken here, as `prisyn kg curate import` reads them."""
    with access_of(request).store() as store, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "decisions.jsonl"
        write_decisions(store.decisions(), path)
        return attachment(path.read_bytes(), "application/x-ndjson", "decisions.jsonl")


def desk_of(request: Request) -> Desk:
    """The application's review queues."""
    desk: Desk = request.app.state.desk
    return desk


def _desk(
    request: Request,
    store: GraphStore,
    curator: str,
    pile: Pile,
    source: SourceKind | None,
    *,
    named: tuple[Evidence, Edge] | None = None,
    said: str = "",
) -> Response:
    settings: Settings = request.app.state.settings
    decisions = standing_decisions(store.decisions())
    mine = [item for item in decisions if item.curator == curator]
    waiting = desk_of(request).waiting(curator, pile, decisions, source)
    statement, edge = named or ((waiting[0].statement, waiting[0].edge) if waiting else (None, None))
    return render(
        request,
        "desk.html.j2" if is_fragment(request) else "review.html.j2",
        statement=statement,
        edge=edge,
        pile=str(pile),
        source=str(source or ""),
        pile_path=_pile_path,
        said=said,
        waiting=len(waiting),
        skipped=desk_of(request).skipped(curator),
        past=mine[: -LAST - 1 : -1],
        disputed={dispute.decisions[0].claim for dispute in disputes(decisions)},
        symbols=access_of(request).symbols(),
        errors=ERRORS,
        decided=len(decisions),
        remade_by=settings.remade_by,
        **_held(statement, mine),
    )


def _kind(source: Source) -> SourceKind | None:
    return SourceKind(source) if source else None


def _pile_path(pile: str, source: str = "") -> str:
    """The address of a pile; without what need not be said."""
    asked = {name: value for name, value in (("pile", pile), ("source", source)) if value not in ("", Pile.OPEN)}
    return "/review" + (f"?{urlencode(asked)}" if asked else "")


def _back(request: Request) -> str:
    """This page's own address."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _held(statement: Evidence | None, mine: Sequence[Decision]) -> dict[str, Any]:
    """What this curator holds of the statement already. What others hold is not shown before one has decided."""
    held = [item for item in mine if statement is not None and item.claim == statement.claim]
    return {"held": held[-1] if held else None}


def _named(store: GraphStore, what: Reference) -> tuple[Evidence, Edge]:
    try:
        return find_statement(store, what)
    except KeyError as error:
        raise HTTPException(404, str(error.args[0])) from None


def _decision(statement: Evidence, act: str, curator: str, comment: str) -> Decision:
    """The decision that a button stands for: a verdict, or the kind of error. ValueError for what is none."""
    words = " ".join(comment.split())
    if act in VERDICTS:
        return decide(statement, VERDICTS[act], curator=curator, comment=words)
    return decide(statement, Verdict.REJECT, curator=curator, error=ErrorKind(act), comment=words)
