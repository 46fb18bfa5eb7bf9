"""RegulonDB's genes are of E. coli: kept by its names, never taken for human ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from grn_extract import read_database
from kg import GRN, Effect, GeneKind
from prisyn_base import InputError

RELEASE_12 = """## A comment
1)regulatorId\t2)regulatorName\t3)RegulatorGeneName\t4)regulatedId\t5)regulatedName\t6)function\t7)confidenceLevel
RDB1\tCRP\tcrp\tRDB2\taraB\t+\tS
RDB3\tIHF\tihfA;ihfB\tRDB4\tosmE\t-\tW
RDB1\tCRP\tcrp\tRDB1\tcrp\t-+\tC
RDB5\tppGpp\t\tRDB6\trrsA\t-\tS
RDB7\tAraC\taraC\tRDB8\taraE\tmaybe\tS
"""
EARLIER = """# Release 9
AraC\taraB\tactivator\t[BPP, GEA]\tStrong
CRP\tcrp\tdual\t[BPP]\tStrong
FNR\tnarG\trepressor\t[BPP]\tWeak
FhlA\tfhlA\tunknown\t[HIPP]\tWeak
broken
"""


def test_release_12_is_read_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "NetworkRegulatorGene.tsv").write_text(RELEASE_12)
    result = read_database("regulondb", tmp_path / "NetworkRegulatorGene.tsv")
    assert [(item.regulator.symbol, item.target.symbol, item.effect) for item in result.evidence] == [
        ("crp", "araB", Effect.ACTIVATION),
        ("IHF", "osmE", Effect.REPRESSION),
        ("crp", "crp", Effect.UNKNOWN),
    ]
    assert [item.regulator.kind for item in result.evidence] == [GeneKind.GENE, GeneKind.FAMILY, GeneKind.GENE]
    assert [(row.line, row.reason) for row in result.refused] == [
        (6, "the regulator 'ppGpp' has no gene"),
        (7, "an unknown word for the effect"),
    ]
    assert result.rows == 5


def test_earlier_releases_name_factors_and_their_genes_follow(tmp_path: Path) -> None:
    (tmp_path / "network_tf_gene.txt").write_text(EARLIER)
    result = read_database("regulondb", tmp_path / "network_tf_gene.txt")
    assert [(item.regulator.symbol, item.target.symbol) for item in result.evidence] == [
        ("araC", "araB"),
        ("crp", "crp"),
        ("fhlA", "fhlA"),
    ]
    assert [row.line for row in result.refused] == [4, 6]
    assert "named for no gene" in result.refused[0].reason


def test_a_gene_of_ecoli_is_no_human_one_of_the_same_name_and_is_found_in_its_graph(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(RELEASE_12)
    evidence = read_database("regulondb", tmp_path / "a.tsv").evidence
    gene = GRN.from_evidence(evidence).find("crp")
    assert (gene.curie, gene.species) == ("REGULONDB:crp", "ecoli")


def test_another_species_and_another_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(RELEASE_12)
    with pytest.raises(InputError, match=r"E\. coli"):
        read_database("regulondb", tmp_path / "a.tsv", species="mouse")
    (tmp_path / "b.tsv").write_text("a,b,c\n")
    with pytest.raises(InputError, match="none usable"):
        read_database("regulondb", tmp_path / "b.tsv")
