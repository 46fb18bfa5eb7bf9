"""What an exchange format is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kg.grn import GRN
from kg.model import Evidence
from prisyn_base import InputError, Problem

LONGEST_LINE = 1_000_000
"""Characters; a longer line is refused without being held in memory."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not imported: its line number, counted from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file held: evidence, in the file's order, and the rows refused."""

    evidence: tuple[Evidence, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """An exchange format: what it loses, and how it is written and read (None where it is not)."""

    name: str
    loses: str
    write: Callable[[GRN, Path], None] | None = None
    read: Callable[[Path], ImportResult] | None = None


def lines(path: Path) -> Iterator[tuple[int, str | None]]:
    """Numbered lines of a UTF-8 file; None in place of one that is too long or not UTF-8."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
            while not whole and (rest := stream.readline(LONGEST_LINE)):
                whole, line = rest.endswith(b"\n"), b""
            yield number, _decoded(line) if line else None


def read_lines(path: Path, parse: Callable[[str], Evidence], what: str, *, start: int = 1) -> ImportResult:
    """Evidence from one line each; lines that `parse` raises ValueError for are refused.

    Raises InputError where not a single line could be read.
    """
    evidence: list[Evidence] = []
    refused: list[Refused] = []
    for number, line in lines(path):
        if number < start or (line is not None and not line.strip()):
            continue
        try:
            if line is None:
                raise ValueError(f"longer than {LONGEST_LINE:,} bytes, or not UTF-8")
            evidence.append(parse(line))
        except (ValueError, RecursionError) as error:
            refused.append(Refused(number, str(error) or type(error).__name__))
    if refused and not evidence:
        found = f"no row that can be read; line {refused[0].line}: {refused[0].reason}"
        raise InputError([Problem(str(path), found, what, "name the file's own format")])
    return ImportResult(tuple(evidence), tuple(refused))


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None
