"""pySCENIC's adjacencies: TF, target, importance (Van de Sande et al. 2020)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from kg.formats._edges import Claim, evidence_of, number_of, score_of, supported
from kg.formats._format import STATEMENTS, Format, ImportResult, Loss
from kg.formats._names import Names
from kg.formats._text import read_table
from kg.grn import GRN
from kg.model import Effect, Evidence

_COLUMNS = ("TF", "target", "importance")


def write(grn: GRN, path: Path) -> None:
    """Edges by symbol, the most believed first; importance is the belief. By tabs in a `.tsv`, else by commas."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, delimiter="\t" if path.suffix == ".tsv" else ",", lineterminator="\n")
        table.writerow(_COLUMNS)
        for edge in sorted(supported(grn), key=lambda edge: -edge.belief):
            table.writerow((edge.regulator.symbol, edge.target.symbol, f"{edge.belief:.6f}"))


def read(path: Path, names: Names) -> ImportResult:
    """One statement a row, of unknown sign and paper; an importance in [0, 1] is its score.

    The importances of GRNBoost2 go past 1 and are no probabilities: they are dropped.
    """

    def parse(row: Mapping[str, str]) -> list[Evidence]:
        importance = number_of(row["importance"], "importance")
        claim = Claim(*names.pair(row["TF"], row["target"]), Effect.UNKNOWN, score=score_of(importance))
        return list(evidence_of(claim, "pyscenic"))

    return read_table(path, _COLUMNS, parse, "rows of TF, target and importance")


FORMAT = Format(
    "pyscenic",
    "pySCENIC, arboreto",
    (Loss.IDENTIFIERS, Loss.SPECIES, Loss.SIGNS, *STATEMENTS, Loss.PAPERS),
    write,
    read,
)
