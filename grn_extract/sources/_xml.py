"""XML out of files nobody vouches for: streamed with flat memory, refused before anything in it is expanded.

The parser is fed a block at a time and builds elements without one call into Python, where `iterparse` makes an event
of the start and end of each, wanted or not. `bench/parsing.py` measures it beside a bare pass of the parser.
"""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from prisyn_base import Problems

LARGEST_ELEMENT = 256 << 20
"""Bytes of one article or document; reading more of it would take the memory of the machine."""

_BLOCK = 1 << 14
"""Bytes. Small enough that the elements of a block stay in the cache: blocks of 64 KB take a fifth longer."""


class _Refused(Exception):
    """The stream holds what no file of this kind holds."""


def stream_elements(
    path: Path, problems: Problems, *, roots: Container[str], wanted: Container[str], expected: str, mend: str
) -> Iterator[ET.Element]:
    """The elements named in `wanted`, each whole: the root, or children of it, which are then let go.

    Entity declarations, html, another root, broken XML and truncated gz are collected as problems, with the line
    where there is one; what was whole before them has been yielded.
    """
    try:
        with open_unpacked(path) as stream:
            yield from elements_of(
                stream, str(path), problems, roots=roots, wanted=wanted, expected=expected, mend=mend
            )
    except OSError as error:
        problems.add(str(path), f"{error}", "a whole file", "download it again")


def elements_of(
    stream: IO[bytes],
    where: str,
    problems: Problems,
    *,
    roots: Container[str],
    wanted: Container[str],
    expected: str,
    mend: str,
) -> Iterator[ET.Element]:
    """As `stream_elements`, of an open stream that is called `where`."""
    tree = _Tree(roots, wanted)
    try:
        for block in _guarded(stream):
            tree.feed(block)
            yield from tree.whole()
        tree.close()
        yield from tree.rest()
    except _Refused as error:
        problems.add(where, str(error), expected, mend)
    except ET.ParseError as error:
        yield from tree.rest()
        problems.add(f"{where}:{error.position[0]}", f"broken XML ({error})", expected, mend)
    except (OSError, EOFError, zlib.error) as error:
        yield from tree.rest()
        problems.add(where, f"{error}", "a whole file", "download it again")


def open_unpacked(path: Path) -> IO[bytes]:
    """A file's bytes, unpacked if it is gzipped, whatever it is called."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


def _guarded(stream: IO[bytes]) -> Iterator[bytes]:
    """The blocks of a stream, none of which declares an entity before the parser that would expand it sees it.

    A second expat parser reads ahead until the root element starts; after that nothing can be declared any more.
    """
    guard = _Guard()
    while block := stream.read(_BLOCK):
        if not guard.passed:
            guard.look(block)
        yield block


class _Guard:
    def __init__(self) -> None:
        self.passed = False
        self._parser: Any = expat.ParserCreate()
        self._parser.EntityDeclHandler = self._refuse
        self._parser.StartElementHandler = self._root

    def look(self, block: bytes) -> None:
        if block[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
            raise _Refused("html")
        try:
            self._parser.Parse(block, False)
        except expat.ExpatError:
            # The parser proper meets the same fault and names its line.
            self.passed = True

    def _refuse(self, name: str, *_: Any) -> None:
        raise _Refused(f"a declaration of the entity {name!r}")

    def _root(self, name: str, _: Any) -> None:
        self.passed = True


class _Tree:
    """The element tree as far as it has been fed. Its root hangs in an element of ours, which makes it reachable."""

    def __init__(self, roots: Container[str], wanted: Container[str]) -> None:
        self._roots, self._wanted = roots, wanted
        self._builder = ET.TreeBuilder()
        self._holder: ET.Element = self._builder.start("stream", {})
        self._parser = ET.XMLParser(target=self._builder)
        self._unfinished = 0

    def feed(self, block: bytes) -> None:
        self._parser.feed(block)
        if len(self._holder) and self._holder[0].tag not in self._roots:
            raise _Refused(f"the root element <{self._holder[0].tag}>")
        self._unfinished += len(block)
        if self._unfinished > LARGEST_ELEMENT:
            raise _Refused(f"an element of more than {LARGEST_ELEMENT} bytes")

    def close(self) -> None:
        self._parser.close()

    def whole(self) -> Iterator[ET.Element]:
        """The children of the root that have ended: all but the last, which may not have."""
        if not len(self._holder) or self._holder[0].tag in self._wanted:
            return
        root = self._holder[0]
        done = list(root)[:-1]
        if done:
            self._unfinished = 0
            del root[: len(done)]
            yield from (element for element in done if element.tag in self._wanted)

    def rest(self) -> Iterator[ET.Element]:
        """What is whole at the end of the stream, or where it broke."""
        if not len(self._holder):
            return
        root = self._holder[0]
        # An element put in now lands in the one that was open last: in the holder where the root has ended, in the
        # root where its last child has.
        probe = self._builder.start("end", {})
        if root.tag in self._wanted:
            yield from (root for last in self._holder[-1:] if last is probe)
            return
        children = list(root)
        ended = self._holder[-1] is probe or (children and children[-1] is probe)
        for child in children if ended else children[:-1]:
            if child.tag in self._wanted:
                yield child
