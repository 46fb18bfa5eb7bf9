"""PubTator's text format: `n|t|title`, `n|a|abstract`, then a tab-separated line for each annotation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grn_extract.document import Document
from grn_extract.sources import register
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


@register(
    ".pubtator", ".pubtator.gz", among=".txt", looks_like=lambda head: bool(re.match(rb"[^|\t\s]{1,64}\|t\|", head))
)
def read_pubtator(path: Path, problems: Problems) -> Iterator[Document]:
    """The texts: title, a line break, abstract, so that the file's offsets count characters of the document.

    A numeric id is a PubMed number. Annotations and relations are passed over and genes found anew: they name genes
    by their number in NCBI Gene, of any species, and the packaged names are not indexed by it. Lines that are none of
    the format's are collected with their numbers.
    """
    title: _Title | None = None
    known = ""
    try:
        for number, line in numbered_lines(path):
            where, line = f"{path}:{number}", line.rstrip("\r\n")
            part = _PART.fullmatch(line)
            if part is None:
                if line.strip() and line.partition("\t")[0] != known:
                    problems.add(where, repr(line[:40]), _EXPECTED, _MEND)
            elif part[2] == "t":
                _unfinished(title, problems)
                known, title = part[1], _Title(part[1], part[3], where)
            elif title is None or title.id != part[1]:
                problems.add(where, f"an abstract of {part[1]} without its title", _EXPECTED, _MEND)
            else:
                if title.text.strip() or part[3].strip():
                    yield _document(title, part[3])
                title = None
        _unfinished(title, problems)
    except BrokenLine as error:
        problems.add(f"{path}:{error.number}", error.found, error.expected, error.mend)


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
