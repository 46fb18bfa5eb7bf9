"""PubMed by query or by numbers, through NCBI's E-utilities: searched once, fetched in batches, resumed at any point.

PubMed hands out the first 9,999 articles of a search. A larger search is split by the day an article entered PubMed,
of which each has exactly one, until every part is small enough.

What has been found and fetched lies in a folder, each file whole or not there:

    search.json         what was asked, what PubMed remarked, and every number found, in order
    batch-000001.xml.gz  the first 200 of them as PubMed sent them

Batches are of numbers, not of places in a search. While the history server remembers the search a batch is fetched
from there; when it has forgotten, or a killed fetch goes on a week later, the rest is fetched by number. Searching
again, as is often advised, may answer otherwise, and then batches overlap or miss articles.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from grn_extract._http import Transient
from grn_extract.document import Document
from grn_extract.sources._entrez import Client, Eutils, Expired, Found, History
from grn_extract.sources.pubmed_xml import documents_in, pmids_in
from prisyn_base import InputError, Problem, Problems, atomic_path, sha256_text, write_json

SCHEMA = 1
BATCH = 200
MOST_OF_A_SEARCH = 9_999
_FIRST_DAY = date(1800, 1, 1)

Progress = Callable[[int, int], None]
Tell = Callable[[str], None]


def read_pubmed(
    *,
    query: str = "",
    pmids: Iterable[str] = (),
    folder: str | os.PathLike[str],
    most: int | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
    settings: Eutils | None = None,
) -> Iterator[Document]:
    """The articles that a PubMed query finds, newest first, or those of a list of PubMed numbers, in its order.

    `most` bounds how many. `folder` keeps what was fetched: killed at any point, the same call goes on behind the
    last whole batch, and a finished one asks nothing more. `progress` is called with articles fetched, of how many;
    `tell` with a sentence about numbers that PubMed did not send. Articles without a title and abstract, and notices
    of retraction, are no documents. Server, email and API key are `Eutils.from_environment()`'s unless given.

    Raises InputError for a query that finds nothing (with PubMed's remarks), numbers that are none, a folder of
    another query, and a server that does not answer.
    """
    asked = _asked(query, tuple(pmids), most)
    kept, client = _Kept(Path(folder)), Client(settings or Eutils.from_environment())
    shelf = kept.search(asked) or kept.keep(asked, _find(client, asked))
    fetcher, sent = _Fetcher(client), 0
    for number, batch in enumerate(shelf.batches(), 1):
        file = kept.batch(number)
        body = _body(fetcher, file, batch)
        there = pmids_in(body)
        lost = [pmid for pmid in batch.pmids if pmid not in there]
        sent += len(batch.pmids) - len(lost)
        if lost and tell:
            tell(f"PubMed sent nothing for {len(lost)} of {len(batch.pmids)} numbers: {', '.join(lost[:10])}")
        yield from _documents(body, file, batch, tell)
        if progress:
            progress(min(number * BATCH, len(shelf.pmids)), len(shelf.pmids))
    if not sent:
        raise InputError([Problem("PubMed", "no article of these numbers", "PubMed numbers", "check the list")])


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str
    pmids: tuple[str, ...]
    most: int | None

    @property
    def key(self) -> str:
        return sha256_text(json.dumps([self.query, self.pmids, self.most]))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Numbers, and where the history server has them: `history` is None once that is not known."""

    pmids: tuple[str, ...]
    history: History | None
    start: int


@dataclass
class _Shelf:
    """All numbers; `parts` are the searches they came from, in order: how many of each, and their histories."""

    pmids: tuple[str, ...]
    parts: tuple[tuple[int, History], ...] = ()

    def batches(self) -> Iterator[_Batch]:
        """Batches of at most `BATCH`; the histories help only batches that lie within one search."""
        for start in range(0, len(self.pmids), BATCH):
            pmids = self.pmids[start : start + BATCH]
            yield _Batch(pmids, *self._place(start, start + len(pmids)))

    def _place(self, start: int, end: int) -> tuple[History | None, int]:
        first = 0
        for number, history in self.parts:
            if first <= start and end <= first + number:
                return history, start - first
            first += number
        return None, 0


def _asked(query: str, pmids: tuple[str, ...], most: int | None) -> _Asked:
    problems = Problems()
    if bool(query.strip()) == bool(pmids):
        found = "both a query and numbers" if pmids else "neither a query nor numbers"
        problems.add("PubMed", found, "one of them", "give a query, or a list of PubMed numbers")
    if most is not None and most < 1:
        problems.add("most", str(most), "a number of articles from 1", "leave it out, or give a higher one")
    wrong = [pmid for pmid in pmids if not re.fullmatch(r"[1-9]\d{0,8}", pmid)]
    if wrong:
        some = ", ".join(map(repr, wrong[:5])) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        problems.add("PubMed numbers", some, "numbers of one to nine digits", "mend or remove them")
    problems.raise_if_any()
    return _Asked(query.strip(), tuple(dict.fromkeys(pmids))[:most], most)


def _find(client: Client, asked: _Asked) -> tuple[_Shelf, str]:
    if asked.pmids:
        return _Shelf(asked.pmids), ""
    wanted = min(asked.most or MOST_OF_A_SEARCH, MOST_OF_A_SEARCH)
    found = client.search(asked.query, most=wanted)
    if not found.count:
        said = f"nothing for {asked.query!r}" + (f" ({found.remarks})" if found.remarks else "")
        raise InputError([Problem("PubMed", said, "at least one article", "try the query on pubmed.gov")])
    if (asked.most or found.count) <= MOST_OF_A_SEARCH or found.count <= MOST_OF_A_SEARCH:
        return _Shelf(found.pmids, ((len(found.pmids), found.history),)), found.remarks
    # A day more: it is already tomorrow somewhere.
    return _split(client, asked, date.today() + timedelta(days=1)), found.remarks


def _split(client: Client, asked: _Asked, last: date) -> _Shelf:
    parts: list[tuple[int, History]] = []
    pmids: list[str] = []
    for found in _by_days(client, asked.query, _FIRST_DAY, last):
        pmids += found.pmids
        parts.append((len(found.pmids), found.history))
        if asked.most and len(pmids) >= asked.most:
            break
    if len(set(pmids)) < len(pmids):
        # An article that moved while the search went on; its second place shifts the others', so all go by number.
        return _Shelf(tuple(dict.fromkeys(pmids))[: asked.most])
    return _Shelf(tuple(pmids[: asked.most]), tuple(parts))


def _by_days(client: Client, query: str, first: date, last: date) -> Iterator[Found]:
    """Searches that each fit, over all the days, newest first."""
    days = {"datetype": "edat", "mindate": f"{first:%Y/%m/%d}", "maxdate": f"{last:%Y/%m/%d}"}
    found = client.search(query, most=MOST_OF_A_SEARCH, **days)
    if found.count <= MOST_OF_A_SEARCH:
        if found.count:
            yield found
        return
    if first == last:
        said = f"{found.count:,} articles of one day, {first}"
        raise InputError([Problem("PubMed", said, f"at most {MOST_OF_A_SEARCH:,}", "narrow the query")])
    middle = first + (last - first) // 2
    yield from _by_days(client, query, middle + timedelta(days=1), last)
    yield from _by_days(client, query, first, middle)


class _Kept:
    """What lies in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def search(self, asked: _Asked) -> _Shelf | None:
        """What was found for the same question before; the history server is not counted on any more."""
        file = self._folder / "search.json"
        if not file.exists():
            return None
        try:
            state = json.loads(file.read_text(encoding="utf-8"))
            same, pmids = state["schema"] == SCHEMA and state["key"] == asked.key, tuple(state["pmids"])
        except (ValueError, KeyError, TypeError):
            raise self._other(file, "a damaged file", "remove the folder") from None
        if not same:
            raise self._other(file, f"the articles of {state.get('query') or 'other numbers'!r}", "name another folder")
        return _Shelf(pmids)

    def keep(self, asked: _Asked, found: tuple[_Shelf, str]) -> _Shelf:
        shelf, remarks = found
        asks = {"key": asked.key, "query": asked.query, "most": asked.most, "remarks": remarks}
        write_json(self._folder / "search.json", {"schema": SCHEMA, **asks, "pmids": shelf.pmids})
        return shelf

    def batch(self, number: int) -> Path:
        return self._folder / f"batch-{number:06d}.xml.gz"

    def _other(self, file: Path, found: str, mend: str) -> InputError:
        return InputError([Problem(str(file), found, "what was fetched for this query", mend)])


class _Fetcher:
    """Fetches batches; remembers which searches the history server has forgotten."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._forgotten: set[History] = set()

    def fetch(self, batch: _Batch) -> bytes:
        """The batch as PubMed sends it: from the history server if that has exactly these articles, else by number."""
        if batch.history is not None and batch.history not in self._forgotten:
            try:
                body = self._client.fetch(batch.history, batch.start, len(batch.pmids), _check)
                if pmids_in(body) == set(batch.pmids):
                    return body
            except Expired:
                self._forgotten.add(batch.history)
        return self._client.fetch_pmids(batch.pmids, _check)


def _body(fetcher: _Fetcher, file: Path, batch: _Batch) -> bytes:
    """What PubMed sent for a batch: out of its file, or fetched into it where that is missing or damaged."""
    try:
        body = gzip.decompress(file.read_bytes())
        pmids_in(body)
    except (OSError, EOFError, zlib.error, ValueError):
        body = fetcher.fetch(batch)
        with atomic_path(file) as temporary:
            # Without a time in its head the file of a batch depends on the batch alone.
            temporary.write_bytes(gzip.compress(body, mtime=0))
    return body


def _documents(body: bytes, file: Path, batch: _Batch, tell: Tell | None) -> Iterator[Document]:
    """The documents of a batch in the order of its numbers, whatever the order in which PubMed sent them."""
    problems = Problems(tell=tell)
    documents = {document.id: document for document in documents_in(body, str(file), problems)}
    for problem in problems:
        if tell:
            tell(str(problem))
    yield from (documents[f"PMID:{pmid}"] for pmid in batch.pmids if f"PMID:{pmid}" in documents)


def _check(body: bytes) -> None:
    try:
        pmids_in(body)
    except ValueError as error:
        raise Transient(str(error)) from None
