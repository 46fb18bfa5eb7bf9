"""XML out of files nobody vouches for: streamed with flat memory, refused before anything in it is expanded."""

from __future__ import annotations

import gzip
import io
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from prisyn_base import Problems


class _Refused(Exception):
    """The stream holds what no file of this kind holds."""


def stream_elements(
    path: Path, problems: Problems, *, roots: Container[str], wanted: Container[str], expected: str, mend: str
) -> Iterator[ET.Element]:
    """The elements named in `wanted`, each whole; it is emptied once the next is asked for.

    Entity declarations, html, another root, broken XML and truncated gz are collected as problems, with the line
    where there is one; what was whole before them has been yielded.
    """
    try:
        with open_unpacked(path) as stream:
            yield from _elements(_Guarded(stream), roots, wanted)
    except _Refused as error:
        problems.add(str(path), str(error), expected, mend)
    except ET.ParseError as error:
        problems.add(f"{path}:{error.position[0]}", f"broken XML ({error})", expected, mend)
    except (OSError, EOFError, zlib.error) as error:
        problems.add(str(path), f"{error}", "a whole file", "download it again")


def open_unpacked(path: Path) -> IO[bytes]:
    """A file's bytes, unpacked if it is gzipped, whatever it is called."""
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


def _elements(stream: _Guarded, roots: Container[str], wanted: Container[str]) -> Iterator[ET.Element]:
    root: ET.Element | None = None
    for event, element in ET.iterparse(stream, events=("start", "end")):
        if root is None:
            root = element
            if element.tag not in roots:
                raise _Refused(f"the root element <{element.tag}>")
        if event == "end" and element.tag in wanted:
            yield element
            # Dropping finished elements from the root is what keeps memory flat.
            root.clear()
