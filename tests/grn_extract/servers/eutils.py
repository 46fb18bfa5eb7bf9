"""A double of NCBI's E-utilities on loopback: searches, a history, batches, and every way in which they fail.

    with serve(articles) as server:
        read_pubmed(query="GATA1", folder=folder, settings=Eutils(url=server.url))

`articles` are PubMed's own XML. A query finds the articles whose XML has all its words; `all[sb]` finds them all.
"""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

_ARTICLE = re.compile(r"<PubmedArticle>.*?</PubmedArticle>", re.DOTALL)
_PMID = re.compile(r"<PMID[^>]*>(\d+)</PMID>")
_ENTERED = re.compile(
    r'<PubMedPubDate PubStatus="(?:entrez|pubmed)">\s*<Year>(\d+)</Year>\s*<Month>(\d+)</Month>\s*<Day>(\d+)</Day>'
)
_SEARCH = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
    "<eSearchResult><Count>{count}</Count><RetMax>{retmax}</RetMax><RetStart>0</RetStart><QueryKey>1</QueryKey>"
    "<WebEnv>{webenv}</WebEnv><IdList>\n{ids}</IdList><TranslationSet/><QueryTranslation>x</QueryTranslation>"
    "{errors}</eSearchResult>\n"
)
_NOT_FOUND = "<ErrorList><PhraseNotFound>{}</PhraseNotFound></ErrorList>"
_SET = '<?xml version="1.0" ?>\n<PubmedArticleSet>\n{}\n</PubmedArticleSet>\n'
_GONE = '<?xml version="1.0" ?><eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>'


@dataclass(frozen=True)
class Asked:
    """One request: the utility, its parameters, how it was sent, and when (monotonic seconds)."""

    utility: str
    parameters: dict[str, str]
    path: str
    at: float


Fault = Callable[[BaseHTTPRequestHandler, bytes], None]


@dataclass
class Server:
    """What it holds and has been asked. `faults` are used up, one a request, before anything is answered."""

    articles: dict[str, str]
    url: str = ""
    first_of_a_search: int = 10_000
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault | None] = field(default_factory=list)
    histories: dict[str, list[str]] = field(default_factory=dict)

    def forget(self) -> None:
        """The history server loses every search."""
        self.histories.clear()

    def fetched(self) -> list[str]:
        """The batches that were asked for, each as the numbers or the place it named."""
        return [
            request.parameters.get("id") or f"{request.parameters['WebEnv']}+{request.parameters['retstart']}"
            for request in self.asked
            if request.utility == "efetch.fcgi"
        ]

    def answer(self, utility: str, asked: dict[str, str]) -> tuple[int, str]:
        if asked.get("api_key") == "wrong":
            return 400, '{"error":"API key invalid","api-key":"wrong","type":"ip"}'
        return self._search(asked) if utility == "esearch.fcgi" else self._fetch(asked)

    def _search(self, asked: dict[str, str]) -> tuple[int, str]:
        words = [] if asked["term"] == "all[sb]" else asked["term"].split()
        found = [pmid for pmid, text in self.articles.items() if all(word in text for word in words)]
        if "mindate" in asked:
            first, last = (_day(asked[name]) for name in ("mindate", "maxdate"))
            found = [pmid for pmid in found if first <= entered(self.articles[pmid]) <= last]
        found.sort(key=lambda pmid: (entered(self.articles[pmid]), int(pmid)), reverse=True)
        webenv = f"MCID_{len(self.asked)}"
        self.histories[webenv] = found[: self.first_of_a_search]
        shown = found[: min(int(asked["retmax"]), self.first_of_a_search)]
        ids = "".join(f"<Id>{pmid}</Id>\n" for pmid in shown)
        errors = "" if found else _NOT_FOUND.format(" ".join(words))
        return 200, _SEARCH.format(count=len(found), retmax=len(shown), webenv=webenv, ids=ids, errors=errors)

    def _fetch(self, asked: dict[str, str]) -> tuple[int, str]:
        if "id" in asked:
            pmids = asked["id"].split(",")
        elif asked["WebEnv"] in self.histories:
            start = int(asked["retstart"])
            pmids = self.histories[asked["WebEnv"]][start : start + int(asked["retmax"])]
        else:
            return 400, _GONE
        # PubMed keeps to no order of its own where it is asked by number.
        known = sorted((pmid for pmid in pmids if pmid in self.articles), key=int)
        return 200, _SET.format("\n".join(self.articles[pmid] for pmid in known))


def entered(article: str) -> date:
    """The day an article entered PubMed, by its own history."""
    found = _ENTERED.search(article)
    return date(*map(int, found.groups())) if found else date(2000, 1, 1)


def articles_of(path: Path) -> dict[str, str]:
    """The articles of a PubMed file, by number, each as it stands there."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return {_PMID.findall(article)[0]: article for article in _ARTICLE.findall(text)}


def status(code: int, **headers: str) -> Fault:
    """A fault: this status, with headers such as `Retry_After="1"`."""

    def fail(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(b'{"error":"API rate limit exceeded"}')

    return fail


def html(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """A fault: a page in place of the answer, with status 200."""
    _send(handler, 200, b"<!DOCTYPE html><html><body>NCBI - WWW Error Blocked Diagnostic</body></html>")


def torn(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """A fault: half the answer, as if it were whole."""
    _send(handler, 200, body[: len(body) // 2])


def cut(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """A fault: the connection ends in the middle of the answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])


def hang(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """A fault: bytes drip for a second, and the answer never ends."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    for _ in range(10):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


@contextmanager
def serve(articles: dict[str, str], faults: Sequence[Fault | None] = ()) -> Iterator[Server]:
    """A server of these articles for as long as the block lasts."""
    server = Server(articles, faults=list(faults))
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            parameters = {name: values[0] for name, values in parse_qs(sent).items()}
            utility = self.path.rpartition("/")[2].partition("?")[0]
            server.asked.append(Asked(utility, parameters, self.path, time.monotonic()))
            code, body = server.answer(utility, parameters)
            fault = server.faults.pop(0) if server.faults else None
            try:
                if fault is None:
                    _send(self, code, body.encode())
                else:
                    fault(self, body.encode())
            except OSError:
                # Who asked has stopped waiting.
                pass

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the requests are in `asked`."""

    return Handler


def _send(handler: BaseHTTPRequestHandler, code: int, body: bytes) -> None:
    handler.send_response(code)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _day(text: str) -> date:
    return date(*map(int, text.split("/")))
