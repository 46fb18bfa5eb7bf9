"""DoRothEA (Garcia-Alonso et al. 2019): signed regulons with a level of confidence, A (surest) to E; no papers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grn_extract.databases import register
from grn_extract.databases._rows import DatabaseResult, Fact, Row, collect, open_table, signed, usable

_LAYOUTS = {
    "dorothea": ("tf", "confidence", "target", "mor"),
    "decoupler": ("source", "confidence", "target", "weight"),
}
_SCORES = {"A": 1.0, "B": 1 / 2, "C": 1 / 3, "D": 1 / 4, "E": None}
"""decoupler divides the sign by 1 to 4 for A to D (Badia-i-Mompel et al. 2022); it takes no E, so E has no score."""


@register("dorothea")
def read_dorothea(path: Path, *, species: str = "human") -> DatabaseResult:
    """The rows of the table in DoRothEA's own columns or decoupler's; the level is in the quote and the score.

    The score orders the statements of an edge; it changes no belief. Raises InputError for a file of other columns,
    and for one without a usable row.
    """
    mend = "write the table dorothea_hs or dorothea_mm as TSV or CSV, and check the species"
    layout, rows = open_table(path, _LAYOUTS, mend=mend)
    result = collect(_facts(rows, _LAYOUTS[layout]), database="dorothea", species=species)
    return usable(result, path, expected="rows of a TF, a level A to E, a target and a sign", mend=mend)


def _facts(rows: Iterator[Row], columns: tuple[str, str, str, str]) -> Iterator[Fact]:
    for row in rows:
        tf, level, target, sign = (row.cells.get(column, "") for column in columns)
        refused = row.problem or ("" if level in _SCORES else f"{level!r} is no level of confidence from A to E")
        yield Fact(row.line, row.fields, tf, target, signed(sign), "", _SCORES.get(level), refused)
