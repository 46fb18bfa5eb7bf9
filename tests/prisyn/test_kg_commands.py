"""What `prisyn kg` answers: the tour a biologist takes, on a small graph of real regulations."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kg import Effect, Evidence, Gene, Provenance, SourceKind, open_store, resolve
from kg.curation import Decision, ErrorKind, Verdict
from kg.queries import changes
from prisyn.cli import app

SAID = (
    ("SPI1", "LYZ", "activation", "PMID:1", ""),
    ("SPI1", "LYZ", "activation", "PMID:2", ""),
    ("SPI1", "GATA1", "repression", "PMID:3", ""),
    ("GATA1", "SPI1", "repression", "PMID:4", ""),
    ("GATA1", "LYZ", "unknown", "PMID:5", "negated"),
    ("GATA1", "HBB", "activation", "PMID:6", ""),
    ("GATA1", "HBB", "repression", "PMID:7", ""),
    ("SPI1", "HBB", "repression", "PMID:8", ""),
    ("NF-kB", "IL6", "activation", "PMID:9", ""),
)


def statement(regulator: str, target: str, effect: str, paper: str, mark: str) -> Evidence:
    genes: list[Gene] = []
    for name in (regulator, target):
        gene = resolve(name).gene
        assert gene is not None
        genes.append(gene)
    row = f"{regulator} {target} {effect}"
    marks = {mark: True} if mark else {}
    source = Provenance("trrust")
    return Evidence(*genes, Effect(effect), row, row, source, SourceKind.DATABASE, paper=paper, **marks)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    with open_store(tmp_path / "grn.db") as store:
        store.add(statement(*said) for said in SAID)
    return tmp_path / "grn.db"


def call(*words: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in words])


def data(*words: str | Path) -> Any:
    done = call("kg", *words, "--format", "json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def decide(graph: Path, said: tuple[str, str, str, str, str], verdict: Verdict, curator: str) -> None:
    item = statement(*said)
    decision = Decision(
        curator=curator,
        verdict=verdict,
        regulator=item.regulator.curie,
        target=item.target.curie,
        effect=item.effect,
        document=item.document,
        quote=item.quote,
        time="2030-01-01T10:00:00.000000Z",
        paper=item.paper,
        error=ErrorKind.NO_RELATION if verdict is Verdict.REJECT else None,
    )
    with open_store(graph) as store:
        store.decide([decision])


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_asking_a_graph_that_is_not_there_makes_none(tmp_path: Path, scheme: str) -> None:
    done = call("kg", "stats", "--graph", f"{scheme}{tmp_path}/none.db")
    assert done.exit_code == 2
    assert "no such file" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_graph_may_be_named_by_a_file_url(graph: Path) -> None:
    assert data("stats", "--graph", f"file://{graph}") == data("stats", "--graph", graph)


def test_every_listing_takes_every_filter_and_prints_every_form(graph: Path) -> None:
    filters = ("--min-belief", ".1", "--effect", "activation", "--species", "human", "--source", "trrust")
    listings: tuple[tuple[str, ...], ...] = (
        ("regulators", "LYZ"),
        ("targets", "SPI1"),
        ("path", "SPI1", "LYZ"),
        ("subgraph", "SPI1", "LYZ"),
        ("hubs",),
        ("motifs",),
        ("contradictions",),
        ("changes", "--since", "2020-01-01"),
        ("compare", "--reference", str(graph)),
    )
    for words in listings:
        for form in ("json", "tsv", "table"):
            filtered = (*words, "--graph", graph, *filters, "--curation", "unjudged", "--format", form)
            done = call("kg", *filtered)
            assert done.exit_code == 0, (words, done.stderr)
            if form == "json":
                json.loads(done.stdout)


def test_a_filter_that_is_none_is_answered_with_all_that_is_wrong(graph: Path) -> None:
    done = call("kg", "hubs", "--graph", graph, "--effect", "up", "--curation", "good")
    assert done.exit_code == 2
    assert "2 problems" in done.stderr
    assert "activation, repression, unknown" in done.stderr


def test_regulators_come_with_what_curators_say(graph: Path) -> None:
    decide(graph, SAID[0], Verdict.ACCEPT, "ada")
    edges = {edge["regulator"]: edge for edge in data("regulators", "LYZ", "--graph", graph)}
    assert edges["SPI1"]["curation"] == "accepted"
    assert (edges["GATA1"]["belief"], edges["GATA1"]["marks"]) == (0, {"negated": 1})
    assert [e["regulator"] for e in data("regulators", "LYZ", "--graph", graph, "--curation", "accepted")] == ["SPI1"]
    assert "accepted" in call("kg", "regulators", "LYZ", "--graph", graph).stdout


def test_two_curators_disagreeing_is_shown_not_hidden(graph: Path) -> None:
    decide(graph, SAID[0], Verdict.ACCEPT, "ada")
    decide(graph, SAID[0], Verdict.REJECT, "bo")
    rows = {row["paper"]: row for row in data("evidence", "SPI1", "LYZ", "--graph", graph)}
    assert rows["PMID:1"]["curation"] == "disputed"
    assert (rows["PMID:1"]["accepted_by"], rows["PMID:1"]["rejected_by"]) == (["ada"], ["bo"])
    assert rows["PMID:2"]["curation"] == "unjudged"


def test_evidence_of_an_edge_that_is_not_there_is_the_askers_to_mend(graph: Path) -> None:
    done = call("kg", "evidence", "LYZ", "SPI1", "--graph", graph)
    assert done.exit_code == 2
    assert "no edge from LYZ to SPI1" in done.stderr


def test_all_names_that_stand_for_nothing_are_told_at_once(graph: Path) -> None:
    done = call("kg", "subgraph", "SPI2", "GATTA1", "HBB", "--graph", graph)
    assert done.exit_code == 2
    assert "2 problems" in done.stderr
    assert "SPI1" in done.stderr
    assert "GATA1" in done.stderr


def test_a_path_is_drawn_with_its_signs(graph: Path) -> None:
    (path,) = data("path", "PU.1", "HBB", "--graph", graph, "--longest", "2", "--effect", "repression")
    assert (path["path"], path["effect"], path["steps"][0]["papers"]) == ("SPI1 -| HBB", "repression", ["PMID:8"])
    assert "GATA1 -| SPI1 -> LYZ" in call("kg", "path", "GATA1", "LYZ", "--graph", graph).stdout
    assert "one gene to another" in call("kg", "path", "SPI1", "PU.1", "--graph", graph).stderr
    none = call("kg", "path", "HBB", "SPI1", "--graph", graph, "--format", "json")
    assert (none.exit_code, none.stdout.strip()) == (0, "[]")


def test_a_subgraph_says_what_it_added_and_what_it_left(graph: Path) -> None:
    done = call("kg", "subgraph", "LYZ", "HBB", "IL6", "--mode", "connect", "--graph", graph)
    assert "added: SPI1" in done.stderr
    assert "not connected: IL6" in done.stderr
    edges = data("subgraph", "LYZ", "HBB", "--mode", "bridges", "--graph", graph)
    assert {(edge["regulator"], edge["target"]) for edge in edges} == {("SPI1", "LYZ"), ("SPI1", "HBB")}


def test_motifs_are_listed_and_counted(graph: Path) -> None:
    (loop,) = [row for row in data("motifs", "--gene", "HBB", "--graph", graph) if row["x"] == "SPI1"]
    assert (loop["y"], loop["z"], loop["type"]) == ("GATA1", "HBB", "unsigned")
    counts = data("motifs", "--count", "--graph", graph)
    assert counts == data("motifs", "--count", "--gene", "HBB", "--graph", graph)
    assert sum(counts.values()) == 2
    assert data("motifs", "--motif", "feedback", "--count", "--graph", graph) == {"positive, 2 edges": 1}
    (row,) = data("motifs", "--motif", "feedback", "--graph", graph)
    assert row["edges"] == "SPI1 -| GATA1 -| SPI1"


def test_contradictions_show_both_sides_papers(graph: Path) -> None:
    (found,) = data("contradictions", "--graph", graph)
    assert (found["regulator"], found["dispute"]) == ("GATA1", "sign")
    assert (found["one_side"], found["other_side"]) == (["PMID:6"], ["PMID:7"])
    assert data("contradictions", "--dispute", "existence", "--graph", graph) == []


def test_changes_tell_new_edges_from_changed_ones(graph: Path) -> None:
    assert {row["change"] for row in data("changes", "--since", "2020-01-01", "--graph", graph)} == {"new"}
    assert data("changes", "--since", "2029-01-01", "--graph", graph) == []
    decide(graph, SAID[7], Verdict.REJECT, "ada")
    (row,) = data("changes", "--since", "2029-01-01", "--graph", graph)
    assert (row["change"], row["belief_before"], row["belief"], row["decisions"]) == ("effect", 0.8, 0, 1)
    with open_store(graph) as store:
        alone = changes(store, "2020-01-01")
        assert alone == changes(store, "2020-01-01", grn=store.grn())
        assert any(change.decisions for change in alone)
    assert call("kg", "changes", "--since", "yesterday", "--graph", graph).exit_code == 2


def test_a_comparison_gives_intervals_and_lists_what_differs(graph: Path, tmp_path: Path) -> None:
    with open_store(tmp_path / "reference.db") as store:
        store.add(
            [statement("SPI1", "LYZ", "repression", "PMID:1", ""), statement("SPI1", "IL6", "activation", "1", "")]
        )
    words = ("compare", "--graph", graph, "--reference", tmp_path / "reference.db")
    found = data(*words)
    assert (found["shared"], found["flips"], found["only_reference"]) == (1, 1, 1)
    assert found["precision"]["low"] < found["precision"]["value"] == 1 / 6 < found["precision"]["high"]
    (flip,) = data(*words, "--show", "flips")
    assert (flip["effect"], flip["reference"]) == ("activation", "repression")
    assert [edge["target"] for edge in data(*words, "--show", "only-reference")] == ["IL6"]
    assert len(data(*words, "--show", "only-graph", "--min-belief", ".1")) == 5


def test_a_restriction_says_what_is_cut_and_why(graph: Path, tmp_path: Path) -> None:
    (tmp_path / "panel.txt").write_text("SPI1\nLYZ\nIL6\n\n")
    words = ("restrict", "--genes", tmp_path / "panel.txt", "--graph", graph)
    reasons = {(row["regulator"], row["target"]): row["reason"] for row in data(*words, "--out", tmp_path / "panel.db")}
    assert "family" in reasons["NFkappaB", "IL6"]
    assert "GATA1 is not among" in reasons["SPI1", "GATA1"]
    assert data("stats", "--graph", tmp_path / "panel.db")["edges"] == 1
    again = call("kg", *words, "--out", tmp_path / "panel.db")
    assert (again.exit_code, "a file that is there" in again.stderr) == (2, True)
    filtered = data(*words, "--effect", "repression", "--out", tmp_path / "none.db")
    assert {row["reason"] for row in filtered if row["effect"] != "repression"} == {"it does not pass the filter"}
    assert len(filtered) == len(reasons) + 1
    assert call("kg", "restrict", "--graph", graph).exit_code == 2
    assert len(data("restrict", "--cohort", "example", "--graph", graph)) > 0


def test_what_passes_a_filter_is_counted(graph: Path) -> None:
    whole, signed = data("stats", "--graph", graph), data("stats", "--graph", graph, "--effect", "activation")
    assert signed["edges"] == signed["activation"] == whole["activation"] < whole["edges"]
    assert signed["unknown"] == 0


def test_a_full_disk_and_a_folder_that_may_not_be_written_are_the_users_to_mend(graph: Path) -> None:
    with open("/dev/full", "w") as full:
        words = [sys.executable, "-m", "prisyn", "kg", "stats", "--graph", str(graph)]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, "standard output: found No space left on device" in done.stderr) == (2, True)


def test_cypher_answers_and_refuses_to_write(graph: Path) -> None:
    pytest.importorskip("ladybug")
    found = "RETURN t.symbol AS target, e.papers AS papers ORDER BY target"
    query = f"MATCH (:Gene {{symbol: $gene}})-[e:REGULATES]->(t:Gene) {found}"
    rows = data("cypher", query, "--graph", graph, "--param", "gene=SPI1")
    assert rows == [{"target": "GATA1", "papers": 1}, {"target": "HBB", "papers": 1}, {"target": "LYZ", "papers": 2}]
    done = call("kg", "cypher", "MATCH (g:Gene) DETACH DELETE g", "--graph", graph)
    assert (done.exit_code, "read-only" in done.stderr) == (2, True)
    assert "MATCH" in call("kg", "cypher", "--examples").stdout
    nothing = call("kg", "cypher")
    assert (nothing.exit_code, "2 problems" in nothing.stderr) == (2, True)
