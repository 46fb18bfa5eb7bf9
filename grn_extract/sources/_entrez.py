"""NCBI's E-utilities, asked politely, over a connection that may fail and is then waited for.

Biopython's own `Entrez.esearch` and `efetch` have one address written into them, no timeout, and put the API key into
the URL, which the text of every error then shows. So requests are made here and sent by `requests`: always by POST,
paced, with a time limit on the whole answer. What comes back from a search is read by `Bio.Entrez.read`, which
checks it against NCBI's document type.
"""

from __future__ import annotations

import io
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests
from Bio import Entrez

from grn_extract._http import Transient, is_html, outlast, refuse_status
from prisyn_base import InputError, Problem

URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
URL_VARIABLE, KEY_VARIABLE, EMAIL_VARIABLE = "PRISYN_EUTILS_URL", "NCBI_API_KEY", "NCBI_EMAIL"
PER_SECOND, PER_SECOND_WITH_KEY = 3, 10
"""NCBI's limits; a request more, and the address is blocked for a while."""

LARGEST_ANSWER = 256 << 20
_TOOL = "prisyn"
_Read = TypeVar("_Read")
_SEARCH_TYPE = re.compile(rb"<!DOCTYPE\s+eSearchResult\s[^>]*/esearch\.dtd\"\s*>")
_XML_ERROR = re.compile(rb"<ERROR>(.{0,300}?)</ERROR>", re.DOTALL)


class Expired(Exception):
    """The history server no longer has the search."""


@dataclass(frozen=True, slots=True)
class Eutils:
    """Where and how to ask. `timeout` (seconds) bounds one whole answer, `tries` one question, `backoff` (seconds)
    is the first wait of a doubling series. `per_second` 0 is NCBI's limit, without or with a key."""

    url: str = URL
    email: str = ""
    api_key: str = field(default="", repr=False)
    timeout: float = 120.0
    tries: int = 6
    backoff: float = 1.0
    per_second: float = 0.0

    @classmethod
    def from_environment(cls, *, email: str = "") -> Eutils:
        """NCBI_API_KEY, NCBI_EMAIL unless `email` is given, and PRISYN_EUTILS_URL for another server."""
        known = os.environ.get
        return cls(known(URL_VARIABLE) or URL, email or known(EMAIL_VARIABLE) or "", known(KEY_VARIABLE) or "")


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search: how many there are, the first of them, and where the history server keeps them all."""

    count: int
    pmids: tuple[str, ...]
    history: History
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """A search's place on the history server."""

    webenv: str
    query_key: str


