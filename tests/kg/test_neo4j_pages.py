"""The pages over a graph on a real Neo4j server: search, a gene, review, undo, Cypher; and hostile texts stay texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from kg import Evidence, open_store
from kg.curation import standing_decisions
from prisyn.web import Settings, create_app
from tests.kg.neo4j_server import Server

pytestmark = pytest.mark.slow

Say = Callable[..., Evidence]
PART = {"HX-Request": "true"}
CYPHER = "GATA1 activates HBB.'}) DETACH DELETE n WITH 1 AS x MATCH (n) DETACH DELETE n //"


@pytest.fixture
def browser(empty_server: Server, say: Say) -> Iterator[TestClient]:
    """A browser without scripts, before a graph of four edges."""
    with open_store(empty_server.url) as store:
        store.add(
            [
                *(say("GATA1", "HBB", paper=f"PMID:{n}") for n in range(1, 4)),
                say("SPI1", "HBB", paper="PMID:5", document=CYPHER, quote=CYPHER),
                say("SPI1", "LYZ", paper="PMID:6"),
                say("KLF1", "HBB", paper="PMID:7"),
            ]
        )
    app = create_app(Settings(empty_server.url))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False, cookies={"prisyn_curator": "Ada"}) as it:
        yield it


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_a_gene_is_searched_reviewed_and_the_decision_taken_back_on_a_server(
    browser: TestClient, empty_server: Server
) -> None:
    assert "4 regulations" in browser.get("/").text
    assert browser.get("/search", params={"q": "PU.1"}).headers["location"] == "/gene/HGNC:11241"
    page = browser.get("/gene/HGNC:4827").text
    assert re.findall(r'<th scope="row"><a class="gene" href="[^"]*"><bdi>(\w+)</bdi>', page)[0] == "GATA1"
    assert "DETACH DELETE" in page, "a text is shown as it is, and does nothing"

    first = browser.get("/review").text
    second = browser.post("/review", data=fields(first) | {"act": "accept", "comment": CYPHER}, headers=PART).text
    assert fields(second)["claim"] != fields(first)["claim"]
    edge = browser.get("/edge?regulator={regulator}&target={target}".format(**fields(first))).text
    assert "accepted by <bdi>Ada</bdi>" in edge
    with open_store(empty_server.url) as store:
        (decision,) = standing_decisions(store.decisions())
        assert (decision.curator, decision.comment) == ("Ada", CYPHER)
    assert "Ada</bdi>: accept" in browser.get("/changes?since=2020-01-01").text, "the next answer knows of it"

    back = browser.post("/review", data=fields(second) | {"act": "undo"}, headers=PART).text
    assert fields(back)["claim"] == fields(first)["claim"]
    with open_store(empty_server.url) as store:
        assert standing_decisions(store.decisions()) == []
        assert store.stats().evidence == 6


def test_a_server_is_asked_for_paths_and_in_cypher_and_writes_nothing(browser: TestClient) -> None:
    assert "3 edges between 4 genes of yours" in browser.get("/connect?genes=SPI1,HBB,LYZ,GATA1").text
    query = "MATCH (g:Gene)-[e:REGULATES]->(:Gene {symbol: 'HBB'}) RETURN g.symbol AS gene ORDER BY gene"
    rows = browser.get("/cypher", params={"query": query, "format": "table"}).text.split()
    assert rows == ["gene", "GATA1", "KLF1", "SPI1"]
    refused = browser.get("/cypher", params={"query": "MATCH (n) DETACH DELETE n"}).text
    assert "more than read" in refused
    assert "4 regulations" in browser.get("/").text


def test_a_server_that_went_away_is_told_on_the_page(empty_server: Server) -> None:
    app = create_app(Settings("neo4j://127.0.0.1:1"))
    with TestClient(app, base_url="http://127.0.0.1") as browser:
        answer = browser.get("/gene/HGNC:4827")
        assert answer.status_code == 503
        assert "no answer from Neo4j" in answer.text
