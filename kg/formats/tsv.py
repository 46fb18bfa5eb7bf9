"""The edge table: one row an edge, for people and spreadsheets. What loses nothing is `evidence-tsv`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from kg.formats._edges import Claim, effect_of, evidence_of, number_of, score_of
from kg.formats._format import STATEMENTS, Format, ImportResult, Loss
from kg.formats._names import Names
from kg.formats._text import one_line, read_table
from kg.grn import GRN
from kg.model import Edge, Evidence

COLUMNS = (
    "regulator",
    "target",
    "effect",
    "belief",
    "belief_activation",
    "belief_repression",
    "papers",
    "evidence",
    "regulator_id",
    "target_id",
    "species",
)
_NEEDED = ("regulator", "target", "effect", "belief")


def write(grn: GRN, path: Path) -> None:
    """Edges sorted by symbols; beliefs with six decimals; `papers` and `evidence` are counts.

    `papers` counts all distinct papers and documents of the edge, those that raise no belief too. `species` is the
    target's, since families have none. Edges that nothing supports have belief 0, and are not read back.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(COLUMNS) + "\n")
        stream.writelines("\t".join(map(_cell, _row(edge))) + "\n" for edge in grn.edges())


def read(path: Path, names: Names) -> ImportResult:
    """One statement an edge, of unknown paper. Of other tables the columns in `_NEEDED` are enough."""

    def parse(row: Mapping[str, str]) -> list[Evidence]:
        belief = number_of(row["belief"], "belief")
        if belief <= 0:
            raise ValueError("belief 0: no statement supports the edge")
        symbols = _unquoted(row["regulator"]), _unquoted(row["target"])
        if "regulator_id" in row and "target_id" in row:
            curies, species = (row["regulator_id"], row["target_id"]), row.get("species", "")
            regulator, target = (
                names.identified(curie, role, symbol=symbol, species=species)
                for curie, role, symbol in zip(curies, ("regulator", "target"), symbols, strict=True)
            )
        else:
            regulator, target = names.pair(*symbols)
        claim = Claim(regulator, target, effect_of(row["effect"]), score=score_of(belief))
        return list(evidence_of(claim, "tsv"))

    return read_table(path, _NEEDED, parse, "rows of edges")


def _row(edge: Edge) -> Iterator[object]:
    beliefs = edge.beliefs
    yield from (edge.regulator.symbol, edge.target.symbol, edge.effect.value)
    yield from (f"{belief:.6f}" for belief in (beliefs.regulation, beliefs.activation, beliefs.repression))
    yield from (len(edge.papers), len(edge.evidence))
    yield from (edge.regulator.curie, edge.target.curie, edge.target.species)


def _cell(value: object) -> str:
    """One line of text, and nothing a spreadsheet would run as a formula."""
    text = one_line(str(value))
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _unquoted(symbol: str) -> str:
    return symbol[1:] if symbol[:2] in ("'=", "'+", "'-", "'@") else symbol


FORMAT = Format("tsv", "people, spreadsheets, R", (*STATEMENTS, Loss.PAPERS), write, read)
