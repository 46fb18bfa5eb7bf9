"""The parts a report is made of, as plain data: sections with tables and figures. Nothing here is HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A captioned table; the first cell of each row names the row. None shows as a dash, numbers are aligned."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        wrong = [number for number, row in enumerate(self.rows, 1) if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(f"table {self.caption!r}: row {wrong[0]} has not {len(self.columns)} cells")


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its description. `image` is PNG bytes, or SVG source as str; `alt` says what it shows."""

    alt: str
    image: bytes | str
    caption: str = ""

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a figure needs an alt text that says what it shows")
        if isinstance(self.image, bytes) and not self.image.startswith(b"\x89PNG\r\n\x1a\n"):
            raise ValueError("a figure's bytes must be a PNG picture; hand in SVG as text")


@dataclass(frozen=True, slots=True)
class Fold:
    """Tables that stay folded away under a line of text until somebody wants them."""

    summary: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a heading, a lead paragraph, figures, tables, and tables folded away. All text is escaped.

    `after` says where it stands: right after what was claimed (say a ledger), or after everything else.
    """

    id: str
    title: str
    lead: str = ""
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    folds: tuple[Fold, ...] = ()
    after: Literal["claim", "metrics"] = "metrics"
