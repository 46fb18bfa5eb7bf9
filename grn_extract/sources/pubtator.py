"""PubTator's text format: `n|t|title`, `n|a|abstract`, then a tab-separated line for each annotation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grn_extract.document import Document
from grn_extract.sources import register
from grn_extract.sources._annotations import Annotation, with_annotations
from grn_extract.sources._lines import BrokenLine, numbered_lines
from prisyn_base import Problems

_PART = re.compile(r"([^|\t\s]{1,64})\|([ta])\|(.*)", re.DOTALL)
_EXPECTED = "n|t|title, n|a|abstract, or an annotation of n with tabs"
_MEND = "mend or remove the line"


@dataclass(frozen=True, slots=True)
class _Title:
    id: str
    text: str
    where: str


@dataclass
class _Text:
    """A document whose marks are still to come."""

    document: Document
    marks: list[Annotation] = field(default_factory=list)


@register(
    ".pubtator", ".pubtator.gz", among=".txt", looks_like=lambda head: bool(re.match(rb"[^|\t\s]{1,64}\|t\|", head))
)
def read_pubtator(path: Path, problems: Problems) -> Iterator[Document]:
    """The texts: title, a line break, abstract, so that the file's offsets count characters of the document.

    A numeric id is a PubMed number. Marked genes become the document's mentions (`_annotations`); in a text without
    one, genes are found anew. Relations are passed over. Lines that are none of the format's are collected with their
    numbers.
    """
    title: _Title | None = None
    text: _Text | None = None
    known = ""
    try:
        for number, line in numbered_lines(path):
            where, line = f"{path}:{number}", line.rstrip("\r\n")
            part = _PART.fullmatch(line)
            if part is None:
                if line.strip() and line.partition("\t")[0] != known:
                    problems.add(where, repr(line[:40]), _EXPECTED, _MEND)
                elif text is not None and (mark := _mark(line)):
                    text.marks.append(mark)
            elif part[2] == "t":
                yield from _whole(text)
                _unfinished(title, problems)
                text, known, title = None, part[1], _Title(part[1], part[3], where)
            elif title is None or title.id != part[1]:
                problems.add(where, f"an abstract of {part[1]} without its title", _EXPECTED, _MEND)
            else:
                if title.text.strip() or part[3].strip():
                    text = _Text(_document(title, part[3]))
                title = None
        yield from _whole(text)
        _unfinished(title, problems)
    except BrokenLine as error:
        yield from _whole(text)
        problems.add(f"{path}:{error.number}", error.found, error.expected, error.mend)


def _whole(text: _Text | None) -> Iterator[Document]:
    if text is not None:
        yield with_annotations(text.document, text.marks)


def _mark(line: str) -> Annotation | None:
    """The annotation of a line: id, start, end, words, type, identifiers. Relations have a word for a start."""
    fields = line.split("\t")
    if len(fields) < 6 or not (fields[1].isdecimal() and fields[2].isdecimal()):
        return None
    return Annotation(int(fields[1]), int(fields[2]), fields[3], fields[4], fields[5])


def _unfinished(title: _Title | None, problems: Problems) -> None:
    if title is not None:
        problems.add(title.where, f"the title of {title.id} without its abstract", _EXPECTED, "add the line, or `n|a|`")


def _document(title: _Title, abstract: str) -> Document:
    number = title.id.isdecimal()
    return Document(
        id=f"PMID:{title.id}" if number else f"pubtator:{title.id}",
        title=title.text.strip(),
        text=f"{title.text}\n{abstract}" if abstract else title.text,
        source="pubmed" if number else "pubtator",
    )
