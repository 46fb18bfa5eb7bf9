"""Who reviews: a name given once and kept in a cookie. It is what a person says of themselves, and proves nothing."""

from __future__ import annotations

from urllib.parse import quote, unquote

from fastapi import Request
from starlette.responses import Response

from prisyn.web.guard import cookie

COOKIE = "prisyn_curator"
LONGEST = 80
"""Characters of a curator's name."""


def curator_of(request: Request) -> str:
    """The name under which this browser reviews, "" where none was given."""
    return clean_name(unquote(request.cookies.get(COOKIE, "")))


def clean_name(given: str) -> str:
    """A name on one line without anything unseen in it, at most `LONGEST` characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in given).split())[:LONGEST].strip()


def remember(response: Response, name: str, *, tls: bool) -> None:
    """Have the browser keep the name; "" forgets it."""
    year = 365 * 24 * 3600
    response.headers.append("Set-Cookie", cookie(COOKIE, quote(name, safe=""), tls=tls, age=year if name else 0))
