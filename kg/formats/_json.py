"""JSON documents read one value at a time, so that neither a large file nor a hostile one is held whole."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from prisyn_base import InputError, Problem

_BLOCK = 1 << 16
_LONGEST = 1 << 24
"""Characters of one value; a file with a longer one is refused before it is held in memory."""

_SPACE = " \t\r\n"


class JsonStream:
    """A cursor over the text of a JSON document: `value` reads the value at it, `items` those of an array,
    `members` the keys of an object.

    `line` is the line of the cursor, from 1. Raises ValueError for what is no JSON.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.line = 1
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is no white space, an empty text at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self.line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, expected: str) -> bool:
        """Move past a character if it is the next one, and say whether it was."""
        found = self.peek() == expected
        self._at += found
        return found

    def expect(self, expected: str) -> None:
        """Move past a character that has to come."""
        if not self.take(expected):
            raise ValueError(f"{self.peek()!r} where {expected!r} should be")

    def value(self) -> Any:
        """The value at the cursor, read whole; while its end is not there, twice as much of the text is tried."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended:
                    raise ValueError(f"no JSON: {error.msg}") from error
            else:
                # A number at the end of what was read may go on in the next block.
                if end < len(self._text) or self._ended:
                    self.line += self._text.count("\n", self._at, end)
                    self._at = end
                    return value
            there = len(self._text) - self._at
            if there > _LONGEST:
                raise ValueError(f"a value longer than {_LONGEST:,} characters, or no JSON")
            self._more(max(there, _BLOCK))

    def items(self) -> Iterator[tuple[int, Any]]:
        """The line and value of each item of the array at the cursor."""
        self.expect("[")
        if self.take("]"):
            return
        while True:
            self.peek()
            line = self.line
            yield line, self.value()
            if self.take("]"):
                return
            self.expect(",")

    def members(self) -> Iterator[str]:
        """The keys of the object at the cursor; each one's value has to be read before the next is asked for."""
        self.expect("{")
        if self.take("}"):
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise ValueError(f"{key!r} where a key should be")
            self.expect(":")
            yield key
            if self.take("}"):
                return
            self.expect(",")

    def _more(self, size: int = _BLOCK) -> bool:
        """Read on and forget what lies behind the cursor; False at the end."""
        block = self._stream.read(size)
        self._ended = not block
        self._text = self._text[self._at :] + self._decode(block, final=self._ended)
        self._at = 0
        return bool(block)


def no_json(path: Path, error: Exception, line: int, expected: str) -> InputError:
    """The error for a document that cannot be read on from a line."""
    found = f"line {line}: {error}"
    return InputError([Problem(str(path), found, expected, "name the file's own format, or export it again")])


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
