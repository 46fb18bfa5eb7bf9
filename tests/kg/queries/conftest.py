"""Small networks drawn as arrows, and the knowledge bases of the shared folder by their own symbols."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kg import GRN, Effect, Evidence, Gene, Provenance, SourceKind

EFFECTS = {">": Effect.ACTIVATION, "|": Effect.REPRESSION, "?": Effect.UNKNOWN}


def gene(symbol: str, species: str = "human") -> Gene:
    return Gene(f"X:{symbol}", symbol, species)


def arrow(drawn: str, **fields: object) -> Evidence:
    """`A>B` activates, `A|B` represses, `A?B` regulates in an unknown way; any field of Evidence may be set."""
    found = re.fullmatch(r"(\w+)([>|?])(\w+)", drawn)
    assert found is not None
    regulator, effect, target = found.groups()
    said = Evidence(gene(regulator), gene(target), EFFECTS[effect], f"doc:{drawn}", drawn, Provenance("trrust"))
    return replace(said, **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def draw() -> Callable[..., GRN]:
    """`draw("A>B", "B|C")`: the network of these arrows, one paper each."""
    return lambda *arrows: GRN.from_evidence(arrow(one) for one in arrows)


def names(edges: object) -> list[str]:
    return [f"{edge.regulator.symbol}-{edge.target.symbol}" for edge in edges]  # type: ignore[attr-defined]


def database(path: Path, rows: list[tuple[str, str, Effect, str]]) -> GRN:
    source = Provenance(path.stem.partition("_")[0])
    return GRN.from_evidence(
        Evidence(gene(r), gene(t), effect, path.stem, f"{r} {t} {effect}", source, SourceKind.DATABASE, paper=paper)
        for r, t, effect, paper in rows
    )


@pytest.fixture(scope="session")
def collectri(shared_data: Path) -> GRN:
    """CollecTRI's 43,178 signed edges."""
    path = shared_data / "kb" / "collectri_human_decoupler.csv"
    with path.open(encoding="utf-8") as stream:
        rows = [
            (row["source"], row["target"], Effect.ACTIVATION if float(row["weight"]) > 0 else Effect.REPRESSION, "")
            for row in csv.DictReader(stream)
        ]
    return database(path, rows)


@pytest.fixture(scope="session")
def trrust(shared_data: Path) -> GRN:
    """TRRUST's human table, one statement for each paper of a row."""
    path = shared_data / "kb" / "trrust_v2_human.tsv"
    with path.open(encoding="utf-8") as stream:
        rows = [
            (row["TF"], row["gene_symbol"], Effect(row["interaction"].lower()), f"PMID:{paper}")
            for row in csv.DictReader(stream, delimiter="\t")
            for paper in row["position"].split(";")
        ]
    return database(path, rows)
