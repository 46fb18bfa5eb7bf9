"""TRRUST, CollecTRI and DoRothEA in a graph agree with their files to the row, whatever the order they came in."""

from __future__ import annotations

import csv
import gzip
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from grn_extract import DatabaseResult, read_database
from kg import Effect

UP, DOWN, UNKNOWN = Effect.ACTIVATION, Effect.REPRESSION, Effect.UNKNOWN


@dataclass(frozen=True)
class Database:
    """How a plain reading of the file finds a row's sign and papers."""

    name: str
    file: str
    rows: int
    sign: int
    effects: dict[str, Effect]
    papers: int | None = None
    species: str = "human"


_TRRUST = {"Activation": UP, "Repression": DOWN, "Unknown": UNKNOWN}
_SIGNED = {"1": UP, "-1": DOWN, "1.0": UP, "-1.0": DOWN}
DATABASES = [
    Database("trrust", "trrust_v2_human.tsv", 9_396, 2, _TRRUST, papers=3),
    Database("trrust", "trrust_v2_mouse.tsv", 7_057, 2, _TRRUST, papers=3, species="mouse"),
    pytest.param(Database("collectri", "collectri_human_decoupler.csv", 43_178, 2, _SIGNED), marks=pytest.mark.slow),
    Database("dorothea", "grn_dorothea_hs_ABC.tsv.gz", 13_223, 3, _SIGNED),
]


def plain_rows(path: Path) -> list[tuple[int, list[str]]]:
    """The lines below the header, numbered from 1 and the header, by the csv module alone."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream, delimiter="," if ".csv" in path.name else "\t"))
    return [(number, row) for number, row in enumerate(rows[1:], 2) if row]


@cache
def imported(name: str, path: Path, species: str) -> DatabaseResult:
    return read_database(name, path, species=species)


def statements(database: Database, row: list[str]) -> set[tuple[str, Effect, str]]:
    """What a row says: its text with one paper, its sign, that paper; without papers, one statement."""
    effect = database.effects[row[database.sign]]
    if database.papers is None:
        return {("\t".join(row), effect, "")}
    others = [cell for column, cell in enumerate(row) if column != database.papers]
    return {
        ("\t".join([*others, paper]), effect, f"PMID:{int(paper)}")
        for paper in row[database.papers].split(";")
        if paper
    }


@pytest.mark.parametrize("database", DATABASES, ids=lambda each: f"{each.name}-{each.species}")
def test_a_graph_holds_what_the_file_says_to_the_row(database, shared_data, open_graph):
    path = shared_data / "kb" / database.file
    rows, result = plain_rows(path), imported(database.name, path, database.species)
    refused = {row.line for row in result.refused}
    assert len(rows) == result.rows == database.rows
    assert all("not grounded" in row.reason or "no list of PubMed numbers" in row.reason for row in result.refused)
    assert len(refused) < 0.07 * len(rows)
    expected = set().union(*(statements(database, row) for line, row in rows if line not in refused))

    first_part = result.evidence[: len(result.evidence) // 4]
    shuffled = random.Random(0).sample(result.evidence, len(result.evidence))
    with open_graph() as store:
        new = store.add(first_part) + store.add(shuffled)
        assert store.add(shuffled[:1_000]) == 0
        kept = list(store.evidence())
    assert new == len(kept) == len(expected)
    assert {(item.quote, item.effect, item.paper) for item in kept} == expected
    assert all(item.document == f"{database.name}:{item.regulator.symbol}>{item.target.symbol}" for item in kept)
    named = sum(item.quote.split("\t")[0] == item.regulator.symbol for item in kept)
    assert named > 0.85 * len(kept)
