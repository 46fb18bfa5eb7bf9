"""Every row of a database becomes evidence or is refused with its reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from grn_extract import ColumnMap, DatabaseResult, read_database
from kg import Effect, SourceKind
from prisyn_base import InputError


def trrust(folder: Path, *rows: str) -> DatabaseResult:
    file = folder / "trrust.tsv"
    file.write_text("".join(row + "\n" for row in rows))
    return read_database("trrust", file)


def test_a_row_citing_two_papers_is_two_statements(tmp_path: Path) -> None:
    result = trrust(tmp_path, "SPI1\tLYZ\tActivation\t111;222")
    assert [item.paper for item in result.evidence] == ["PMID:111", "PMID:222"]
    assert len({item.id for item in result.evidence}) == 2
    first = result.evidence[0]
    assert (first.document, first.kind, first.effect) == ("trrust:SPI1>LYZ", SourceKind.DATABASE, Effect.ACTIVATION)
    assert first.quote == "SPI1\tLYZ\tActivation\t111"


def test_a_refused_row_says_why(tmp_path: Path) -> None:
    result = trrust(
        tmp_path, "SPI1\tLYZ\tActivation\t1", "NOSUCHGENE9\tLYZ\tFoo\tx", "SPI1\tLYZ", "SPI1\tLYZ\tUnknown\t-3"
    )
    assert [row.line for row in result.refused] == [2, 3, 4]
    assert all(word in result.refused[0].reason for word in ("NOSUCHGENE9", "effect", "PubMed"))


def test_a_family_of_the_same_name_does_not_hide_the_gene(tmp_path: Path) -> None:
    (item,) = trrust(tmp_path, "EGR1\tFOS\tActivation\t1").evidence
    assert item.target.curie == "HGNC:3796"


def test_a_file_of_something_else_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none usable"):
        trrust(tmp_path, "a,b,c")


@pytest.mark.parametrize("species", ["human", "mouse"])
def test_trrust_accounts_for_every_row_of_its_file(shared_data: Path, species: str) -> None:
    file = shared_data / "kb" / f"trrust_v2_{species}.tsv"
    lines = [line.split("\t") for line in file.read_text().splitlines() if line and not line.startswith("TF\t")]
    result = read_database("trrust", file, species=species)
    refused = {row.line for row in result.refused}
    cited = sum(len(set(fields[3].split(";"))) for n, fields in enumerate(lines, 2) if n not in refused)
    assert result.rows == len(lines)
    assert len(result.evidence) == cited
    assert len(refused) < 0.06 * len(lines)
    assert {item.regulator.species for item in result.evidence} <= {species, "any"}
    assert any(item.retracted for item in result.evidence)


def test_signs_of_trrust_agree_with_the_file(shared_data: Path) -> None:
    result = read_database("trrust", shared_data / "kb" / "trrust_v2_human.tsv")
    words = Counter(item.quote.split("\t")[2] for item in result.evidence)
    effects = Counter(item.effect.value.capitalize() for item in result.evidence)
    assert words == effects


def test_any_table_is_read_by_naming_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text('tf,gene,sign,pubmed\nGATA1,GATA2,-1,"12, 13"\nSPI1,LYZ,+,\nSPI1,LYZ,sideways,\n')
    columns = ColumnMap("tf", "gene", effect="sign", papers="pubmed")
    result = read_database("table", file, columns=columns, name="own")
    assert [(i.target.symbol, i.effect.value, i.paper) for i in result.evidence] == [
        ("GATA2", "repression", "PMID:12"),
        ("GATA2", "repression", "PMID:13"),
        ("LYZ", "activation", ""),
    ]
    assert [row.line for row in result.refused] == [4]


def test_columns_that_are_not_there_are_all_named(tmp_path: Path) -> None:
    file = tmp_path / "own.tsv"
    file.write_text("a\tb\n")
    with pytest.raises(InputError) as error:
        read_database("table", file, columns=ColumnMap("tf", "gene"))
    assert len(error.value.problems) == 2


def test_an_unknown_database_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="trrust"):
        read_database("nothing", tmp_path)
