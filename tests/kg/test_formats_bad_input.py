"""Files that are broken, foreign or hostile: what cannot be read is refused and said, and nothing is held whole."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kg import GRN, Effect, SourceKind, export, formats, read
from prisyn_base import InputError

READABLE = [name for name, format in formats().items() if format.read]
BY_LINES = ["jsonl", "evidence-tsv", "tsv", "decoupler", "sif", "gmt", "pyscenic", "omnipath", "kgx", "bel"]
DOCUMENTS = ["graphml", "cx2", "indra", "groundgan"]


@pytest.fixture
def grn(say) -> GRN:
    return GRN.from_evidence(
        [
            say("SPI1", "CD14", paper="PMID:3", effect=Effect.REPRESSION),
            say("NF-kB", "IL6", kind=SourceKind.DATABASE, paper="PMID:5"),
            say("Gata1", "Klf1", paper="PMID:6"),
        ]
    )


def test_every_format_is_read_by_lines_or_as_a_document():
    assert sorted(READABLE) == sorted(BY_LINES + DOCUMENTS)


@pytest.mark.parametrize("name", BY_LINES)
def test_a_malformed_row_is_refused_and_the_others_are_read(name, grn, tmp_path):
    path = tmp_path / "graph"
    export(grn, name, path)
    count = len(path.read_text().splitlines())
    before = read(name, path)
    with path.open("ab") as stream:
        stream.write(b'{"schema": 1, "effect": "magic"}\nnot a row\n\xff\xfe\n[[[[\n' + b"x" * 2_000_001 + b"\n\n")
    result = read(name, path)
    assert result.evidence == before.evidence
    assert sorted({refused.line for refused in result.refused}) == [count + n for n in range(1, 6)]
    assert all(refused.reason for refused in result.refused)


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize(
    "content",
    [b"", b"<html><body>Not found</body></html>", b"\x1f\x8b\x08\x00garbage\n\x00", "GATA1".encode("utf-16"), b"\n\n"],
)
def test_an_empty_or_wrong_file_is_an_input_error(name, content, tmp_path):
    path = tmp_path / "graph"
    path.write_bytes(content)
    with pytest.raises(InputError, match="graph"):
        read(name, path)


@pytest.mark.parametrize("name", READABLE)
def test_a_gzipped_file_that_was_cut_short_is_refused_whole(name, grn, tmp_path):
    export(grn, name, tmp_path / "graph")
    packed = gzip.compress((tmp_path / "graph").read_bytes() * (50 if name in BY_LINES else 1))
    (tmp_path / "graph.gz").write_bytes(packed[:-9])
    with pytest.raises(InputError, match=r"graph\.gz"):
        read(name, tmp_path / "graph.gz")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_breaks_off_is_refused_whole(name, grn, tmp_path):
    export(grn, name, tmp_path / "graph")
    text = (tmp_path / "graph").read_text().rstrip()
    for length in (len(text) - 1, len(text) * 2 // 3, len(text) // 3):
        (tmp_path / "cut").write_text(text[:length])
        with pytest.raises(InputError, match="cut"):
            read(name, tmp_path / "cut")


BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><graphml><graph><node id="&c;"/></graph></graphml>"""
FOREIGN_FILE = (
    """<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><graphml><graph><node id="&f;"/></graph></graphml>"""
)


@pytest.mark.parametrize("text", [BOMB, FOREIGN_FILE])
def test_graphml_with_a_document_type_definition_is_not_read(text, tmp_path):
    (tmp_path / "bomb.graphml").write_text(text)
    with pytest.raises(InputError, match="document type definition"):
        read("graphml", tmp_path / "bomb.graphml")


def graphml(edges: str, nodes: str = '<node id="GATA1"/><node id="HBB"/>', directed: str = "directed") -> str:
    key = '<key id="d0" for="edge" attr.name="sign" attr.type="string"><default>-</default></key>'
    return f'<graphml>{key}<graph edgedefault="{directed}">\n{nodes}\n{edges}</graph></graphml>'


def test_graphml_of_another_program_is_read_by_names_and_defaults(tmp_path):
    (tmp_path / "g").write_text(graphml('<edge source="GATA1" target="HBB"/>'))
    (item,) = read("graphml", tmp_path / "g").evidence
    assert (item.regulator.curie, item.target.curie, item.effect) == ("HGNC:4170", "HGNC:4827", Effect.REPRESSION)


