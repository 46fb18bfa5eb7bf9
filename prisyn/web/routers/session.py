"""Being let in, and saying who one is."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from prisyn.web.guard import ACCESS, access_pass, check_form, cookie, token_is_right
from prisyn.web.identity import clean_name, remember
from prisyn.web.rendering import render
from prisyn.web.settings import Settings

router = APIRouter()


@router.get("/login", response_class=HTMLResponse)
def ask_for_token(request: Request) -> Response:
    """The form that takes the token."""
    _with_token(request)
    return render(request, "login.html.j2", wrong=False)


@router.post("/login", response_class=HTMLResponse)
def take_token(
    request: Request, key: Annotated[str, Form()], token: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Let a browser in that knows the token."""
    settings = _with_token(request)
    check_form(request, key)
    if not token_is_right(settings, token):
        return render(request, "login.html.j2", status=403, wrong=True)
    response = RedirectResponse("/", 303)
    response.headers.append(
        "Set-Cookie", cookie(ACCESS, access_pass(settings, request.state.session), tls=settings.tls)
    )
    return response


@router.get("/who", response_class=HTMLResponse)
def ask_who(request: Request, then: str = "/review") -> Response:
    """The form that asks who reviews."""
    return render(request, "who.html.j2", then=_local(then))


@router.post("/who")
def take_name(
    request: Request,
    key: Annotated[str, Form()],
    name: Annotated[str, Form(max_length=1000)] = "",
    then: Annotated[str, Form(max_length=1000)] = "/review",
) -> Response:
    """Remember who reviews; an empty name forgets it."""
    check_form(request, key)
    settings: Settings = request.app.state.settings
    response = RedirectResponse(_local(then), 303)
    remember(response, clean_name(name), tls=settings.tls)
    return response


def _with_token(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    if not settings.token:
        raise HTTPException(404, "These pages ask for no token.")
    return settings


def _local(address: str) -> str:
    """An address of this server to go on to; never one of another."""
    parts = urlsplit(address)
    local = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc
    return address if local and address.isprintable() else "/review"
