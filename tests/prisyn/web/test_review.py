"""Reviewing: decisions are kept, taken back, and set beside those of others."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from kg import Decision, ErrorKind, Verdict, export, open_store
from kg.curation import standing_decisions
from kg.decisions import decide
from prisyn.engine import execute
from prisyn.progress import Lines
from prisyn.stages.extract import EVIDENCE
from prisyn.stages.graph import STORE, graph_stage
from prisyn.web import Settings

Visit = Callable[..., TestClient]
PART = {"HX-Request": "true"}


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the statement's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def act(client: TestClient, page: str, what: str, comment: str = "") -> str:
    """The page after pressing a button on `page`."""
    answer = client.post("/review", data=fields(page) | {"act": what, "comment": comment}, headers=PART)
    assert answer.status_code == 200
    return answer.text


def kept(settings: Settings) -> list[Decision]:
    with open_store(settings.graph) as store:
        return list(store.decisions())


def test_who_reviews_is_asked_once(known: Settings, visit: Visit) -> None:
    assert visit(known).get("/review?claim=1").headers["location"] == "/who?then=%2Freview%3Fclaim%3D1"
    assert visit(known, "Ada").get("/review").status_code == 200


def test_a_decision_is_kept_whole_and_the_next_statement_comes(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    first = client.get("/review").text
    second = act(client, first, "accept", "clear  enough")
    assert fields(second)["claim"] != fields(first)["claim"]
    (decision,) = kept(known)
    assert (decision.curator, decision.verdict, decision.comment) == ("Ada", Verdict.ACCEPT, "clear enough")
    assert decision.claim == fields(first)["claim"]


@pytest.mark.parametrize("kind", [kind for kind in ErrorKind if kind is not ErrorKind.OTHER])
def test_each_error_kind_is_a_rejection_that_names_it(known: Settings, visit: Visit, kind: ErrorKind) -> None:
    client = visit(known, "Ada")
    act(client, client.get("/review").text, str(kind))
    (decision,) = kept(known)
    assert (decision.verdict, decision.error) == (Verdict.REJECT, kind)


def test_other_needs_words(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    page = client.get("/review").text
    again = act(client, page, "other")
    assert "Not kept: the error kind other needs a comment" in again
    assert fields(again)["claim"] == fields(page)["claim"]
    assert kept(known) == []
    act(client, again, "other", "a figure legend")
    assert [decision.error for decision in kept(known)] == [ErrorKind.OTHER]


def test_undo_goes_back_step_by_step_through_decisions_and_skips(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    pages = [client.get("/review").text]
    for what in ("accept", "skip", "reject"):
        pages.append(act(client, pages[-1], what))
    at = pages[-1]
    for before in reversed(pages[:-1]):
        at = act(client, at, "undo")
        assert fields(at)["claim"] == fields(before)["claim"]
    assert standing_decisions(kept(known)) == []
    assert len(kept(known)) == 4, "what is taken back is appended, and nothing is deleted"
    assert "nothing left to take back" in act(client, at, "undo")


def test_undo_after_a_new_start_takes_back_the_last_decision_of_ones_own(known: Settings, visit: Visit) -> None:
    ada, bob = visit(known, "Ada"), visit(known, "Bob")
    page = ada.get("/review").text
    act(ada, page, "accept")
    act(bob, bob.get("/review").text, "accept")
    again = visit(known, "Ada")
    assert fields(act(again, again.get("/review").text, "undo"))["claim"] == fields(page)["claim"]
    assert [decision.curator for decision in standing_decisions(kept(known))] == ["Bob"]


def test_what_was_skipped_comes_back_when_asked_for(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    first = page = client.get("/review").text
    skipped = 0
    while "Only what you skipped is left" not in page:
        page, skipped = act(client, page, "skip"), skipped + 1
        assert skipped < 50
    assert f"Take up the {skipped} skipped" in page
    assert fields(act(client, page, "again"))["claim"] == fields(first)["claim"]


def test_two_curators_disagreeing_is_shown_to_everybody(known: Settings, visit: Visit) -> None:
    ada, bob = visit(known, "Ada"), visit(known, "Bob & <Sons>")
    page = ada.get("/review").text
    act(ada, page, "accept")
    second = bob.get("/review?pile=second").text
    assert fields(second)["claim"] == fields(page)["claim"]
    assert "accept</span>" not in second, "what others hold is not shown before one has judged oneself"
    act(bob, second, "polarity", "it represses")
    shown = bob.get("/review/disagreements").text
    assert "Bob &amp; &lt;Sons&gt;" in shown
    assert "the sign is wrong" in shown
    assert "it represses" in shown
    for curator in (ada, bob):
        assert "others disagree" in curator.get("/review").text
    edge = "/edge?regulator={regulator}&target={target}".format(**fields(page))
    assert "disputed" in ada.get(edge).text
    assert "accepted by <bdi>Ada</bdi>" in ada.get(edge).text
    assert "disputed" in ada.get(f"/gene/{fields(page)['target']}").text


def test_the_last_ten_decisions_stand_beside_the_statement(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    page = client.get("/review").text
    for _ in range(12):
        page = act(client, page, "accept")
    assert page.count('<span class="tag accepted">accept</span>') == 10


def test_a_statement_is_judged_again_from_its_edge(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    first = client.get("/review").text
    act(client, first, "accept")
    edge = client.get("/edge?regulator={regulator}&target={target}".format(**fields(first))).text
    (address,) = re.findall(rf'href="(/review\?[^"]*{fields(first)["claim"]}[^"]*)"', edge)
    page = client.get(address.replace("&amp;", "&")).text
    assert "You hold: accept" in page
    act(client, page, "unsure")
    assert [d.verdict for d in standing_decisions(kept(known))] == [Verdict.UNSURE]


def test_a_statement_that_nobody_made_cannot_be_judged(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    forged = fields(client.get("/review").text) | {"claim": "0" * 16, "act": "accept"}
    assert client.post("/review", data=forged).status_code == 404
    unknown = fields(client.get("/review").text) | {"act": "agree"}
    assert "Not kept" in client.post("/review", data=unknown, headers=PART).text
    assert kept(known) == []
    assert visit(known).post("/review", data=forged).status_code == 403


def test_without_scripts_a_form_leads_to_the_next_statement(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    answer = client.post("/review", data=fields(client.get("/review").text) | {"act": "accept"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")


def test_curators_on_one_server_see_what_the_other_settles_at_once(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    page = client.get("/review").text
    act(client, page, "accept")
    client.cookies.set("prisyn_curator", "Bob")
    assert fields(client.get("/review").text)["claim"] != fields(page)["claim"], "what is settled is open no longer"
    assert fields(client.get("/review?pile=second").text)["claim"] == fields(page)["claim"]


def test_a_pile_is_chosen_by_where_its_statements_are_from(known: Settings, visit: Visit) -> None:
    client = visit(known, "Ada")
    row = client.get("/review?source=database").text
    assert "row of a database" in row
    assert "1 waiting" in row
    assert "Does the sentence say so?" in client.get("/review?source=text").text
    after = client.post("/review", data=fields(row) | {"act": "accept"})
    assert after.headers["location"] == "/review?source=database"


def test_pages_are_answered_while_the_queue_is_being_ordered(
    known: Settings, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(*given: object, **named: object) -> list[object]:
        begun.set()
        assert go_on.wait(60)
        return []

    monkeypatch.setattr("prisyn.web.desk.review_queue", slowly)
    client = visit(known, "Ada")
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(client.get, "/review")
        assert begun.wait(60)
        for address in ("/", "/gene/HGNC:4827", "/review/disagreements", "/paths?from=GATA1&to=HBB"):
            assert client.get(address).status_code == 200
        assert not waiting.done()
        go_on.set()
        assert "Nothing is left to judge" in waiting.result().text


def test_a_graph_that_a_run_would_make_anew_says_so(known: Settings, visit: Visit, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for folder in ("graph", ".stages"):
        (run / folder).mkdir(parents=True)
    graph = shutil.copy(known.graph, run / "graph" / "grn.db")
    assert "part of a run" not in visit(Settings(str(graph)), "Ada").get("/review").text
    (run / ".stages" / "graph.json").write_text("{}")
    assert "part of a run" in visit(Settings(str(graph)), "Ada").get("/review").text
    assert "part of a run" not in visit(known, "Ada").get("/review").text


def test_a_decision_has_the_run_make_its_graph_anew_without_it(known: Settings, tmp_path: Path) -> None:
    """What the review page says of a run's graph is what the engine does."""
    out = tmp_path / "run"
    with open_store(known.graph) as store:
        grn = store.grn()
    stage = graph_stage(SimpleNamespace(out=out), Lines(["graph"]))
    (out / EVIDENCE).parent.mkdir(parents=True, exist_ok=True)
    export(grn, "jsonl", out / EVIDENCE)
    assert [outcome.ran for outcome in execute([stage], out)] == [True]
    with open_store(out / STORE) as store:
        store.grn()
    assert [outcome.ran for outcome in execute([stage], out)] == [False], "reading a graph changes nothing"
    with open_store(out / STORE) as store:
        store.decide([decide(grn.evidence[0], Verdict.ACCEPT, curator="Ada")])
    assert [outcome.ran for outcome in execute([stage], out)] == [True]
    with open_store(out / STORE) as store:
        assert list(store.decisions()) == []
