"""PubMed's XML: an answer of E-utilities, or a baseline or update file, streamed with flat memory."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grn_extract.document import Document
from grn_extract.sources import register
from grn_extract.sources._xml import elements_of, open_unpacked, stream_elements
from prisyn_base import Problems

LARGEST_TEXT = 4 << 20
"""Characters of one title and abstract; PubMed's longest are a hundredth of that."""

_RETRACTED, _NOTICE = "D016441", "D016440"
_NOTES = {
    "ErratumIn": "corrected by",
    "ErratumFor": "a correction of",
    "UpdateIn": "updated by",
    "UpdateOf": "an update of",
    "CorrectedandRepublishedIn": "republished as",
    "CorrectedandRepublishedFrom": "a republication of",
    "ExpressionOfConcernIn": "doubted by",
    "PartialRetractionIn": "retracted in part by",
}
_ARTICLES = frozenset({"PubmedArticle", "PubmedBookArticle"})
_ROOTS = frozenset({"PubmedArticleSet", "PubmedBookArticleSet", *_ARTICLES})
_EXPECTED, _MEND = "PubMed XML (PubmedArticleSet)", "download it again from PubMed"
_YEAR = re.compile(r"\b(1[89]|20)\d\d\b")
_TRANSLATED = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])+)\]([.?!]?)")
NO_TITLE = frozenset({"[not available].", "[not available]", "not available."})
_CITED = re.compile(
    rb"<(?:MedlineCitation|BookDocument)\b[^>]*>\s*<PMID\b[^>]*>\s*(\d{1,9})\s*</PMID>|<(DeleteCitation)>"
)
_PMID = re.compile(rb"<PMID\b[^>]*>\s*(\d{1,9})\s*</PMID>")
_OVERLAP = 512


@register(".xml", ".xml.gz")
def read_pubmed_xml(path: Path, problems: Problems) -> Iterator[Document]:
    """The articles with a title or abstract; a structured abstract is joined with its labels, one section a line.

    The text is the title, a line break, and the abstract. A title that PubMed translated loses its brackets; one it
    did not is the vernacular one. An article is marked as retracted by its publication type or by the retraction
    that it names; a notice of retraction is left out, since it repeats what no longer holds. Corrections and
    updates, and languages but English, are in `notes`.

    Of several versions of an article in one file the last is read, and none that the file deletes. Entity
    declarations, html, broken XML and truncated gz are collected as problems naming the line; what was whole before
    them has been yielded.
    """
    yield from _read(path, problems, _outline(path))


def read_pubmed_files(newest_first: Iterable[Path], problems: Problems) -> Iterator[Document]:
    """The articles of PubMed's numbered baseline and update files: none that a newer file deletes.

    Newest first, so that where the first of several versions is kept, it is the last that PubMed has sent.
    """
    deleted: set[str] = set()
    for path in newest_first:
        outline = _outline(path)
        for document in _read(path, problems, outline):
            if document.id.removeprefix("PMID:") not in deleted:
                yield document
        deleted |= outline.deleted


def documents_in(body: bytes, where: str, problems: Problems) -> Iterator[Document]:
    """The articles of an answer of E-utilities, as `read_pubmed_xml` reads a file."""
    left_out: Counter[str] = Counter()
    for article in _elements(body, where, problems):
        if document := _document(article, where, problems, left_out):
            yield document
    _tell_left_out(where, left_out, problems)


def pmids_in(body: bytes) -> frozenset[str]:
    """The numbers of the articles of an answer. Raises ValueError saying why it is no whole answer."""
    problems = Problems()
    found = frozenset(_pmid(article) for article in _elements(body, "", problems))
    for problem in problems:
        raise ValueError(problem.found)
    return found


def _elements(body: bytes, where: str, problems: Problems) -> Iterator[ET.Element]:
    yield from elements_of(
        io.BytesIO(body), where, problems, roots=_ROOTS, wanted=_ARTICLES, expected=_EXPECTED, mend=_MEND
    )


@dataclass
class _Outline:
    """What has to be known of a file before its first article: how often each number comes, and which it deletes."""

    versions: Counter[str] = field(default_factory=Counter)
    deleted: set[str] = field(default_factory=set)

    def see(self, found: re.Match[bytes]) -> None:
        self.versions[found[1].decode()] += 1

    def is_last(self, pmid: str) -> bool:
        """Whether this version, the next in the file, is the one to be read."""
        self.versions[pmid] -= 1
        return self.versions[pmid] <= 0 and pmid not in self.deleted


def _outline(path: Path) -> _Outline:
    """Read from bytes, without a parser. Numbers that it misses, in UTF-16 say, count as having one version."""
    outline, pattern, rest = _Outline(), _CITED, b""
    try:
        with open_unpacked(path) as stream:
            while block := stream.read(1 << 16):
                block, end = rest + block, 0
                for found in pattern.finditer(block):
                    end = found.end()
                    if found.lastindex == 2:
                        pattern = _PMID
                        break
                    outline.see(found)
                if pattern is _PMID:
                    for found in _PMID.finditer(block, end):
                        end = found.end()
                        outline.deleted.add(found[1].decode())
                rest = block[max(end, len(block) - _OVERLAP) :]
    except (OSError, EOFError, zlib.error):
        # Whoever reads the articles meets the same fault and names it.
        pass
    return outline


