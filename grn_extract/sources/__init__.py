"""Documents out of files: the kind is picked by suffix and, where that says nothing, by content.

A source is one module with a function registered for its suffixes; add it to the list at the end of this file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from grn_extract.document import Document
from prisyn_base import InputError, Problem, Problems

Source = Callable[[Path, Problems], Iterator[Document]]

_BY_SUFFIX: dict[str, Source] = {}


def register(*suffixes: str) -> Callable[[Source], Source]:
    """Register a source: it yields documents and adds what it could not read to the problems it is given."""

    def add(source: Source) -> Source:
        _BY_SUFFIX.update(dict.fromkeys(suffixes, source))
        return source

    return add


def source_suffixes() -> tuple[str, ...]:
    """The suffixes that can be read, sorted."""
    return tuple(sorted(_BY_SUFFIX))


def read_documents(path: str | os.PathLike[str], *, problems: Problems | None = None) -> Iterator[Document]:
    """The documents of a file or a folder, in order; of several with one id only the first.

    What cannot be read is collected. With `problems` given it is added there and reading goes on; otherwise an
    InputError naming every file and line is raised once the readable documents have been yielded. A path that does
    not exist or is of no known kind raises at once.
    """
    given = Path(path)
    source = _pick(given)
    collected = Problems() if problems is None else problems
    seen: set[str] = set()
    for document in source(given, collected):
        if document.id not in seen:
            seen.add(document.id)
            yield document
    if problems is None:
        collected.raise_if_any()


def _pick(path: Path) -> Source:
    if not path.exists():
        raise InputError([Problem(str(path), "no such file or folder", "documents to read", "check the path")])
    if path.is_dir():
        return _folder
    name = path.name.lower()
    for suffix in sorted(_BY_SUFFIX, key=len, reverse=True):
        if name.endswith(suffix):
            return _BY_SUFFIX[suffix]
    return _BY_SUFFIX[_sniff(path)]


def _sniff(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        return ".xml"
    if head.startswith(b"\x1f\x8b"):
        return ".xml.gz"
    if head.startswith(b"{"):
        return ".jsonl"
    if b"\x00" in head:
        expected = "a file ending in " + ", ".join(source_suffixes())
        raise InputError([Problem(str(path), "bytes of an unknown kind", expected, "convert it to one of those")])
    return ".txt"


def _folder(path: Path, problems: Problems) -> Iterator[Document]:
    files = [file for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    known = [file for file in files if any(file.name.lower().endswith(suffix) for suffix in _BY_SUFFIX)]
    if not known:
        expected = "files ending in " + ", ".join(source_suffixes())
        problems.add(str(path), f"{len(files)} files, none of a known kind", expected, "choose another folder")
    for file in known:
        yield from _pick(file)(file, problems)


from grn_extract.sources import jsonl, pubmed_xml, text  # noqa: E402, F401  (each registers itself)
