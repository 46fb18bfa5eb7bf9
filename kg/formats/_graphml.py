"""The nodes and edges of a GraphML file, one at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from kg.formats._text import opened
from prisyn_base import InputError, Problem

_BLOCK = 1 << 16
_LONGEST = 1 << 24
"""Bytes of one tag or text; a file with a longer one is refused before it is held in memory."""

Element = tuple[int, str, dict[str, str]]


def read_elements(path: Path) -> Iterator[Element]:
    """(line, `node` or `edge`, its data by name and its own attributes as `@id`, `@source` and so on).

    Raises InputError for a file that is no well-formed XML, has a document type definition, or is no GraphML.
    """
    handlers = _Handlers()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = handlers.start
    parser.EndElementHandler = handlers.end
    parser.CharacterDataHandler = handlers.text
    parser.StartDoctypeDeclHandler = handlers.refuse_doctype
    handlers.parser = parser
    fed = 0
    try:
        with opened(path) as stream:
            while block := stream.read(_BLOCK):
                fed += len(block)
                parser.Parse(block, False)
                if fed - max(parser.CurrentByteIndex, 0) > _LONGEST:
                    raise ValueError(f"a tag or text longer than {_LONGEST:,} bytes")
                while handlers.found:
                    yield handlers.found.popleft()
            parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        where = f"{path}, line {parser.CurrentLineNumber}"
        raise InputError([Problem(where, str(error), "a GraphML file", "export it again")]) from error
    yield from handlers.found


class _Handlers:
    """Gathers an element from its start to its end; `found` holds the finished ones."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.found: deque[Element] = deque()
        self._keys: dict[str, str] = {}
        self._defaults: dict[tuple[str, str], str] = {}
        self._directed = "true"
        self._element: Element | None = None
        self._data: tuple[str, list[str]] | None = None
        self._key: tuple[str, str] | None = None
        self._length = 0
        self._depth = 0

    def refuse_doctype(self, *_: object) -> None:
        raise ValueError("a document type definition, which is not read: it can name files and grow without end")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        self._depth += 1
        if self._depth == 1 and name != "graphml":
            raise ValueError(f"<{name[:60]}>, expected <graphml>")
        if name == "key":
            self._keys[attributes.get("id", "")] = attributes.get("attr.name", attributes.get("id", ""))
            self._key = attributes.get("for", "all"), attributes.get("id", "")
        elif name == "graph":
            self._directed = "false" if attributes.get("edgedefault") == "undirected" else "true"
        elif name in ("node", "edge"):
            self._begin(name, attributes)
        elif name in ("data", "default"):
            self._data = attributes.get("key", ""), []
            self._length = 0

    def end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        self._depth -= 1
        if name == "key":
            self._key = None
        elif name in ("node", "edge") and self._element is not None:
            self.found.append(self._element)
            self._element = None
        elif name in ("data", "default") and self._data is not None:
            key, text = self._data[0], "".join(self._data[1]).strip()
            if name == "default" and self._key is not None:
                self._defaults[self._key] = text
            elif self._element is not None:
                self._element[2][self._keys.get(key, key)] = text
            self._data = None

    def text(self, text: str) -> None:
        if self._data is not None:
            self._length += len(text)
            if self._length > _LONGEST:
                raise ValueError(f"a text longer than {_LONGEST:,} characters")
            self._data[1].append(text)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        needed = ("id",) if name == "node" else ("source", "target")
        if missing := [each for each in needed if each not in attributes]:
            raise ValueError(f"<{name}> without {' and '.join(missing)}")
        defaults = {self._keys[key]: text for (of, key), text in self._defaults.items() if of in (name, "all")}
        own = {f"@{key}": value for key, value in attributes.items()}
        directed = {"@directed": self._directed} if name == "edge" else {}
        self._element = self.parser.CurrentLineNumber, name, defaults | directed | own
