"""decoupler's network table: source, target, weight."""

from __future__ import annotations

import csv
from pathlib import Path

from kg.formats._format import Format
from kg.grn import GRN
from kg.model import Effect


def write(grn: GRN, path: Path) -> None:
    """Edges of known sign, by symbol; weight is +belief for activation and -belief for repression."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(("source", "target", "weight"))
        for edge in grn.edges():
            if edge.effect is not Effect.UNKNOWN:
                sign = 1 if edge.effect is Effect.ACTIVATION else -1
                table.writerow((edge.regulator.symbol, edge.target.symbol, f"{sign * edge.belief:.6f}"))


FORMAT = Format("decoupler", loses="edges of unknown sign, identifiers, species, the evidence", write=write)
