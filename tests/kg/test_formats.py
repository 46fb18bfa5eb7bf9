from __future__ import annotations

import csv
import gzip
import json
from dataclasses import replace

import pytest

from kg import GRN, Effect, Gene, GeneKind, Provenance, SourceKind, export, formats, read
from kg.formats.tsv import COLUMNS
from prisyn_base import InputError

READABLE = [name for name, format in formats().items() if format.read]
WRITABLE = [name for name, format in formats().items() if format.write]
LOSSLESS = [name for name, format in formats().items() if not format.loses]


@pytest.fixture
def grn(say) -> GRN:
    source = Provenance("chat", "some-model", "read", "ab12", 0.75, 321, 0.0042, "2024-05-01T10:00:00Z")
    text = 'SPI1\t"represses"\r\n<b>GATA1</b> \N{GREEK SMALL LETTER ALPHA}\u2028'
    return GRN.from_evidence(
        [
            say("SPI1", "GATA1", quote=text, start=3, end=40, effect=Effect.REPRESSION, provenance=source),
            say("NF-kB", "IL6", kind=SourceKind.DATABASE, paper="PMID:5", hypothetical=True),
            say("Gata1", "Klf1", paper="PMID:6", retracted=True),
            say("GATA1", "GATA1", negated=True, effect=Effect.UNKNOWN),
        ]
    )


def affirmed(grn: GRN) -> set[tuple[str, str]]:
    return {(edge.regulator.curie, edge.target.curie) for edge in grn.edges() if edge.belief > 0}


def test_a_format_that_can_be_read_can_be_written():
    assert set(READABLE) == set(WRITABLE) - {"groundgan-pickle"}
    assert sorted(LOSSLESS) == ["evidence-tsv", "jsonl"]


@pytest.mark.parametrize("name", formats())
def test_every_format_says_who_reads_it_and_what_it_loses(name):
    format = formats()[name]
    assert format.name == name
    assert format.readers
    assert format.loses_words


@pytest.mark.parametrize("name", WRITABLE)
def test_the_same_graph_gives_the_same_bytes(name, grn, tmp_path):
    for folder, graph in (("one", grn), ("other", GRN.from_evidence(reversed(grn.evidence)))):
        written = export(graph, name, tmp_path / folder / "graph")
        assert sorted(path.name for path in written) == sorted(path.name for path in (tmp_path / folder).iterdir())
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_lossless_format_gives_back_every_field(name, grn, tmp_path):
    export(grn, name, tmp_path / "graph")
    result = read(name, tmp_path / "graph")
    assert result.refused == ()
    assert GRN.from_evidence(result.evidence).evidence == grn.evidence


@pytest.mark.parametrize("name", READABLE)
def test_importing_what_was_exported_twice_is_importing_it_once(name, grn, tmp_path):
    export(grn, name, tmp_path / "graph")
    once = GRN.from_evidence(read(name, tmp_path / "graph").evidence)
    export(once, name, tmp_path / "again")
    assert once.add(read(name, tmp_path / "again").evidence) == 0


@pytest.mark.parametrize("name", READABLE)
def test_a_file_packed_with_gzip_is_read(name, grn, tmp_path):
    export(grn, name, tmp_path / "graph")
    (tmp_path / "graph.gz").write_bytes(gzip.compress((tmp_path / "graph").read_bytes()))
    assert read(name, tmp_path / "graph.gz").evidence == read(name, tmp_path / "graph").evidence


@pytest.mark.parametrize("name", WRITABLE)
def test_an_edge_that_is_only_denied_is_claimed_by_no_format(name, say, tmp_path):
    denied = say("GATA1", "HBB", negated=True, paper="PMID:7")
    grn = GRN.from_evidence([denied, say("SPI1", "CD14", paper="PMID:8")])
    export(grn, name, tmp_path / "graph")
    if formats()[name].read:
        assert affirmed(GRN.from_evidence(read(name, tmp_path / "graph").evidence)) == {("HGNC:11241", "HGNC:1628")}
    else:
        assert b"HBB" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_the_edge_table_holds_every_edge_in_promised_columns(grn, tmp_path):
    export(grn, "tsv", tmp_path / "edges.tsv")
    with (tmp_path / "edges.tsv").open(newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["regulator"], row["target"]) for row in rows] == [
        (edge.regulator.symbol, edge.target.symbol) for edge in grn.edges()
    ]
    assert [float(row["belief"]) for row in rows] == pytest.approx([edge.belief for edge in grn.edges()], abs=1e-6)


