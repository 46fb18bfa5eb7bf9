"""The pages of the graph, jobs and reports, as a browser without scripts gets them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import prisyn.web
from kg import Effect, Evidence
from prisyn.web import Settings
from prisyn.web.marking import Mark, mark_quote, visible

Visit = Callable[..., TestClient]

PAGES = [
    "/",
    "/gene/HGNC:4170",
    "/edge?regulator=HGNC:4170&target=HGNC:4827",
    "/search?q=nosuchgene",
    "/jobs",
    "/jobs/1",
    "/reports",
    "/who",
    "/review/disagreements",
    "/paths?from=GATA1&to=CSF1R",
    "/connect?genes=GATA1,CSF1R&join=connect",
    "/hubs",
    "/motifs",
    "/contradictions",
    "/changes?since=2020-01-01",
    "/compare",
    "/cypher",
]


class Elements(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_one_heading_a_title_and_a_language(known: Settings, visit: Visit, address: str) -> None:
    answer = visit(known).get(address)
    assert answer.status_code == 200
    tags = Elements(answer.text).tags
    assert [attributes["lang"] for tag, attributes in tags if tag == "html"] == ["en"]
    assert [tag for tag, _ in tags].count("h1") == 1
    assert re.search(r"<title>\S.* - PriSyn</title>", answer.text)


@pytest.mark.parametrize("address", PAGES)
def test_no_page_brings_script_or_style_of_its_own_or_from_elsewhere(
    known: Settings, visit: Visit, address: str
) -> None:
    for tag, attributes in Elements(visit(known).get(address).text).tags:
        assert tag not in ("style", "iframe", "object", "embed", "base")
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith(("on", "hx-on"))]
        if tag in ("script", "link", "img"):
            source = attributes.get("src") or attributes.get("href") or ""
            assert source.startswith(("/static/", "data:,"))


def test_what_is_vendored_is_what_it_says_it_is() -> None:
    folder = Path(prisyn.web.__file__).with_name("static") / "vendor"
    listed = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", (folder / "SOURCES.md").read_text(), re.M))
    assert listed == {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in folder.glob("*.js")}
    assert len(list(folder.glob("*-LICENSE.txt"))) == len(listed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("HBB", "HGNC:4827"), ("PU.1", "HGNC:11241"), ("HGNC:4170", "HGNC:4170"), ("gata1 ", "HGNC:4170")],
)
def test_a_gene_is_found_by_any_of_its_names(known: Settings, visit: Visit, typed: str, meant: str) -> None:
    answer = visit(known).get("/search", params={"q": typed})
    assert answer.headers["location"] == f"/gene/{meant}"


def test_an_address_with_a_name_in_place_of_an_identifier_leads_to_the_gene(known: Settings, visit: Visit) -> None:
    client = visit(known)
    assert client.get(client.get("/gene/PU.1").headers["location"]).headers["location"] == "/gene/HGNC:11241"


def test_a_near_miss_is_suggested(known: Settings, visit: Visit) -> None:
    page = visit(known).get("/search", params={"q": "GATA12"}).text
    assert "/gene/HGNC:4170" in page
    assert "/gene/HGNC:4171" in page


def test_suggestions_begin_with_what_was_typed_and_say_which_name_was_meant(known: Settings, visit: Visit) -> None:
    client = visit(known)
    assert re.findall(r"<bdi>(\w+)</bdi>", client.get("/suggest", params={"q": "gat"}).text) == ["GATA1", "GATA2"]
    assert "for <bdi>PU.1</bdi>" in client.get("/suggest", params={"q": "PU.1"}).text
    assert client.get("/suggest", params={"q": " "}).text.strip() == ""


def test_a_gene_page_lists_regulators_and_targets_the_most_believed_first(known: Settings, visit: Visit) -> None:
    page = visit(known).get("/gene/HGNC:4827").text
    rows = re.findall(r'<th scope="row"><a class="gene" href="/gene/[^"]*"><bdi>(\w+)</bdi>', page)
    assert rows[:2] == ["GATA1", "KLF1"]
    assert set(rows) == {"GATA1", "KLF1", "BCL11A", "SPI1"}
    assert "https://pubmed.ncbi.nlm.nih.gov/101/" in page


def drawn(page: str) -> dict[str, list[dict[str, str]]]:
    (data,) = (a["data-elements"] for tag, a in Elements(page).tags if tag == "div" and "data-elements" in a)
    assert data is not None
    found: dict[str, list[dict[str, str]]] = json.loads(data)
    return found


def test_what_is_drawn_is_what_is_listed(known: Settings, visit: Visit) -> None:
    data = drawn(visit(known).get("/gene/HGNC:4170").text)
    edges = {(edge["source"], edge["target"]): edge["effect"] for edge in data["edges"]}
    assert edges["HGNC:4170", "HGNC:4827"] == "activation"
    assert edges["HGNC:11241", "HGNC:4170"] == "repression"
    assert data["both"] == ["HGNC:11241", "HGNC:4171"]
    assert {node["symbol"] for node in data["nodes"]} == {"GATA1", "HBB", "KLF1", "SPI1", "GATA2", "LYZ"}


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("min_belief=0.5", {"GATA1", "KLF1"}),
        ("effect=repression", {"BCL11A"}),
        ("source=database", set()),
        ("curation=accepted", set()),
        ("effect=&source=&curation=&min_belief=0", {"GATA1", "KLF1", "BCL11A", "SPI1"}),
    ],
)
def test_an_address_carries_its_filters_and_the_export_holds_what_is_seen(
    known: Settings, visit: Visit, steps: int, asked: str, kept: set[str]
) -> None:
    client = visit(known)
    page = client.get(f"/gene/HGNC:4827?{asked.format(two_papers=steps * 0.05)}").text
    assert set(re.findall(r'<th scope="row"><a class="gene" href="[^"]*"><bdi>(\w+)</bdi>', page)) == kept
    for tag, attributes in Elements(page).tags:
        if tag == "a" and "download" in attributes and "format=tsv" in str(attributes["href"]):
            lines = client.get(str(attributes["href"])).text.splitlines()
            assert {line.split("\t")[0] for line in lines[1:]} == kept
            return
    assert kept == set(), "no export of a page that shows edges"


@pytest.mark.parametrize("form", ["tsv", "jsonl", "graphml"])
def test_a_file_is_named_after_its_gene(known: Settings, visit: Visit, form: str) -> None:
    answer = visit(known).get(f"/export?gene=HGNC:4827&format={form}")
    assert answer.headers["content-disposition"].startswith('attachment; filename="HBB-')
    assert "BCL11A" in answer.text


def test_a_fragment_is_the_part_of_the_page_that_filters_change(known: Settings, visit: Visit) -> None:
    client = visit(known)
    whole = client.get("/gene/HGNC:4827").text
    part = client.get("/gene/HGNC:4827", headers={"HX-Request": "true"}).text
    assert part.strip() in whole
    assert "<html" not in part
    assert (
        "<html"
        in client.get("/gene/HGNC:4827", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).text
    )


def test_an_edge_shows_every_statement_and_both_signs(known: Settings, visit: Visit) -> None:
    page = visit(known).get("/edge?regulator=HGNC:11241&target=HGNC:6740").text
    assert "Papers speak for both signs" in page
    assert page.count("pubmed.ncbi.nlm.nih.gov") == 2


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/gene/HGNC:1", 404),
        ("/gene/../../etc/passwd", 404),
        ("/edge?regulator=HGNC:4827&target=HGNC:4170", 404),
        ("/compare?reference=1", 404),
        ("/connect?join=somehow", 422),
        ("/hubs?most=0", 422),
        ("/gene/HGNC:4827?min_belief=2", 422),
        ("/gene/HGNC:4827?effect=<script>", 422),
        ("/export?gene=HGNC:4827&format=pickle", 422),
        ("/jobs/9", 404),
        ("/jobs/0", 404),
        ("/reports/2/audit.html", 404),
        ("/reports/1/run.json", 404),
        ("/static/../settings.py", 404),
        ("/nowhere", 404),
    ],
)
def test_what_is_not_there_is_told_on_a_page(known: Settings, visit: Visit, address: str, status: int) -> None:
    answer = visit(known).get(address)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"]
    assert "<script>" not in answer.text


def test_a_graph_that_went_away_is_told_and_not_made_anew(known: Settings, visit: Visit) -> None:
    Path(known.graph).unlink()
    answer = visit(known).get("/gene/HGNC:4827")
    assert answer.status_code == 503
    assert "no such file" in answer.text
    assert not Path(known.graph).exists()


def test_a_job_shows_progress_cost_and_what_was_set_aside(known: Settings, visit: Visit) -> None:
    client = visit(known)
    assert "3 of 5" in client.get("/jobs").text
    page = Elements(client.get("/jobs/1").text).text
    assert "the server answered <nonsense>" in page
    assert "not in the text" in page
    assert "0.7500" in page
    assert "At rest" in page


def test_a_report_is_shown_as_it_was_written_and_may_run_nothing(known: Settings, visit: Visit) -> None:
    client = visit(known)
    assert "Nothing &lt;b&gt;leaks&lt;/b&gt;." in client.get("/reports").text
    answer = client.get("/reports/1/audit.html")
    assert "<h1>Audit</h1>" in answer.text
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_a_report_that_points_out_of_its_run_is_not_followed(known: Settings, visit: Visit, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "secret.html").write_text("secret")
    (run / "audit.html").symlink_to(tmp_path / "secret.html")
    answer = visit(Settings(known.graph, runs=(run,))).get("/reports/1/audit.html")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_both_genes_and_the_word_that_says_so_are_marked(statement: Callable[..., Evidence]) -> None:
    item = statement("GATA1", "HBB", Effect.ACTIVATION, "We found that GATA1 strongly activates HBB in mice.", "PMID:1")
    marked = {segment.mark: segment.text for segment in mark_quote(item) if segment.mark is not Mark.PLAIN}
    assert marked == {Mark.REGULATOR: "GATA1", Mark.TARGET: "HBB", Mark.CUE: "activates"}
    assert "".join(segment.text for segment in mark_quote(item)) == item.quote


def test_the_words_that_deny_are_marked_where_a_statement_is_denied(statement: Callable[..., Evidence]) -> None:
    item = statement("GATA1", "LYZ", Effect.ACTIVATION, "GATA1 does not activate LYZ.", "PMID:1", negated=True)
    assert ("not", Mark.DOUBT) in [(s.text, s.mark) for s in mark_quote(item)]


def test_nothing_in_a_quote_acts_unseen() -> None:
    assert visible("a\u202eb\u200b\x00c\td") == "a<U+202E>b<U+200B><U+0000>c d"
