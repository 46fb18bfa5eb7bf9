"""A list of PubMed numbers, one a line: the articles are fetched from PubMed and kept in the user's cache."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from grn_extract.document import Document
from grn_extract.models import cache_folder
from grn_extract.sources import register
from grn_extract.sources._lines import BrokenLine, numbered_lines
from prisyn_base import InputError, Problems, sha256_text

_NUMBER = re.compile(r"(?:PMID:?\s*)?([1-9]\d{0,8})", re.IGNORECASE)
_ONLY_NUMBERS = re.compile(rb"(?:(?:PMID:?[ \t]*)?[1-9]\d{0,8}\s+)*(?:PMID:?[ \t]*)?(?:[1-9]\d{0,8})?", re.IGNORECASE)


def _only_numbers(head: bytes) -> bool:
    return bool(head.strip()) and _ONLY_NUMBERS.fullmatch(head) is not None


@register(".pmids", among=".txt", looks_like=_only_numbers)
def read_pmids(path: Path, problems: Problems) -> Iterator[Document]:
    """The articles of a list of numbers (`12345` or `PMID:12345`), in its order, from PubMed (`read_pubmed`).

    Lines that are no number are collected, and then nothing is fetched. What was fetched stays in the cache folder:
    the same list again asks PubMed for nothing.
    """
    # Whoever reads a file of texts does without an HTTP client and Biopython.
    from grn_extract.sources.eutils import read_pubmed

    numbers, before = [], len(problems)
    try:
        for number, line in numbered_lines(path):
            found = _NUMBER.fullmatch(line.strip())
            if found:
                numbers.append(found[1])
            elif line.strip():
                problems.add(f"{path}:{number}", repr(line.strip()[:40]), "a PubMed number", "mend or remove the line")
    except BrokenLine as error:
        problems.add(f"{path}:{error.number}", error.found, error.expected, error.mend)
    if not numbers and len(problems) == before:
        problems.add(str(path), "no number", "PubMed numbers, one a line", "remove the file")
    if len(problems) > before:
        return
    folder = cache_folder() / "pubmed" / sha256_text("\n".join(numbers))[:16]
    try:
        yield from read_pubmed(pmids=numbers, folder=folder, tell=problems.remark)
    except InputError as error:
        problems.extend(error.problems)
