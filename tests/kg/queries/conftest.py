"""Small networks, and the knowledge bases of the shared folder by their own symbols."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from kg import GRN, Effect, Evidence, Provenance, SourceKind
from tests.kg.queries.drawing import arrow, gene


@pytest.fixture(scope="session")
def draw() -> Callable[..., GRN]:
    """`draw("A>B", "B|C")`: the network of these arrows, one paper each."""
    return lambda *arrows: GRN.from_evidence(arrow(one) for one in arrows)


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
