"""PubMed's XML: an answer of E-utilities, or a baseline or update file, streamed with flat memory."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from grn_extract.document import Document
from grn_extract.sources import register
from grn_extract.sources._xml import stream_elements
from prisyn_base import Problems

LARGEST_TEXT = 4 << 20
"""Characters of one title and abstract; PubMed's longest are a hundredth of that."""

_RETRACTED = "D016441"
_ARTICLES = frozenset({"PubmedArticle", "PubmedBookArticle"})
_ROOTS = frozenset({"PubmedArticleSet", "PubmedBookArticleSet", *_ARTICLES})
_SPACE = re.compile(r"\s+")


@register(".xml", ".xml.gz")
def read_pubmed_xml(path: Path, problems: Problems) -> Iterator[Document]:
    """The articles with a title or abstract; a structured abstract is joined with its labels, one section a line.

    The text is the title, a line break, and the abstract. Articles of publication type "Retracted Publication" are
    marked. Entity declarations, html, broken XML and truncated gz are collected as problems naming the line; what
    was whole before them has been yielded.
    """
    articles = stream_elements(
        path,
        problems,
        roots=_ROOTS,
        wanted=_ARTICLES,
        expected="PubMed XML (PubmedArticleSet)",
        mend="download it again from PubMed",
    )
    for article in articles:
        if document := _document(article, path, problems):
            yield document


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
