"""PubMed's XML: an answer of E-utilities, or a baseline or update file, streamed with flat memory."""

from __future__ import annotations

import gzip
import io
import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from grn_extract.document import Document
from grn_extract.sources import register
from prisyn_base import Problems

LARGEST_TEXT = 4 << 20
"""Characters of one title and abstract; PubMed's longest are a hundredth of that."""

_RETRACTED = "D016441"
_ARTICLES = frozenset({"PubmedArticle", "PubmedBookArticle"})
_ROOTS = frozenset({"PubmedArticleSet", "PubmedBookArticleSet", *_ARTICLES})
_SPACE = re.compile(r"\s+")


class _Refused(Exception):
    """The stream holds what no file of PubMed holds."""


@register(".xml", ".xml.gz")
def read_pubmed_xml(path: Path, problems: Problems) -> Iterator[Document]:
    """The articles with a title or abstract; a structured abstract is joined with its labels, one section a line.

    The text is the title, a line break, and the abstract. Articles of publication type "Retracted Publication" are
    marked. Entity declarations, html, broken XML and truncated gz are collected as problems naming the line; what
    was whole before them has been yielded.
    """
    try:
        with _open(path) as stream:
            yield from _articles(_Guarded(stream), path, problems)
    except _Refused as error:
        problems.add(str(path), str(error), "PubMed XML (PubmedArticleSet)", "download it again from PubMed")
    except ET.ParseError as error:
        line = error.position[0]
        problems.add(f"{path}:{line}", f"broken XML ({error})", "PubMed XML", "download it again from PubMed")
    except (OSError, EOFError, zlib.error) as error:
        problems.add(str(path), f"{error}", "a whole file", "download it again")


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


class _Guarded(io.RawIOBase):
    """A byte stream that refuses entity declarations, and html, before the parser that expands them sees them.

    A second expat parser reads ahead until the root element starts; after that nothing can be declared any more.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._guard: Any = expat.ParserCreate()
        self._guard.EntityDeclHandler = self._refuse
        self._guard.StartElementHandler = self._root
        self._started = False

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        if not self._started:
            if block[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
                raise _Refused("html")
            try:
                self._guard.Parse(block, False)
            except expat.ExpatError:
                # The parser proper meets the same fault and names its line.
                self._started = True
        return block

    def _refuse(self, name: str, *_: Any) -> None:
        raise _Refused(f"a declaration of the entity {name!r}")

    def _root(self, name: str, _: Any) -> None:
        self._started = True


def _articles(stream: _Guarded, path: Path, problems: Problems) -> Iterator[Document]:
    root: ET.Element | None = None
    for event, element in ET.iterparse(stream, events=("start", "end")):
        if root is None:
            root = element
            if element.tag not in _ROOTS:
                raise _Refused(f"the root element <{element.tag}>")
        if event == "end" and element.tag in _ARTICLES:
            if document := _document(element, path, problems):
                yield document
            # Dropping finished articles from the root is what keeps memory flat.
            root.clear()


def _document(article: ET.Element, path: Path, problems: Problems) -> Document | None:
    pmid = (article.findtext(".//PMID") or "").strip()
    if not pmid.isdecimal():
        problems.add(f"{path}: an article", f"PMID {pmid!r}", "a number", "download it again from PubMed")
        return None
    title = _text(article.find(".//ArticleTitle")) or _text(article.find(".//VernacularTitle"))
    abstract = _abstract(article)
    if not title and not abstract:
        return None
    if len(title) + len(abstract) > LARGEST_TEXT:
        found = f"{len(title) + len(abstract)} characters"
        problems.add(f"{path}: PMID {pmid}", found, f"at most {LARGEST_TEXT}", "remove the article")
        return None
    types = {item.get("UI") for item in article.iter("PublicationType")}
    return Document(
        id=f"PMID:{pmid}",
        title=title,
        text="\n".join(filter(None, (title, abstract))),
        source="pubmed",
        year=_year(article),
        retracted=_RETRACTED in types,
    )


def _abstract(article: ET.Element) -> str:
    # OtherAbstract holds translations and plain-language repeats; only the abstract proper is read.
    sections = article.findall(".//Abstract/AbstractText")
    lines = []
    for section in sections:
        label, text = section.get("Label", ""), _text(section)
        if text:
            lines.append(f"{label}: {text}" if label and label.upper() != "UNLABELLED" else text)
    return "\n".join(lines)


def _text(element: ET.Element | None) -> str:
    return "" if element is None else _SPACE.sub(" ", "".join(element.itertext())).strip()


def _year(article: ET.Element) -> int | None:
    for place in (".//JournalIssue/PubDate", ".//ArticleDate", ".//Book/PubDate", ".//DateRevised"):
        for part in ("Year", "MedlineDate"):
            if found := re.search(r"\b(1[89]|20)\d\d\b", article.findtext(f"{place}/{part}") or ""):
                return int(found.group())
    return None
