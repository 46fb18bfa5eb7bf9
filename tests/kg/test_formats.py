from __future__ import annotations

import csv
import json

import networkx as nx
import pytest

from kg import GRN, Effect, Provenance, SourceKind, export, formats, read
from kg.formats.tsv import COLUMNS
from prisyn_base import InputError

READABLE = [name for name, format in formats().items() if format.read]
WRITABLE = [name for name, format in formats().items() if format.write]
LOSSLESS = [name for name, format in formats().items() if format.loses == "nothing"]


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


@pytest.mark.parametrize("name", formats())
def test_every_format_says_what_it_loses_and_can_do_something(name):
    format = formats()[name]
    assert format.name == name
    assert format.loses
    assert format.write or format.read


@pytest.mark.parametrize("name", WRITABLE)
def test_the_same_graph_gives_the_same_bytes(name, grn, tmp_path):
    export(grn, name, tmp_path / "one")
    export(GRN.from_evidence(reversed(grn.evidence)), name, tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_lossless_format_gives_back_every_field(name, grn, tmp_path):
    export(grn, name, tmp_path / "graph")
    result = read(name, tmp_path / "graph")
    assert result.refused == ()
    assert GRN.from_evidence(result.evidence).evidence == grn.evidence


@pytest.mark.parametrize("name", READABLE)
def test_a_malformed_row_is_refused_and_the_others_are_read(name, grn, tmp_path):
    path = tmp_path / "graph"
    export(grn, name, path)
    count = len(path.read_text().splitlines())
    with path.open("ab") as stream:
        stream.write(b'{"schema": 1, "effect": "magic"}\nnot a row\n\xff\xfe\n[[[[\n' + b"x" * 2_000_001 + b"\n\n")
    result = read(name, path)
    assert len(result.evidence) == len(grn.evidence)
    assert len(result.refused) == 5
    assert all(refused.line > count - 3 and refused.reason for refused in result.refused)


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("content", [b"", b"<html><body>Not found</body></html>", b"\x1f\x8b\x08\x00garbage\n\x00"])
def test_an_empty_or_wrong_file_is_an_input_error(name, content, tmp_path):
    path = tmp_path / "graph"
    path.write_bytes(content)
    with pytest.raises(InputError, match="graph"):
        read(name, path)


def test_a_missing_file_and_an_unknown_format_are_input_errors(grn, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read("jsonl", tmp_path / "nowhere")
    with pytest.raises(InputError, match="decoupler, evidence-tsv"):
        export(grn, "pickle", tmp_path / "graph")
    with pytest.raises(InputError, match="can be read"):
        read("graphml", tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())


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


def test_the_edge_table_holds_every_edge_in_promised_columns(grn, tmp_path):
    export(grn, "tsv", tmp_path / "edges.tsv")
    with (tmp_path / "edges.tsv").open(newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["regulator"], row["target"]) for row in rows] == [
        (edge.regulator.symbol, edge.target.symbol) for edge in grn.edges()
    ]
    assert [float(row["belief"]) for row in rows] == pytest.approx([edge.belief for edge in grn.edges()], abs=1e-6)


def test_graphml_is_read_by_networkx(grn, tmp_path):
    export(grn, "graphml", tmp_path / "grn.graphml")
    graph = nx.read_graphml(tmp_path / "grn.graphml")
    assert set(graph.edges) == {(edge.regulator.curie, edge.target.curie) for edge in grn.edges()}
    assert graph.nodes["FPLX:NFkappaB"]["kind"] == "family"
    repressed = graph.edges["HGNC:11241", "HGNC:4170"]
    assert repressed["effect"] == "repression"
    assert repressed["belief"] == pytest.approx(grn.edge("SPI1", "GATA1").belief, abs=1e-6)
    assert repressed["papers"] == 1


def test_a_place_that_cannot_be_written_is_an_input_error(grn, tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path, tmp_path / "file" / "edges.tsv"):
        with pytest.raises(InputError):
            export(grn, "tsv", place)


def test_a_wrong_format_and_a_missing_file_are_told_together(tmp_path):
    with pytest.raises(InputError) as error:
        read("graphml", tmp_path / "nowhere")
    assert len(error.value.problems) == 2
