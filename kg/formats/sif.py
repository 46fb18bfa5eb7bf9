"""SIF, the simple interaction format of Cytoscape: regulator, relation, targets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kg.formats._edges import Claim, effect_of, evidence_of, supported
from kg.formats._format import STATEMENTS, Format, ImportResult, Loss
from kg.formats._names import Names
from kg.formats._text import collect, lines, one_line
from kg.grn import GRN
from kg.model import Effect, Evidence

_RELATIONS = {Effect.ACTIVATION: "activates", Effect.REPRESSION: "represses", Effect.UNKNOWN: "regulates"}


def write(grn: GRN, path: Path) -> None:
    """One line an edge, by symbol, separated by tabs: `GATA1 activates HBB`."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for edge in supported(grn):
            cells = edge.regulator.symbol, _RELATIONS[edge.effect], edge.target.symbol
            stream.write("\t".join(map(one_line, cells)) + "\n")


def read(path: Path, names: Names) -> ImportResult:
    """One statement for each target of a line, of unknown paper; each target is refused for itself.

    A line with a tab is separated by tabs, any other by spaces, as in Cytoscape.
    """
    return collect(path, _rows(path), lambda row: _parse(row, names), "lines of a regulator, a relation and targets")


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, ...] | None]]:
    """A line of several targets is as many rows; a line of none is one row of fewer cells."""
    for number, line in lines(path):
        cells = None if line is None else line.strip().split("\t" if "\t" in line else None)
        if cells is None:
            yield number, None
        elif len(cells) < 3:
            yield from [(number, tuple(cells))] if cells != [""] and cells else []
        else:
            yield from ((number, (cells[0], cells[1], target)) for target in cells[2:])


def _parse(row: tuple[str, ...], names: Names) -> list[Evidence]:
    if len(row) < 3:
        raise ValueError(f"{len(row)} columns, expected a regulator, a relation and targets")
    regulator, relation, target = row
    effect = effect_of(relation)
    return list(evidence_of(Claim(*names.pair(regulator, target), effect), "sif"))


FORMAT = Format(
    "sif", "Cytoscape", (Loss.IDENTIFIERS, Loss.SPECIES, *STATEMENTS, Loss.BELIEFS, Loss.PAPERS), write, read
)