class Client:
    """One connection. Safe to share between threads; all of them together keep to the rate."""

    def __init__(self, settings: Eutils) -> None:
        self._settings = settings
        self._session = requests.Session()
        rate = settings.per_second or (PER_SECOND_WITH_KEY if settings.api_key else PER_SECOND)
        self._pause, self._next, self._lock = 1.0 / rate, 0.0, threading.Lock()

    def search(self, term: str, *, most: int, **limits: str) -> Found:
        """The first `most` articles of a search, newest first, kept on the history server. `limits` narrow it."""
        asked = {"term": term, "retmax": str(most), "usehistory": "y", **limits}
        return self._ask("esearch.fcgi", asked, lambda body: _searched(body, most))

    def fetch(self, history: History, start: int, number: int, check: Callable[[bytes], None]) -> bytes:
        """The XML of articles `start` to `start + number` of a search. Raises Expired where the search is forgotten."""
        place = {"WebEnv": history.webenv, "query_key": history.query_key}
        asked = {**place, "retstart": str(start), "retmax": str(number), "retmode": "xml"}
        return self._ask("efetch.fcgi", asked, _checked(check))

    def fetch_pmids(self, pmids: tuple[str, ...], check: Callable[[bytes], None]) -> bytes:
        """The XML of the articles of these numbers."""
        return self._ask("efetch.fcgi", {"id": ",".join(pmids), "retmode": "xml"}, _checked(check))

    def _ask(self, utility: str, asked: Mapping[str, str], read: Callable[[bytes], _Read]) -> _Read:
        """Ask until `read` can read the answer. Raises InputError once that has failed `tries` times."""
        settings = self._settings
        try:
            return outlast(lambda: read(self._post(utility, asked)), tries=settings.tries, backoff=settings.backoff)
        except Transient as error:
            raise self._problem(utility, str(error), "an answer of PubMed", _AGAIN) from None

    def _post(self, utility: str, asked: Mapping[str, str]) -> bytes:
        who = {"tool": _TOOL, "email": self._settings.email, "api_key": self._settings.api_key}
        data = {name: value for name, value in {"db": "pubmed", **who, **asked}.items() if value}
        self._wait_for_turn()
        try:
            with self._session.post(
                f"{self._settings.url}/{utility}", data=data, timeout=self._settings.timeout, stream=True
            ) as answer:
                body = self._body(answer)
                self._refuse(utility, answer, body, by_history="WebEnv" in asked)
                return body
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
            raise self._problem(utility, "no address", "http:// or https://", f"check {URL_VARIABLE}") from None

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._pause
        time.sleep(turn - now)

    def _body(self, answer: requests.Response) -> bytes:
        """The whole answer, in the time it has as a whole: a server that drips bytes never times out by itself."""
        end = time.monotonic() + self._settings.timeout
        parts, size = [], 0
        for part in answer.iter_content(1 << 16):
            size += len(part)
            if time.monotonic() > end:
                raise Transient(f"an answer that was not whole after {self._settings.timeout:g} s")
            if size > LARGEST_ANSWER:
                raise Transient(f"an answer of more than {LARGEST_ANSWER} bytes")
            parts.append(part)
        return b"".join(parts)

    def _refuse(self, utility: str, answer: requests.Response, body: bytes, *, by_history: bool) -> None:
        status = answer.status_code
        refuse_status(answer)
        said = _said(body) or (body[:200].decode("utf-8", "replace") if status >= 400 else "")
        if status == 400 and "api key" in said.lower():
            raise self._problem(KEY_VARIABLE, "a key that NCBI does not know", "a key", f"mend or unset {KEY_VARIABLE}")
        if by_history and re.search(r"history|webenv|query[ _]?key|unable to obtain query", said, re.IGNORECASE):
            raise Expired(said)
        if status >= 400:
            raise self._problem(utility, f"status {status} {self._without_key(said)}", "an answer", "check the query")

    def _problem(self, utility: str, found: str, expected: str, mend: str) -> InputError:
        where = f"PubMed ({self._settings.url}/{utility})" if utility != KEY_VARIABLE else utility
        return InputError([Problem(where, self._without_key(found), expected, mend)])

    def _without_key(self, text: str) -> str:
        return text.replace(self._settings.api_key, "...") if self._settings.api_key else text


_AGAIN = "check the network; the same command goes on where it stopped"


def _searched(body: bytes, most: int) -> Found:
    # Biopython fetches document types that it has not got: only the one that is expected is let through.
    if not _SEARCH_TYPE.search(body[:1024]):
        raise Transient(_kind(body))
    try:
        answer: Any = Entrez.read(io.BytesIO(body))
        count, pmids = int(answer["Count"]), tuple(str(pmid) for pmid in answer["IdList"])
        history = History(str(answer["WebEnv"]), str(answer["QueryKey"]))
    except RuntimeError as error:
        raise Transient(f"the words {str(error)[:200]!r}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Transient(f"no whole search result ({type(error).__name__})") from None
    if len(pmids) < min(count, most):
        raise Transient(f"{len(pmids)} of {min(count, most)} numbers")
    return Found(count, pmids, history, _remarks(answer))


def _remarks(answer: Mapping[str, Any]) -> str:
    """What PubMed has to say about a query: words it did not find, or passed over."""
    said = []
    for part in ("ErrorList", "WarningList"):
        for kind, words in (answer.get(part) or {}).items():
            said += [f"{kind}: {word}" for word in words if str(word).strip()]
    return "; ".join(said)


def _checked(check: Callable[[bytes], None]) -> Callable[[bytes], bytes]:
    def read(body: bytes) -> bytes:
        check(body)
        return body

    return read


def _said(body: bytes) -> str:
    found = _XML_ERROR.search(body[:4096])
    return found[1].decode("utf-8", "replace").strip() if found else ""


def _kind(body: bytes) -> str:
    if is_html(body):
        return "html in place of XML"
    return f"{bytes(body[:40])!r} in place of a search result" if body else "an empty answer"