def test_symbols_that_a_spreadsheet_would_run_are_quoted_and_come_back(say, tmp_path):
    odd = replace(say("GATA1", "HBB"), target=Gene("NEW:1", "=cmd()", "human"))
    export(GRN.from_evidence([odd]), "tsv", tmp_path / "edges.tsv")
    assert "\t'=cmd()\t" in (tmp_path / "edges.tsv").read_text()
    assert read("tsv", tmp_path / "edges.tsv").evidence[0].target == odd.target


@pytest.mark.parametrize("name", ["decoupler", "sif", "gmt", "pyscenic"])
def test_a_family_keeps_its_name_in_formats_that_know_symbols_only(name, say, tmp_path):
    export(GRN.from_evidence([say("NF-kB", "IL6")]), name, tmp_path / "graph")
    (item,) = read(name, tmp_path / "graph").evidence
    assert (item.regulator.curie, item.regulator.kind) == ("FPLX:NFkappaB", GeneKind.FAMILY)


def test_the_species_asked_for_decides_what_a_symbol_means(tmp_path):
    (tmp_path / "edges.sif").write_text("TP53\tactivates\tMDM2\n")
    for species, curie in ((None, "HGNC:11998"), ("human", "HGNC:11998"), ("mouse", "MGI:98834")):
        assert read("sif", tmp_path / "edges.sif", species=species).evidence[0].regulator.curie == curie


def test_a_statement_of_another_species_than_the_one_asked_for_is_refused(grn, tmp_path):
    export(grn, "jsonl", tmp_path / "graph.jsonl")
    result = read("jsonl", tmp_path / "graph.jsonl", species="mouse")
    assert {item.target.symbol for item in result.evidence} == {"Klf1"}
    assert any("is a human gene, not a mouse one" in row.reason for row in result.refused)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": 2}, "schema 2"),
        ({"effect": "magic"}, "effect 'magic'"),
        ({"start": 9, "end": 3}, "not in order"),
        ({"end": 2**70}, "not in order"),
        ({"quote": "\ud800"}, "surrogates not allowed"),
        ({"provenance": {"reader": "x", "cost": float("nan")}}, "cost nan"),
        ({"surprise": 1}, "unknown field surprise"),
        ({"negated": "no"}, "negated 'no' is not bool"),
        ({"regulator": {"curie": "GATA1"}}, "regulator is not a whole gene"),
        ({"provenance": {"model": "m"}}, "names no reader"),
    ],
)
def test_a_refused_line_says_why(change, reason, grn, tmp_path):
    path = tmp_path / "graph.jsonl"
    export(grn, "jsonl", path)
    lines = path.read_text().split("\n")[:-1]
    path.write_text("\n".join([lines[0], json.dumps(json.loads(lines[1]) | change), *lines[2:]]))
    result = read("jsonl", path)
    assert [refused.line for refused in result.refused] == [2]
    assert reason in result.refused[0].reason


def test_a_missing_file_and_an_unknown_format_are_input_errors(grn, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read("jsonl", tmp_path / "nowhere")
    with pytest.raises(InputError, match="decoupler, evidence-tsv"):
        export(grn, "pickle", tmp_path / "graph")
    with pytest.raises(InputError, match="can be read"):
        read("groundgan-pickle", tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())


def test_a_wrong_format_a_wrong_species_and_a_missing_file_are_told_together(tmp_path):
    with pytest.raises(InputError) as error:
        read("groundgan-pickle", tmp_path / "nowhere", species="yeast")
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("name", ["tsv", "kgx"])
def test_a_place_that_cannot_be_written_is_an_input_error_and_leaves_nothing(name, grn, tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path, tmp_path / "file" / "edges.tsv"):
        with pytest.raises(InputError):
            export(grn, name, place)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