_WORDLESS = "without title and abstract"


def _read(path: Path, problems: Problems, outline: _Outline) -> Iterator[Document]:
    articles = stream_elements(path, problems, roots=_ROOTS, wanted=_ARTICLES, expected=_EXPECTED, mend=_MEND)
    left_out: Counter[str] = Counter()
    for article in articles:
        if not outline.is_last(_pmid(article)):
            left_out["replaced or deleted later in the file"] += 1
        elif document := _document(article, str(path), problems, left_out):
            yield document
    _tell_left_out(str(path), left_out, problems)


def _tell_left_out(where: str, left_out: Counter[str], problems: Problems) -> None:
    if left_out:
        reasons = ", ".join(f"{number} {reason}" for reason, number in sorted(left_out.items()))
        problems.remark(f"{where}: {left_out.total()} articles left out: {reasons}")


def _pmid(article: ET.Element) -> str:
    found = article.findtext("MedlineCitation/PMID") or article.findtext("BookDocument/PMID") or ""
    return found.strip()


def _document(article: ET.Element, where: str, problems: Problems, left_out: Counter[str]) -> Document | None:
    pmid = _pmid(article)
    if not pmid.isdecimal():
        problems.add(f"{where}: an article", f"PMID {pmid[:40]!r}", "a number", _MEND)
        return None
    # An article lies in MedlineCitation/Article, a chapter in BookDocument with its parts side by side.
    citation = article.find("MedlineCitation")
    body = article.find("BookDocument") if citation is None else citation.find("Article")
    if body is None:
        left_out[_WORDLESS] += 1
        return None
    related = [] if citation is None else citation.findall("CommentsCorrectionsList/CommentsCorrections")
    types = {item.get("UI") for item in body.iterfind("PublicationTypeList/PublicationType")}
    references = {item.get("RefType") for item in related}
    retracted = _RETRACTED in types or "RetractionIn" in references
    title, abstract = _title(body), _abstract(body)
    if not (title or abstract):
        left_out[_WORDLESS] += 1
        return None
    if not retracted and (_NOTICE in types or "RetractionOf" in references):
        left_out["notices of retraction"] += 1
        return None
    if len(title) + len(abstract) > LARGEST_TEXT:
        found = f"{len(title) + len(abstract)} characters"
        problems.add(f"{where}: PMID {pmid}", found, f"at most {LARGEST_TEXT}", "remove the article")
        return None
    return Document(
        id=f"PMID:{pmid}",
        title=title,
        text="\n".join(filter(None, (title, abstract))),
        source="pubmed",
        year=_year(body, citation),
        retracted=retracted,
        notes=tuple(_notes(body, related)),
    )


def _title(body: ET.Element) -> str:
    title = _text(body.find("ArticleTitle")) or _text(body.find("Book/BookTitle"))
    if not title or title.lower() in NO_TITLE:
        return _text(body.find("VernacularTitle"))
    return without_brackets(title)


def without_brackets(title: str) -> str:
    """A title without the brackets in which PubMed puts one that it translated."""
    translated = _TRANSLATED.fullmatch(title)
    return translated[1] + ("" if translated[1].endswith((".", "?", "!")) else translated[2]) if translated else title


def _abstract(body: ET.Element) -> str:
    # OtherAbstract holds translations and plain-language repeats; only the abstract proper is read.
    abstract = body.find("Abstract")
    lines = []
    for section in () if abstract is None else abstract:
        if section.tag == "AbstractText" and (text := _text(section)):
            label = section.get("Label", "")
            lines.append(f"{label}: {text}" if label and label.upper() != "UNLABELLED" else text)
    return "\n".join(lines)


def _notes(body: ET.Element, related: list[ET.Element]) -> Iterator[str]:
    for item in related:
        if words := _NOTES.get(item.get("RefType", "")):
            pmid = (item.findtext("PMID") or "").strip()
            yield f"{words} {f'PMID:{pmid}' if pmid else item.findtext('RefSource') or 'an unnamed article'}"
    languages = [language.text or "" for language in body.iterfind("Language")]
    if languages and "eng" not in languages:
        yield f"language: {', '.join(languages)}"


def _text(element: ET.Element | None) -> str:
    if element is None:
        return ""
    text = "".join(element.itertext()) if len(element) else element.text or ""
    return " ".join(text.split())


def _year(body: ET.Element, citation: ET.Element | None) -> int | None:
    places = [body.find(place) for place in ("Journal/JournalIssue/PubDate", "ArticleDate", "Book/PubDate")]
    for place in (*places, None if citation is None else citation.find("DateRevised")):
        if place is not None:
            for part in ("Year", "MedlineDate"):
                if found := _YEAR.search(place.findtext(part) or ""):
                    return int(found.group())
    return None
