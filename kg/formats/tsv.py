"""The edge table: one row an edge, for people and spreadsheets. Import is by `evidence-tsv` or `jsonl`."""

from __future__ import annotations

from pathlib import Path

from kg.formats._format import Format
from kg.grn import GRN
from kg.model import Edge

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


def write(grn: GRN, path: Path) -> None:
    """Edges sorted by symbols; beliefs with six decimals; `papers` and `evidence` are counts.

    `papers` counts all distinct papers and documents of the edge, those that raise no belief too. `species` is the
    target's, since families have none.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(COLUMNS) + "\n")
        stream.writelines("\t".join(map(_cell, _row(edge))) + "\n" for edge in grn.edges())


def _row(edge: Edge) -> tuple[object, ...]:
    beliefs = edge.beliefs
    return (
        edge.regulator.symbol,
        edge.target.symbol,
        edge.effect.value,
        f"{beliefs.regulation:.6f}",
        f"{beliefs.activation:.6f}",
        f"{beliefs.repression:.6f}",
        len(edge.papers),
        len(edge.evidence),
        edge.regulator.curie,
        edge.target.curie,
        edge.target.species,
    )


def _cell(value: object) -> str:
    """No tab, line break or other control character, and nothing a spreadsheet would run as a formula."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


FORMAT = Format("tsv", loses="the evidence: sentences, papers' numbers, readers", write=write)
