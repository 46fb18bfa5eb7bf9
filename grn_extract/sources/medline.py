"""PubMed's MEDLINE text format: a search saved as "PubMed" (`.txt`) or for a citation manager (`.nbib`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from Bio import Medline

from grn_extract.document import Document
from grn_extract.sources import register
from grn_extract.sources._lines import BrokenLine, numbered_lines
from grn_extract.sources.pubmed_xml import LARGEST_TEXT, NO_TITLE, without_brackets
from prisyn_base import Problems

_MEND = "save the search again from PubMed"
_LARGEST_RECORD = 4 * LARGEST_TEXT
_NOTICES = frozenset({"Retraction of Publication", "Retraction Notice"})
_NOTES = {
    "EIN": "corrected by",
    "EFR": "a correction of",
    "UIN": "updated by",
    "UOF": "an update of",
    "CRI": "republished as",
    "CRF": "a republication of",
    "ECI": "doubted by",
    "PRIN": "retracted in part by",
}
_SPACE = re.compile(r"\s+")


@register(".nbib", among=".txt", looks_like=lambda head: head.startswith(b"PMID- "))
def read_medline(path: Path, problems: Problems) -> Iterator[Document]:
    """The articles with a title or abstract: the title, a line break, and the abstract, its sections in one line.

    Retractions, corrections and titles of other languages are read as `read_pubmed_xml` reads them. Records without a
    number are collected with the line they end before; behind bytes that are no MEDLINE nothing is read.
    """
    lines = _Lines(path)
    try:
        for record in Medline.parse(lines):
            if document := _document(record, f"{path}:{lines.number}", problems):
                yield document
    except BrokenLine as error:
        problems.add(f"{path}:{error.number}", error.found, error.expected, error.mend)
    except KeyError:
        # Biopython's parser meets a continuation before anything that it could continue.
        problems.add(f"{path}:{lines.number}", "a continued line without a field", "a field such as `TI  - `", _MEND)


class _Lines:
    """The lines that Biopython's parser is given, counted; no record may outgrow the memory of an article."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        size = 0
        for number, line in numbered_lines(self._path):
            self.number = number
            size = size + len(line) if line.strip() else 0
            if size > _LARGEST_RECORD:
                raise BrokenLine(number, "a record that does not end", f"at most {_LARGEST_RECORD}", _MEND)
            if line.strip() and not re.match(r"[A-Z][A-Z0-9]{0,3} *- ?| {6}", line):
                raise BrokenLine(number, repr(line.strip()[:40]), "a field such as `TI  - `", _MEND)
            # A line of blanks ends a record as an empty one does.
            yield line if line.strip() or line.startswith(" " * 6) else "\n"


def _document(record: dict[str, Any], where: str, problems: Problems) -> Document | None:
    pmid = str(record.get("PMID", "")).strip()
    if not pmid.isdecimal():
        problems.add(where, f"a record with PMID {pmid[:40]!r}", "a number, and an empty line between records", _MEND)
        return None
    title, abstract = (_SPACE.sub(" ", str(record.get(key) or "")).strip() for key in ("TI", "AB"))
    if not title or title.lower() in NO_TITLE:
        title = _SPACE.sub(" ", str(record.get("TT") or "")).strip()
    retracted = "Retracted Publication" in record.get("PT", ()) or "RIN" in record
    notice = not _NOTICES.isdisjoint(record.get("PT", ())) or "ROF" in record
    title = without_brackets(title)
    if not (title or abstract) or (notice and not retracted):
        return None
    year = re.search(r"\b(1[89]|20)\d\d\b", str(record.get("DP") or ""))
    return Document(
        id=f"PMID:{pmid}",
        title=title,
        text="\n".join(filter(None, (title, abstract))),
        source="pubmed",
        year=int(year.group()) if year else None,
        retracted=retracted,
        notes=tuple(_notes(record)),
    )


def _notes(record: dict[str, Any]) -> Iterator[str]:
    for field, words in _NOTES.items():
        cited = record.get(field) or ()
        for reference in [cited] if isinstance(cited, str) else cited:
            pmid = re.search(r"PMID: (\d+)", reference)
            yield f"{words} {f'PMID:{pmid[1]}' if pmid else reference.strip()}"
    languages = record.get("LA") or ()
    if languages and "eng" not in languages:
        yield f"language: {', '.join(languages)}"
