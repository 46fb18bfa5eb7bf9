"""What is wrong in databases that everybody uses, counted in the real files: retracted papers, both signs at once."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from grn_extract import read_database
from kg import GRN, Effect, Evidence, is_retracted


def only_retracted(evidence: Iterable[Evidence]) -> int:
    """Rows (regulator, target, sign) for which no paper speaks that still holds."""
    rows: dict[tuple[str, str, Effect], list[bool]] = defaultdict(list)
    for item in evidence:
        rows[item.regulator.curie, item.target.curie, item.effect].append(item.retracted)
    return sum(map(all, rows.values()))


@pytest.mark.parametrize(("species", "papers", "rows", "edges"), [("human", 27, 30, 28), ("mouse", 16, 19, 15)])
def test_trrust_rests_in_part_on_retracted_papers(
    shared_data: Path, species: str, papers: int, rows: int, edges: int
) -> None:
    found = read_database("trrust", shared_data / "kb" / f"trrust_v2_{species}.tsv", species=species).evidence
    assert len({item.paper for item in found if item.retracted}) == papers
    assert only_retracted(found) == rows
    alone = [edge for edge in GRN.from_evidence(found).edges() if edge.support.retracted_only]
    assert len(alone) == edges
    assert {edge.belief for edge in alone} == {0.0}
    assert {edge.effect for edge in alone} == {Effect.UNKNOWN}


def test_trrust_says_both_signs_of_207_pairs_and_neither_is_averaged_away(shared_data: Path) -> None:
    """Of the 4,859 pairs of the file that have a sign 4,852 are grounded, among them all 207 that have both."""
    found = read_database("trrust", shared_data / "kb" / "trrust_v2_human.tsv", species="human").evidence
    signs: dict[tuple[str, str], set[Effect]] = defaultdict(set)
    for item in found:
        if item.effect is not Effect.UNKNOWN:
            signs[item.regulator.curie, item.target.curie].add(item.effect)
    assert (len(signs), sum(len(said) == 2 for said in signs.values())) == (4852, 207)
    both = [edge for edge in GRN.from_evidence(found).edges() if edge.support.conflicting]
    assert len(both) == 207
    assert min(min(edge.beliefs.activation, edge.beliefs.repression) for edge in both) > 0.5
    assert all(abs(edge.support.up - edge.support.down) >= 2 for edge in both if edge.effect is not Effect.UNKNOWN)


def test_collectri_rests_in_part_on_retracted_papers(shared_data: Path) -> None:
    """Complexes included, which are refused where the file is read into a graph."""
    with gzip.open(shared_data / "kb" / "collectri_omnipath_pmids.tsv.gz", "rt", encoding="utf-8") as stream:
        rows = [row["pmids"].split(";") for row in csv.DictReader(stream, delimiter="\t") if row["pmids"]]
    assert len({paper for row in rows for paper in row if is_retracted(paper)}) == 150
    assert sum(all(map(is_retracted, row)) for row in rows) == 193
