"""Asking servers that fail now and then: what is worth asking again, and how long to wait before that."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

import requests

LONGEST_WAIT = 60.0
_Answer = TypeVar("_Answer")


class Transient(Exception):
    """An answer that asking again may mend; `wait` is what the server asked for, in seconds."""

    def __init__(self, found: str, wait: float = 0.0) -> None:
        super().__init__(found)
        self.wait = wait


def outlast(ask: Callable[[], _Answer], *, tries: int, backoff: float) -> _Answer:
    """What `ask` returns, asked up to `tries` times while it raises Transient or its connection breaks.

    Between them passes what the server asks for, or `backoff` seconds, doubled each time and shaken so that many who
    failed together do not come back together. Raises the last Transient.
    """
    jitter = random.Random()
    for attempt in range(tries):
        try:
            return _asked(ask)
        except Transient as error:
            if attempt + 1 == tries:
                raise Transient(f"{error}, {tries} times") from None
            time.sleep(min(LONGEST_WAIT, max(error.wait, backoff * 2**attempt * jitter.uniform(0.5, 1.5))))
    raise ValueError(f"tries is {tries}, which asks nothing")


def refuse_status(answer: requests.Response) -> None:
    """Raise Transient for the answers that a server gives while it is busy or down."""
    if answer.status_code == 429 or answer.status_code >= 500:
        asked = answer.headers.get("Retry-After", "").strip()
        raise Transient(f"status {answer.status_code}", float(asked) if re.fullmatch(r"\d{1,5}", asked) else 0.0)


def is_html(head: bytes) -> bool:
    """Whether bytes begin as a page for people does."""
    return head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))


def _asked(ask: Callable[[], _Answer]) -> _Answer:
    # The text of such an error holds the address with all that was asked, and must not be shown.
    try:
        return ask()
    except requests.Timeout:
        raise Transient("no answer in time") from None
    except requests.exceptions.ChunkedEncodingError:
        raise Transient("an answer that broke off") from None
    except requests.exceptions.ContentDecodingError:
        raise Transient("an answer that cannot be unpacked") from None
    except requests.ConnectionError:
        raise Transient("no connection, or one that broke off") from None