@pytest.mark.parametrize(
    ("edge", "reason"),
    [
        ('<edge source="GATA1" target="HBB" directed="false"/>', "no direction"),
        ('<edge source="GATA1" target="NOWHERE"/>', "'NOWHERE' is no node"),
        ('<edge source="GATA1" target="HBB"><data key="d0">sings</data></edge>', "'sings' is no word for regulation"),
        ('<edge source="XYZZY9" target="HBB"/>', "'XYZZY9' is no symbol"),
    ],
)
def test_an_edge_of_graphml_that_says_no_regulation_is_refused_with_its_line(edge, reason, tmp_path):
    nodes = '<node id="GATA1"/><node id="HBB"/><node id="XYZZY9"/>'
    (tmp_path / "g").write_text(graphml(f'{edge}\n<edge source="GATA1" target="HBB"/>', nodes))
    result = read("graphml", tmp_path / "g")
    assert len(result.evidence) == 1
    assert [row.line for row in result.refused] == [3]
    assert reason in result.refused[0].reason


def test_species_are_not_mixed_in_one_edge(tmp_path):
    (tmp_path / "mixed.sif").write_text("Gata1\tactivates\tHBB\nGATA1\tactivates\tHBB\nGata1\tactivates\tKlf1\n")
    result = read("sif", tmp_path / "mixed.sif")
    assert {item.regulator.species for item in result.evidence} == {"human", "mouse"}
    assert [(row.line, "mixed species" in row.reason) for row in result.refused] == [(1, True)]
    as_mouse = read("sif", tmp_path / "mixed.sif", species="mouse")
    assert {item.regulator.species for item in as_mouse.evidence} == {"mouse"}


def test_an_unknown_gene_is_refused_with_names_like_it(tmp_path):
    (tmp_path / "net.csv").write_text("source,target,weight\nSPI1,LYZ,1\nSPIQ1,LYZ,1\nSPI1,LYZ,many\nSPI1,LYZ\n")
    reasons = [row.reason for row in read("decoupler", tmp_path / "net.csv").refused]
    assert "did you mean" in reasons[0]
    assert "weight 'many' is no number" in reasons[1]
    assert "2 columns, the header has 3" in reasons[2]


def test_a_gene_that_is_not_on_file_is_not_read_as_another_of_its_symbol(tmp_path):
    nodes = "id\tcategory\tname\nREGULONDB:crp\tbiolink:Gene\tcrp\n"
    (tmp_path / "g_nodes.tsv").write_text(nodes)
    edges = "subject\tpredicate\tobject\nHGNC:4170\tbiolink:regulates\tHGNC:4827\n"
    (tmp_path / "g_edges.tsv").write_text(f"{edges}REGULONDB:crp\tbiolink:regulates\tHGNC:4827\n")
    result = read("kgx", tmp_path / "g_edges.tsv")
    assert [item.regulator.symbol for item in result.evidence] == ["GATA1"]
    assert "'REGULONDB:crp' is not on file" in result.refused[0].reason


def test_the_same_row_twice_is_one_statement(tmp_path):
    (tmp_path / "net.csv").write_text("source,target,weight\nSPI1,LYZ,1\nSPI1,LYZ,1\nPU.1,LYZ,0.5\n")
    assert len(GRN.from_evidence(read("decoupler", tmp_path / "net.csv").evidence).evidence) == 1


def test_an_indra_statement_whose_annotation_was_left_while_it_was_changed_is_refused(grn, tmp_path):
    export(grn, "indra", tmp_path / "s.json")
    statements = json.loads((tmp_path / "s.json").read_text())
    statements[0]["type"] = {"IncreaseAmount": "DecreaseAmount", "DecreaseAmount": "IncreaseAmount"}[
        statements[0]["type"]
    ]
    (tmp_path / "s.json").write_text(json.dumps(statements))
    result = read("indra", tmp_path / "s.json")
    assert len(result.evidence) == len(grn.evidence) - 1
    assert "says otherwise" in result.refused[0].reason


READ_AND_MEASURE = """
import resource, sys
from kg import read, resolve
from prisyn_base import InputError
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
resolve("SPI1")
before = peak()
try:
    print("read", len(read(sys.argv[1], sys.argv[2]).evidence))
except InputError as error:
    print("refused", error)
print(peak() - before)
"""


@pytest.mark.parametrize(
    ("name", "head", "tail"),
    [
        ("sif", "SPI1\tactivates\tLYZ\n", "\nSPI1\tactivates\tCD14\n"),
        ("graphml", "<graphml><graph><node id='", "'/></graph></graphml>"),
        ("indra", '[{"type": "', '"}]'),
    ],
)
def test_a_line_without_end_is_not_held(name, head, tail, tmp_path):
    """A line of 300 MB takes less than 150 MB of memory: what one of 10 GB would."""
    path = tmp_path / "long"
    with path.open("wb") as stream:
        stream.write(head.encode())
        stream.truncate(300_000_000)
        stream.seek(0, 2)
        stream.write(tail.encode())
    command = [sys.executable, "-c", READ_AND_MEASURE, name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.startswith("read 2" if name == "sif" else "refused")
    assert int(done.stdout.split()[-1]) < 150
