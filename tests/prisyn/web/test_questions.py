"""Pages of questions: what they answer is what `kg.queries` answers, by any name, under filters, and as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from kg import GRN, Effect, Evidence, Verdict, open_store
from kg.decisions import decide, read_decisions
from kg.queries import Join, LoopType, count_feed_forward_loops, hubs, paths, subgraph
from prisyn.web import Settings
from prisyn.web.files import table_file
from prisyn.web.question import split_names
from prisyn_base import MissingExtraError

Visit = Callable[..., TestClient]

ASKED = [
    "/paths?from=GATA1&to=CSF1R",
    "/connect?genes=GATA1,CSF1R,KLF1&join=connect",
    "/hubs",
    "/motifs",
    "/motifs?motif=feedback",
    "/contradictions",
    "/changes?since=2020-01-01",
    "/compare?reference=1&show=only-graph",
    "/cypher?query=" + quote("MATCH (g:Gene)-[e:REGULATES]->(t:Gene) RETURN g.symbol, t.symbol, e.belief"),
]
"""An address of each page that has an answer in the known graph."""


@pytest.fixture
def grn(known: Settings) -> GRN:
    with open_store(known.graph) as store:
        return store.grn()


@pytest.fixture
def compared(known: Settings, graphs: Path) -> Settings:
    """Pages that may compare the known graph with the other one."""
    return replace(known, references=(str(graphs / "hostile.db"),))


def drawn(page: str) -> dict[str, list[dict[str, str]]]:
    (data,) = re.findall(r'data-elements="([^"]*)"', page)
    found: dict[str, list[dict[str, str]]] = json.loads(unescape(data))
    return found


def files_of(page: str) -> dict[str, str]:
    """The addresses of the files that a page offers."""
    return {name: unescape(address) for address, name in re.findall(r'<a href="([^"]*)" download>(\w+)</a>', page)}


@pytest.mark.parametrize("address", ASKED)
def test_every_answer_is_a_page_a_link_and_a_file(compared: Settings, visit: Visit, address: str) -> None:
    client = visit(compared)
    answer = client.get(address)
    assert answer.status_code == 200
    assert 'aria-current="page">Ask' in answer.text
    (permalink,) = re.findall(r'<a href="([^"]*)">link to this</a>', answer.text)
    assert client.get(unescape(permalink)).text == answer.text
    files = files_of(answer.text)
    assert files
    for file in files.values():
        content = client.get(file)
        assert content.headers["content-disposition"].startswith('attachment; filename="')
        assert content.text.strip()


def test_paths_are_those_of_the_graph_and_are_drawn_from_left_to_right(known: Settings, visit: Visit, grn: GRN) -> None:
    client = visit(known)
    page = client.get("/paths", params={"from": "GATA1", "to": "CSF1R"}).text
    found = paths(grn, "GATA1", "CSF1R", most=10)
    rows = client.get(files_of(page)["Table"]).text.splitlines()
    assert len(rows) == len(found) + 1
    assert rows[1].split("\t")[3] == "GATA1 -| SPI1 -> CSF1R"
    data = drawn(page)
    assert data["columns"] == {"HGNC:4170": 0, "HGNC:11241": 1, "HGNC:2433": max(len(p.edges) for p in found)} | {
        gene.curie: place for p in found for place, gene in enumerate(p.genes) if 0 < place < len(p.edges)
    }
    assert {node["symbol"] for node in data["nodes"] if node["asked"]} == {"GATA1", "CSF1R"}


def test_a_filter_of_the_address_is_that_of_the_question(known: Settings, visit: Visit) -> None:
    client = visit(known)
    assert "1 path" in client.get("/paths?from=GATA1&to=CSF1R&longest=2").text
    refused = client.get("/paths?from=GATA1&to=CSF1R&longest=2&effect=activation").text
    assert "No path of at most 2 edges under these filters" in refused
    assert client.get("/paths?from=GATA1&to=CSF1R&longest=99").status_code == 422


def test_any_name_will_do_and_every_near_miss_gets_an_address_that_mends_it(known: Settings, visit: Visit) -> None:
    client = visit(known)
    assert "1 path" in client.get("/paths", params={"from": "gata1", "to": "PU.1", "longest": 1}).text
    page = client.get("/paths", params={"from": "GATA12", "to": "CSF1RX", "min_belief": 0.1}).text
    assert page.count('role="alert"') == 2, "all that is wrong is told at once"
    offered = [unescape(each) for each in re.findall(r'<a href="(/paths\?[^"]*)"><bdi>', page)]
    assert "/paths?from=GATA1&to=CSF1RX&longest=4&most=10&min_belief=0.1" in offered
    (mended,) = [address for address in offered if address.startswith("/paths?from=GATA12&to=CSF1R&")]
    once = client.get(mended).text
    assert once.count('role="alert"') == 1


def test_a_path_from_a_gene_to_itself_is_shown_the_way_to_loops(known: Settings, visit: Visit) -> None:
    assert "Feedback loops" in visit(known).get("/paths?from=SPI1&to=PU.1").text


@pytest.mark.parametrize("join", list(Join))
def test_a_list_of_genes_is_connected_as_the_graph_connects_it(
    known: Settings, visit: Visit, grn: GRN, join: Join
) -> None:
    client = visit(known)
    page = client.get("/connect", params={"genes": "GATA1\nPU.1\n KLF1, CD44", "join": str(join)}).text
    found = subgraph(grn, ["GATA1", "SPI1", "KLF1", "CD44"], join=join)
    pairs = {(edge["source"], edge["target"]) for edge in drawn(page)["edges"]}
    assert pairs == {(edge.regulator.curie, edge.target.curie) for edge in found.edges}
    rows = client.get(files_of(page)["TSV"]).text.splitlines()[1:]
    assert len(rows) == len(found.edges)


def test_names_in_a_list_stand_between_spaces_or_between_commas_and_lines() -> None:
    assert split_names(" SPI1  GATA1\tSPI1 ") == ("SPI1", "GATA1")
    assert split_names("NF-kB p65; PU.1,\nGATA1\n") == ("NF-kB p65", "PU.1", "GATA1")
    assert split_names(" , ") == ()


def test_a_name_of_a_list_that_nobody_knows_does_not_keep_the_others_apart(known: Settings, visit: Visit) -> None:
    page = visit(known).get("/connect?genes=GATA1,nosuchgene,HBB").text
    assert "nosuchgene is not in the graph" in page
    assert "between 2 genes of yours" in page


def test_hubs_are_counted_by_targets_or_by_regulators(known: Settings, visit: Visit, grn: GRN) -> None:
    client = visit(known)
    for by in ("targets", "regulators"):
        rows = client.get(f"/hubs?by={by}&format=table").text.splitlines()[1:]
        assert [row.split("\t")[0] for row in rows] == [hub.gene.symbol for hub in hubs(grn, by=by, most=30)]


def test_loops_are_listed_by_type_and_counted(known: Settings, visit: Visit, grn: GRN) -> None:
    client = visit(known)
    page = client.get("/motifs").text
    counts = count_feed_forward_loops(grn)
    told = dict(re.findall(r"<dt>(\w\d)</dt><dd>([\d,]+)</dd>", page))
    assert told == {str(kind): str(n) for kind, n in counts.items() if kind is not LoopType.UNSIGNED}
    listed = client.get("/motifs?kind=C1&format=table").text.splitlines()[1:]
    assert len(listed) == counts[LoopType.C1] > 0
    assert all(line.startswith("C1\t") for line in listed)
    assert "GATA1 -| SPI1" in client.get("/motifs?motif=feedback&gene=PU.1&format=table").text
    assert "is not in the graph" in client.get("/motifs?gene=nosuchgene").text


def test_both_sides_of_a_contradiction_are_there_with_their_papers(known: Settings, visit: Visit) -> None:
    page = visit(known).get("/contradictions?dispute=sign").text
    assert "1 activation" in page
    assert "1 repression" in page
    assert "https://pubmed.ncbi.nlm.nih.gov/303/" in page
    assert "None under these filters" in visit(known).get("/contradictions?dispute=existence").text


def test_what_changed_since_a_time_is_told_with_who_decided(
    known: Settings, visit: Visit, statement: Callable[..., Evidence]
) -> None:
    client = visit(known)
    assert "Nothing has changed" in client.get("/changes?since=2999-01-01").text
    assert 'role="alert"' in client.get("/changes?since=yesterday").text
    said = statement("KLF1", "LYZ", Effect.ACTIVATION, "KLF1 activates LYZ.", "PMID:900")
    with open_store(known.graph) as store:
        store.add([said])
        store.decide([decide(said, Verdict.ACCEPT, curator="Ada")])
    page = client.get("/changes?since=2020-01-01").text
    assert "Ada</bdi>: accept" in page
    rows = client.get("/changes?since=2020-01-01&format=table").text.splitlines()[1:]
    assert any(row.startswith("new\tKLF1\tLYZ\tactivation\t") and row.endswith("\t1\t1") for row in rows)


def test_a_comparison_with_itself_agrees_in_everything(known: Settings, visit: Visit) -> None:
    client = visit(replace(known, references=(known.graph,)))
    page = client.get("/compare?reference=1").text
    assert page.count("1.000</span>") == 3
    assert "None." in page
    assert client.get("/compare?reference=2").status_code == 404
    assert "prisyn serve --graph" in visit(known).get("/compare").text


def test_a_query_in_cypher_gives_rows_and_a_wrong_one_says_why(known: Settings, visit: Visit) -> None:
    with visit(known) as client:
        query = "MATCH (g:Gene)-[e:REGULATES]->(t:Gene {symbol: 'HBB'}) RETURN g.symbol AS gene ORDER BY gene"
        rows = client.get("/cypher", params={"query": query, "format": "table"}).text.split()
        assert rows == ["gene", "BCL11A", "GATA1", "KLF1", "SPI1"]
        wrong = client.get("/cypher", params={"query": "MATCH (g:Gene) DETACH DELETE g"}).text
        assert 'role="alert"' in wrong
        assert "4 rows" in client.get("/cypher", params={"query": query}).text


def test_a_query_that_another_site_links_to_is_shown_and_not_run(known: Settings, visit: Visit) -> None:
    query = {"query": "MATCH (g:Gene) RETURN g.symbol"}
    page = visit(known).get("/cypher", params=query, headers={"Sec-Fetch-Site": "cross-site"}).text
    assert "press Run" in page
    assert "<td>" not in page


def test_without_the_engine_the_page_says_how_to_install_it(
    known: Settings, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(module: str, *, extra: str) -> None:
        raise MissingExtraError(f"{module} is not installed: pip install 'prisyn[{extra}]'")

    monkeypatch.setattr("kg.cypher.embedded.require", missing)
    page = visit(known).get("/cypher?query=RETURN 1").text
    assert "pip install &#39;prisyn[cypher]&#39;" in page


def test_what_the_graph_learns_is_in_the_next_answer(
    known: Settings, visit: Visit, statement: Callable[..., Evidence]
) -> None:
    client = visit(known)
    before = client.get("/hubs?format=table").text
    with open_store(known.graph) as store:
        store.add([statement("MYB", "HBB", Effect.ACTIVATION, "MYB activates HBB.", "PMID:901")])
    after = client.get("/hubs?format=table").text
    assert "MYB" not in before
    assert "MYB" in after


def test_another_file_in_the_graphs_place_is_read_whole(known: Settings, visit: Visit, graphs: Path) -> None:
    client = visit(known)
    assert "CSF1R" in client.get("/suggest?q=CSF1").text
    Path(known.graph).write_bytes((graphs / "hostile.db").read_bytes())
    assert "CSF1R" not in client.get("/suggest?q=CSF1").text


def test_decisions_are_exported_as_the_command_line_reads_them(
    known: Settings, visit: Visit, tmp_path: Path, grn: GRN
) -> None:
    with open_store(known.graph) as store:
        store.decide([decide(grn.evidence[0], Verdict.ACCEPT, curator="Ada")])
    file = tmp_path / "decisions.jsonl"
    file.write_bytes(visit(known).get("/review/decisions.jsonl").content)
    assert [item.curator for item in read_decisions(file).decisions] == ["Ada"]


def test_a_table_is_no_formula_and_hides_nothing() -> None:
    rows = [{"a": '=HYPERLINK("//evil.example")', "b": -1.5, "c": ["+1", "x\ty\n"], "d": "a\u202eb"}]
    content = bytes(table_file(rows, "x").body).decode()
    assert content == "a\tb\tc\td\n'=HYPERLINK(\"//evil.example\")\t-1.5\t'+1, x y \ta<U+202E>b\n"
