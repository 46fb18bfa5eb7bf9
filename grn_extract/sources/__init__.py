"""Documents out of files: the kind is picked by suffix and, where that says nothing or too little, by content.

A source is one module with a function registered for its suffixes; add it to the list at the end of this file.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from grn_extract.document import Document
from grn_extract.sources._seen import Seen
from prisyn_base import InputError, Problem, Problems

Source = Callable[[Path, Problems], Iterator[Document]]

LooksLike = Callable[[bytes], bool]

_BY_SUFFIX: dict[str, Source] = {}
_BY_CONTENT: list[tuple[str, LooksLike, Source]] = []
_HEAD = 4096
_NUMBERED = re.compile(r"pubmed\d\dn\d{4,}\.xml(\.gz)?")
"""PubMed's baseline and update files, in whose order later versions of an article replace earlier ones."""


def register(*suffixes: str, among: str = "", looks_like: LooksLike | None = None) -> Callable[[Source], Source]:
    """Register a source: it yields documents and adds what it could not read to the problems it is given.

    A source with `looks_like` also reads those of the files that would be read as `among` (`.xml`, gzipped or not)
    whose first bytes, unpacked and without leading white space, look like its own.
    """

    def add(source: Source) -> Source:
        _BY_SUFFIX.update(dict.fromkeys(suffixes, source))
        if looks_like is not None:
            _BY_CONTENT.append((among, looks_like, source))
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
    yield from _once(source(given, collected), collected)
    if problems is None:
        collected.raise_if_any()


def read_all(paths: Iterable[str | os.PathLike[str]]) -> list[Document]:
    """The documents of several files and folders, each once. Raises InputError with the problems of all of them."""
    return list(stream_all(paths))


def stream_all(
    paths: Iterable[str | os.PathLike[str]],
    *,
    more: Iterable[Document] = (),
    tell: Callable[[str], None] | None = None,
) -> Iterator[Document]:
    """As `read_all`, one document at a time and behind them `more`; what is wrong is raised at the end.

    `tell` is told what is no mistake and yet should be known: numbers for which PubMed has no article.
    """
    problems = Problems(tell=tell)

    def found() -> Iterator[Document]:
        for path in paths:
            try:
                yield from read_documents(path, problems=problems)
            except InputError as error:
                problems.extend(error.problems)
        yield from more

    yield from _once(found(), problems)
    problems.raise_if_any()


def _once(documents: Iterable[Document], problems: Problems) -> Iterator[Document]:
    """Of several documents with one id the first. Two versions of an article may differ; other texts must not."""
    with Seen() as seen:
        for document in documents:
            if seen.add(document.id, document.text):
                yield document
            elif not seen.is_same(document.id, document.text):
                problems.add(document.id, "two different texts of this id", "an id for each text", "rename one of them")


def _pick(path: Path) -> Source:
    if not path.exists():
        raise InputError([Problem(str(path), "no such file or folder", "documents to read", "check the path")])
    if path.is_dir():
        return _folder
    if _is_empty(path):
        return _empty
    head = _head(path)
    name = path.name.lower()
    known = (suffix for suffix in sorted(_BY_SUFFIX, key=len, reverse=True) if name.endswith(suffix))
    suffix = next(known, None) or _sniff(path, head)
    for among, looks_like, source in _BY_CONTENT:
        if suffix.removesuffix(".gz") == among and looks_like(head):
            return source
    return _BY_SUFFIX[suffix]


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size <= _HEAD and not path.read_bytes().removeprefix(b"\xef\xbb\xbf").strip()
    except OSError:
        return False


def _empty(path: Path, problems: Problems) -> Iterator[Document]:
    problems.add(str(path), "an empty file", "text", "remove it")
    return iter(())


def _head(path: Path) -> bytes:
    """The first bytes of a file, unpacked. What cannot be read here is named by the source that reads it all."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path, "rb") as unpacked:
                head = unpacked.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        return b""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")


def _sniff(path: Path, head: bytes) -> str:
    with path.open("rb") as stream:
        packed = ".gz" if stream.read(2) == b"\x1f\x8b" else ""
    if head.startswith(b"{"):
        return ".jsonl" + packed
    if head.startswith(b"<") or packed:
        return ".xml" + packed
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
    numbered = [file for file in known if _NUMBERED.fullmatch(file.name)]
    yield from pubmed_xml.read_pubmed_files(sorted(numbered, key=lambda file: file.name, reverse=True), problems)
    for file in known:
        if not _NUMBERED.fullmatch(file.name):
            for document in _pick(file)(file, problems):
                yield _placed(document, file, path)


def _placed(document: Document, file: Path, folder: Path) -> Document:
    """A text whose id is its file's name: files of one name in two folders are two texts."""
    if file.parent == folder or document.id != f"text:{file.stem}":
        return document
    return replace(document, id=f"text:{file.relative_to(folder).with_suffix('').as_posix()}")


from grn_extract.sources import (  # noqa: E402  (each registers itself)
    bioc,  # noqa: F401
    jsonl,  # noqa: F401
    medline,  # noqa: F401
    pmids,  # noqa: F401
    pubmed_xml,
    pubtator,  # noqa: F401
    text,  # noqa: F401
)
