"""Text files read without ever holding more than a line of them."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from kg.formats._format import ImportResult, Refused
from kg.model import Evidence
from prisyn_base import InputError, Problem

LONGEST_LINE = 1_000_000
"""Bytes; a longer line is refused without being held in memory."""

SHOWN = 500
"""Characters of a refused row that are kept to show it."""

Row = TypeVar("Row")
Made = TypeVar("Made")

_GZIP = b"\x1f\x8b"
_UTF16 = b"\xff\xfe", b"\xfe\xff"


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where it is gzipped.

    Raises InputError for a file in UTF-16, and, also while it is being read, for one that is cut short or damaged.
    """
    try:
        with path.open("rb") as raw:
            head = raw.read(2)
        if head in _UTF16:
            raise InputError([Problem(str(path), "text in UTF-16", "text in UTF-8", "save it as UTF-8")])
        with gzip.open(path) if head == _GZIP else path.open("rb") as stream:
            yield cast(BinaryIO, stream)
    except (EOFError, zlib.error, OSError) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise InputError([Problem(str(path), found, "a whole file", "copy or download it again")]) from error


def lines(path: Path) -> Iterator[tuple[int, str | None]]:
    """Numbered lines of a UTF-8 file, without a byte order mark; None for one that is too long or not UTF-8."""
    with opened(path) as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
            while not whole and (rest := stream.readline(LONGEST_LINE)):
                whole, line = rest.endswith(b"\n"), b""
            yield number, _decoded(line, first=number == 1) if line else None


def read_lines(
    path: Path,
    parse: Callable[[str], Evidence | Sequence[Evidence]],
    what: str,
    *,
    start: int = 1,
    comment: str | None = None,
) -> ImportResult:
    """The evidence of each line; lines that `parse` raises ValueError for are refused, blank ones and comments are not.

    Raises InputError where not a single line could be read.
    """

    def rows() -> Iterator[tuple[int, str | None]]:
        for number, line in lines(path):
            if number < start or (line is not None and not line.strip()):
                continue
            if comment is None or line is None or not line.startswith(comment):
                yield number, line

    return collect(path, rows(), parse, what)


def collect(
    path: Path,
    rows: Iterator[tuple[int, Row | None]],
    parse: Callable[[Row], Evidence | Sequence[Evidence]],
    what: str,
) -> ImportResult:
    """The evidence of numbered rows; rows that `parse` raises ValueError for, and None, are refused.

    Raises InputError where there is no row at all, or not one that could be read.
    """
    said, refused = parsed(rows, parse)
    evidence = [item for each in said for item in ([each] if isinstance(each, Evidence) else each)]
    if not evidence:
        found = f"no row that can be read; line {refused[0].line}: {refused[0].reason}" if refused else "no row"
        raise InputError([Problem(str(path), found, what, "name the file's own format")])
    return ImportResult(tuple(evidence), tuple(refused), len(said) + len(refused))


def parsed(rows: Iterator[tuple[int, Row | None]], parse: Callable[[Row], Made]) -> tuple[list[Made], list[Refused]]:
    """What `parse` makes of numbered rows, and those that it raises ValueError for, or that are None."""
    made: list[Made] = []
    refused: list[Refused] = []
    for number, row in rows:
        try:
            if row is None:
                raise ValueError(f"longer than {LONGEST_LINE:,} bytes, or not UTF-8")
            made.append(parse(row))
        except (ValueError, RecursionError) as error:
            refused.append(Refused(number, str(error) or type(error).__name__, _shown(row)))
    return made, refused


@dataclass(frozen=True, slots=True)
class Table:
    """A table under a header: the line of the header, its names in order, and what separates the cells."""

    line: int
    header: tuple[str, ...]
    delimiter: str

    def row(self, line: str) -> dict[str, str]:
        """The cells of a line by name, without white space around them. ValueError where there are more or fewer."""
        cells = _cells(line, self.delimiter)
        if len(cells) != len(self.header):
            raise ValueError(f"{len(cells)} columns, the header has {len(self.header)}")
        return dict(zip(self.header, (cell.strip() for cell in cells), strict=True))


def open_table(path: Path, columns: Sequence[str]) -> Table:
    """The table of a file by tabs, commas or semicolons. Raises InputError where the header lacks a column."""
    number, line = next(((n, text or "") for n, text in lines(path) if text is None or text.strip()), (0, ""))
    for delimiter in "\t,;":
        try:
            header = tuple(name.strip() for name in _cells(line, delimiter))
        except ValueError:
            continue
        if set(columns) <= set(header):
            return Table(number, header, delimiter)
    found = f"the header {one_line(line.strip())[:80]!r}"
    raise InputError([Problem(str(path), found, f"columns {', '.join(columns)}", "name the file's own format")])


def _shown(row: object) -> str:
    text = "\t".join(map(str, row)) if isinstance(row, tuple) else "" if row is None else str(row)
    return text.strip()[:SHOWN]


def read_table(
    path: Path,
    columns: Sequence[str],
    parse: Callable[[Mapping[str, str]], Evidence | Sequence[Evidence]],
    what: str,
) -> ImportResult:
    """The evidence of the rows of a table; its columns may be in any order, and there may be more of them."""
    table = open_table(path, columns)
    return read_lines(path, lambda line: parse(table.row(line)), what, start=table.line + 1)


def one_line(text: str) -> str:
    """Text for one cell or line: no tab, line break or other control character."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _cells(line: str, delimiter: str) -> list[str]:
    line = line.rstrip("\r\n")
    if delimiter == "\t":
        return line.split("\t")
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise ValueError(f"not a row of cells: {error}") from error


def _decoded(line: bytes, *, first: bool) -> str | None:
    try:
        return line.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError:
        return None
