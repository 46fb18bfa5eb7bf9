"""decoupler's network table: source, target, weight (Badia-i-Mompel et al. 2022)."""

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

_COLUMNS = ("source", "target", "weight")


def write(grn: GRN, path: Path) -> None:
    """Edges of known sign, by symbol; weight is +belief for activation and -belief for repression."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(_COLUMNS)
        for edge in supported(grn):
            if edge.effect is not Effect.UNKNOWN:
                sign = 1 if edge.effect is Effect.ACTIVATION else -1
                table.writerow((edge.regulator.symbol, edge.target.symbol, f"{sign * edge.belief:.6f}"))


def read(path: Path, names: Names) -> ImportResult:
    """One statement a row, of unknown paper; the weight's sign is the effect, its amount, up to 1, the score."""

    def parse(row: Mapping[str, str]) -> list[Evidence]:
        weight = number_of(row["weight"], "weight")
        effect = Effect.ACTIVATION if weight > 0 else Effect.REPRESSION if weight < 0 else Effect.UNKNOWN
        claim = Claim(*names.pair(row["source"], row["target"]), effect, score=score_of(abs(weight)))
        return list(evidence_of(claim, "decoupler"))

    return read_table(path, _COLUMNS, parse, "rows of source, target and weight")


FORMAT = Format(
    "decoupler",
    "decoupler (enrichment of TFs), pandas",
    (Loss.IDENTIFIERS, Loss.SPECIES, Loss.UNSIGNED, *STATEMENTS, Loss.PAPERS),
    write,
    read,
)
