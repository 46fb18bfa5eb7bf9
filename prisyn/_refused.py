"""Rows of a file that were refused: some are said, a table holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol

import typer

from prisyn._command import say
from prisyn_base import InputError, Problem, atomic_path

SHOWN = 10
"""How many refused rows are said; a file holds them all."""

RefusedOption = Annotated[
    Path | None,
    typer.Option("--refused", help="Write the rows that were refused to this file, as TSV.", metavar="FILE"),
]


class Refused(Protocol):
    """A row that was not read: its line in the file, its text, and why."""

    @property
    def line(self) -> int: ...

    @property
    def reason(self) -> str: ...

    @property
    def row(self) -> str: ...


def write_refused(place: Path, rows: Sequence[Refused]) -> None:
    """A table of line, reason and the beginning of the row. Raises InputError where it cannot be written."""
    try:
        with atomic_path(place) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write("line\treason\trow\n")
            for row in rows:
                cells = str(row.line), row.reason, row.row
                stream.write("\t".join("".join(c if c.isprintable() else " " for c in cell) for cell in cells) + "\n")
    except OSError as error:
        found = error.strerror or str(error)
        raise InputError([Problem(str(place), found, "a file that can be written", "name another path")]) from error


def tell_refused(file: Path, refused: Sequence[Refused], rows: int, place: Path | None) -> None:
    """Say how many of so many rows were refused, the first of them, and where all of them are."""
    if not refused:
        return
    say(f"{len(refused):,} of {rows:,} rows refused" + (f", all in {place}" if place else ""))
    for row in refused[:SHOWN]:
        say(f"refused: {file}, line {row.line}: {row.reason}")
    if (more := len(refused) - SHOWN) > 0:
        say(f"and {more:,} more" + ("" if place else "; --refused FILE writes them all"))
