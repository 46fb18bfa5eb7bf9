"""The application: guard, pages, static files, and errors as pages."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from kg import find_mentions
from prisyn.web.access import Access
from prisyn.web.desk import Desk
from prisyn.web.guard import Guard
from prisyn.web.querying import Querying
from prisyn.web.question import Answers
from prisyn.web.rendering import render
from prisyn.web.routers import ROUTERS
from prisyn.web.settings import Settings
from prisyn_base import InputError

_LOG = logging.getLogger(__name__)
_TITLES = {403: "Not allowed", 404: "Not here", 405: "Not possible"}


def create_app(settings: Settings) -> FastAPI:
    """The pages of `settings` as an ASGI application. It keeps nothing but a copy of the graph in memory."""
    access, references = Access(settings.graph), tuple(map(Access, settings.references))
    querying = Querying(access)

    @asynccontextmanager
    async def until_stopped(_: FastAPI) -> AsyncIterator[None]:
        yield
        querying.close()
        for each in (access, *references):
            each.close()

    app = FastAPI(title="PriSyn", docs_url=None, redoc_url=None, openapi_url=None, lifespan=until_stopped)
    app.state.settings = settings
    app.state.access = access
    app.state.desk = Desk(access)
    app.state.references, app.state.querying, app.state.answers = references, querying, Answers()
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misspelt)
    app.add_exception_handler(InputError, _mendable)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(Guard, settings=settings)
    return app


def warm(app: FastAPI) -> None:
    """Read the graph and the names, and order the queue, before the first visitor asks; a graph that cannot be read
    is told to them."""
    access: Access = app.state.access
    with suppress(InputError):
        overview = access.overview()
        _ = (overview.stats, overview.hubs, overview.contradictions)
        find_mentions("GATA1 activates HBB.")
        desk: Desk = app.state.desk
        desk.prepare()


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = _TITLES.get(error.status_code, "This did not work")
    return render(request, "error.html.j2", status=error.status_code, title=title, lines=[str(error.detail)])


def _misspelt(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    lines = [f"{each['loc'][-1]}: {each['msg']}." for each in error.errors()]
    return render(request, "error.html.j2", status=422, title="The address asks for what there is not", lines=lines)


def _mendable(request: Request, error: Exception) -> Response:
    assert isinstance(error, InputError)
    lines = [str(problem) for problem in error.problems]
    return render(request, "error.html.j2", status=503, title="Something has to be mended first", lines=lines)


def _failed(request: Request, error: Exception) -> Response:
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    said = "This is our fault, not yours. Where the pages were started it says what happened."
    return render(request, "error.html.j2", status=500, title="PriSyn failed", lines=[said])
