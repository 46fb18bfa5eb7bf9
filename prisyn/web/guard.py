"""Who may ask for what: hosts, origins, the token, forms; and the headers that keep hostile text from running.

Every request passes through `Guard`, every form through `check_form`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from prisyn.web.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SESSION, ACCESS = "prisyn_session", "prisyn_access"
MONTH = 30 * 24 * 3600
LARGEST_FORM = 64 * 1024
"""Bytes of the largest form that is read."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
_OPEN = ("/static/", "/login")
_SESSION = re.compile(r"[0-9a-f]{64}\Z")

POLICY = (
    "default-src 'none'; script-src 'self'; script-src-attr 'none'; style-src 'self'; style-src-attr 'none'; "
    "img-src data:; connect-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Nothing goes to other sites; "no-referrer" would also blank the Origin of our own forms, by which they are known.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware. It refuses what `Settings` does not allow, gives each browser a session, and adds `HEADERS`.

    A response that brings its own Content-Security-Policy keeps it. `request.state.session` is the session's id.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"no page speaks {scope['type']}")
        request = Request(scope)
        session = request.cookies.get(SESSION, "")
        known = bool(_SESSION.match(session))
        request.state.session = session = session if known else secrets.token_hex(32)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if not known:
                    headers.append("Set-Cookie", cookie(SESSION, session, tls=self._settings.tls))
            await send(message)

        await (self._refusal(request) or self._app)(scope, receive, answer)

    def _refusal(self, request: Request) -> Response | None:
        """What is answered in place of a page, None where the request may pass."""
        if host_name(request.headers.get("host", "")) not in self._settings.hosts:
            return PlainTextResponse(
                "This server does not go by that name. To mend: prisyn serve --allow-host NAME.", 421
            )
        if request.method not in SAFE_METHODS:
            if request.method != "POST":
                return PlainTextResponse("Only GET, HEAD and POST are answered.", 405)
            if not _same_origin(request):
                return PlainTextResponse("A page of another site may not send this form.", 403)
            if not _small(request):
                return PlainTextResponse(f"A form of at most {LARGEST_FORM:,} bytes, of a stated length.", 413)
        if self._settings.token and not self._let_in(request):
            return RedirectResponse("/login", 303)
        return None

    def _let_in(self, request: Request) -> bool:
        if request.url.path.startswith(_OPEN):
            return True
        given = request.cookies.get(ACCESS, "")
        return hmac.compare_digest(given.encode(), access_pass(self._settings, request.state.session).encode())


def of_this_site(request: Request) -> bool:
    """Whether a page of this server, or the user alone, asks for this, by what the browser says."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def check_form(request: Request, given: str) -> None:
    """Raises HTTPException 403 unless the form was made by a page of this server for this session."""
    settings: Settings = request.app.state.settings
    if not hmac.compare_digest(given.encode(), form_key(settings, request.state.session).encode()):
        raise HTTPException(403, "This page is older than the server, or the cookie is gone: reload it and try again.")


def form_key(settings: Settings, session: str) -> str:
    """What a form of this session must send back; another site cannot read it."""
    return _signed(settings, "form", session)


def access_pass(settings: Settings, session: str) -> str:
    """The value of the cookie that a browser gets for the token."""
    return _signed(settings, "access", session)


def token_is_right(settings: Settings, given: str) -> bool:
    """Whether this is the token, in a time that does not depend on where the two differ."""
    digests = (hashlib.sha256(text.encode()).digest() for text in (given, settings.token))
    return bool(settings.token) and hmac.compare_digest(*digests)


def cookie(name: str, value: str, *, tls: bool, age: int = MONTH) -> str:
    """A Set-Cookie header that no script reads and no other site sends; over HTTPS only, where HTTPS is spoken."""
    return f"{name}={value}; Max-Age={age}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if tls else ''}"


def host_name(header: str) -> str:
    """The name in a Host header, without its port, lower case."""
    name, _, port = header.rpartition(":")
    return (name if name and port.isdigit() else header).lower()


def _signed(settings: Settings, what: str, session: str) -> str:
    return hmac.new(settings.secret, f"{what}:{session}".encode(), hashlib.sha256).hexdigest()


def _same_origin(request: Request) -> bool:
    """By what the browser says of where the form comes from; one that says nothing is left to the form's key."""
    if not of_this_site(request):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()


def _small(request: Request) -> bool:
    length = request.headers.get("content-length", "")
    return length.isdigit() and int(length) <= LARGEST_FORM
