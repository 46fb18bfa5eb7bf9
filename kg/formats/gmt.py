"""GMT, the gene sets of GSEA: one set a line, here a regulator's targets by sign, named as pySCENIC names regulons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from kg.formats._edges import Claim, evidence_of, supported
from kg.formats._format import STATEMENTS, Format, ImportResult, Loss
from kg.formats._names import Names
from kg.formats._text import collect, lines, one_line
from kg.grn import GRN
from kg.model import Edge, Effect, Evidence

_SIGNS = {Effect.ACTIVATION: "+", Effect.REPRESSION: "-", Effect.UNKNOWN: "?"}
_EFFECTS = {sign: effect for effect, sign in _SIGNS.items()}
_NAME = re.compile(r"(?P<regulator>.+?)\s*(?:\((?P<sign>[-+?])\))?")


def write(grn: GRN, path: Path) -> None:
    """`SPI1(+)`, what the set is, and the symbols of its genes; `(-)` for repression, `(?)` for an unknown sign."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for (_, name, effect), edges in groupby(sorted(supported(grn), key=_set), key=_set):
            said = f"{effect} by {name}" if effect != Effect.UNKNOWN else f"regulation by {name}"
            cells = (f"{name}({_SIGNS[Effect(effect)]})", said, *(edge.target.symbol for edge in edges))
            stream.write("\t".join(map(one_line, cells)) + "\n")


def read(path: Path, names: Names) -> ImportResult:
    """One statement for each gene of a set, of unknown paper; each gene is refused for itself.

    A set named by a regulator alone is of unknown sign.
    """
    return collect(path, _rows(path), lambda row: _parse(row, names), "lines of gene sets")


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, ...] | None]]:
    """(name of the set, gene) for each gene; a set without genes is one row of its name."""
    for number, line in lines(path):
        cells = [] if line is None else [cell.strip() for cell in line.split("\t")]
        genes = [gene for gene in cells[2:] if gene]
        if line is None:
            yield number, None
        elif not genes:
            yield from [(number, (line.strip(),))] if line.strip() else []
        else:
            yield from ((number, (cells[0], gene)) for gene in genes)


def _parse(row: tuple[str, ...], names: Names) -> list[Evidence]:
    match = _NAME.fullmatch(row[0])
    if match is None or len(row) < 2:
        raise ValueError("is no set: expected a name, a description and genes, separated by tabs")
    effect = _EFFECTS[match["sign"] or "?"]
    return list(evidence_of(Claim(*names.pair(match["regulator"], row[1]), effect), "gmt"))


def _set(edge: Edge) -> tuple[str, str, str]:
    return edge.regulator.curie, edge.regulator.symbol, str(edge.effect)


FORMAT = Format(
    "gmt",
    "GSEA, gseapy, fgsea, AUCell",
    (Loss.IDENTIFIERS, Loss.SPECIES, *STATEMENTS, Loss.BELIEFS, Loss.PAPERS),
    write,
    read,
)
