"""PubMed by query and by number, against a server that answers as NCBI's does and fails in all its ways."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grn_extract import Document, read_documents, stream_all
from grn_extract.sources.eutils import Eutils, read_pubmed
from prisyn_base import InputError

_DOUBLE = Path(__file__).parent / "servers" / "eutils.py"
_SPEC = importlib.util.spec_from_file_location("eutils_double", _DOUBLE)
assert _SPEC is not None
assert _SPEC.loader is not None
double: Any = importlib.util.module_from_spec(_SPEC)
sys.modules["eutils_double"] = double
_SPEC.loader.exec_module(double)

ARTICLE = """<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article>
<ArticleTitle>GATA1 and article {pmid}.</ArticleTitle><Abstract><AbstractText>It binds KLF1.</AbstractText></Abstract>
</Article></MedlineCitation><PubmedData><History><PubMedPubDate PubStatus="entrez">
<Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></PubMedPubDate></History></PubmedData></PubmedArticle>"""


def articles(number: int) -> dict[str, str]:
    """So many articles of ours, numbered from 1001, entered over forty years."""
    dates = [{"year": 1980 + n % 40, "month": 1 + n % 12, "day": 1 + n % 28} for n in range(number)]
    return {str(n): ARTICLE.format(pmid=n, **day) for n, day in enumerate(dates, 1001)}


def asking(server: Any, **changes: Any) -> Eutils:
    return replace(Eutils(server.url, per_second=10_000, backoff=0.01, timeout=20), **changes)


def ids(documents: list[Document]) -> set[str]:
    return {document.id.removeprefix("PMID:") for document in documents}


def read(server: Any, folder: Path, **asked: Any) -> list[Document]:
    settings = asked.pop("settings", asking(server))
    return list(read_pubmed(folder=folder, settings=settings, **asked))


def test_a_query_is_searched_once_and_fetched_in_batches_from_the_history(tmp_path: Path) -> None:
    with double.serve(articles(450)) as server:
        documents = read(server, tmp_path, query="GATA1")
    assert ids(documents) == set(server.articles)
    assert [request.utility for request in server.asked] == ["esearch.fcgi"] + ["efetch.fcgi"] * 3
    assert [place.partition("+")[2] for place in server.fetched()] == ["0", "200", "400"]


def test_a_finished_fetch_asks_nothing_more_and_gives_the_same_documents(tmp_path: Path) -> None:
    with double.serve(articles(30)) as server:
        first = read(server, tmp_path, query="GATA1")
        asked = len(server.asked)
        assert read(server, tmp_path, query="GATA1") == first
        assert len(server.asked) == asked


def test_the_newest_articles_come_first_and_at_most_as_many_as_wanted(tmp_path: Path) -> None:
    with double.serve(articles(90)) as server:
        documents = read(server, tmp_path, query="GATA1", most=40)
        days = [double.entered(server.articles[document.id[5:]]) for document in documents]
    assert len(documents) == 40
    assert days == sorted(days, reverse=True)


def test_a_list_of_numbers_is_fetched_in_its_own_order_and_what_is_missing_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    with double.serve(articles(5)) as server:
        documents = read(server, tmp_path, pmids=["1004", "1002", "77", "1004"], tell=told.append)
        with pytest.raises(InputError, match="no article of these numbers"):
            read(server, tmp_path / "other", pmids=["77"])
    assert [document.id for document in documents] == ["PMID:1004", "PMID:1002"]
    assert told == ["PubMed sent nothing for 1 of 3 numbers: 77"]


@pytest.mark.parametrize("name", ["list.pmids", "list.txt", "list"])
def test_a_file_of_numbers_is_their_articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    file = tmp_path / name
    file.write_text("1002\nPMID:1001\n\n")
    monkeypatch.setenv("PRISYN_CACHE", str(tmp_path / "cache"))
    with double.serve(articles(5)) as server:
        monkeypatch.setenv("PRISYN_EUTILS_URL", server.url)
        assert [document.id for document in read_documents(file)] == ["PMID:1002", "PMID:1001"]
        assert len(list(read_documents(file))) == 2
    assert len(server.asked) == 1


def test_a_number_without_an_article_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "list.pmids").write_text("1002\n99999999\n")
    monkeypatch.setenv("PRISYN_CACHE", str(tmp_path / "cache"))
    told: list[str] = []
    with double.serve(articles(5)) as server:
        monkeypatch.setenv("PRISYN_EUTILS_URL", server.url)
        found = list(stream_all([tmp_path / "list.pmids"], tell=told.append))
    assert [document.id for document in found] == ["PMID:1002"]
    assert told == ["PubMed sent nothing for 1 of 2 numbers: 99999999"]


def test_lines_that_are_no_numbers_are_all_named_before_anything_is_fetched(tmp_path: Path) -> None:
    file = tmp_path / "list.pmids"
    file.write_text("1\nGATA1\n2\n0\n")
    with pytest.raises(InputError) as error:
        list(read_documents(file))
    assert [problem.where.rpartition(":")[2] for problem in error.value.problems] == ["2", "4"]


def test_more_than_pubmed_hands_out_is_split_by_day_and_comes_whole(tmp_path: Path) -> None:
    with double.serve(articles(10_300)) as server:
        documents = read(server, tmp_path, query="GATA1")
    assert len(documents) == 10_300
    assert ids(documents) == set(server.articles)
    assert sum("mindate" in request.parameters for request in server.asked) >= 2


def test_a_day_with_more_than_pubmed_hands_out_is_refused(tmp_path: Path) -> None:
    one_day = {str(n): ARTICLE.format(pmid=n, year=2001, month=2, day=3) for n in range(1, 10_002)}
    with double.serve(one_day) as server, pytest.raises(InputError, match=r"10,001 articles of one day, 2001-02-03"):
        read(server, tmp_path, query="GATA1")


FAULTS = {
    "too many": double.status(429, Retry_After="0"),
    "down": double.status(503),
    "html": double.html,
    "torn": double.torn,
    "cut": double.cut,
    "hang": double.hang,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_that_passes_is_outlasted(tmp_path: Path, fault: str) -> None:
    faults = [FAULTS[fault], None, FAULTS[fault], FAULTS[fault], None]
    with double.serve(articles(250), faults) as server:
        documents = read(server, tmp_path, query="GATA1", settings=asking(server, timeout=0.4))
    assert ids(documents) == set(server.articles)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_stays_is_told_with_what_came_and_what_to_do(tmp_path: Path, fault: str) -> None:
    with double.serve(articles(5), [FAULTS[fault]] * 3) as server, pytest.raises(InputError) as error:
        read(server, tmp_path, query="GATA1", settings=asking(server, timeout=0.3, tries=3))
    assert "3 times" in str(error.value)
    assert "the same command goes on" in str(error.value)


def test_a_wait_that_the_server_asks_for_is_waited(tmp_path: Path) -> None:
    with double.serve(articles(5), [double.status(429, Retry_After="1")]) as server:
        read(server, tmp_path, query="GATA1")
    assert server.asked[1].at - server.asked[0].at >= 1


def test_a_search_that_the_server_forgot_goes_on_by_number(tmp_path: Path) -> None:
    with double.serve(articles(450)) as server:
        documents = read_pubmed(query="GATA1", folder=tmp_path, settings=asking(server))
        first = next(documents)
        server.forget()
        rest = list(documents)
    assert ids([first, *rest]) == set(server.articles)
    by_number = [request for request in server.asked if "id" in request.parameters]
    assert [len(request.parameters["id"].split(",")) for request in by_number] == [200, 50]
    assert sum(request.utility == "esearch.fcgi" for request in server.asked) == 1


def test_a_damaged_batch_is_fetched_again_and_only_that(tmp_path: Path) -> None:
    with double.serve(articles(450)) as server:
        first = read(server, tmp_path, query="GATA1")
        file = tmp_path / "batch-000002.xml.gz"
        file.write_bytes(file.read_bytes()[:-20])
        asked = len(server.asked)
        assert read(server, tmp_path, query="GATA1") == first
        assert len(server.asked) == asked + 1


def test_a_query_that_finds_nothing_says_what_pubmed_says(tmp_path: Path) -> None:
    with double.serve(articles(5)) as server, pytest.raises(InputError, match="PhraseNotFound: XYZZY9"):
        read(server, tmp_path, query="XYZZY9")


def test_a_folder_of_another_query_is_not_mixed_with_this_one(tmp_path: Path) -> None:
    with double.serve(articles(5)) as server:
        read(server, tmp_path, query="GATA1")
        with pytest.raises(InputError, match="the articles of 'GATA1'"):
            read(server, tmp_path, query="KLF1")


def test_what_is_wrong_with_the_question_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        list(read_pubmed(query="x", pmids=["12a", "-3"], most=0, folder=tmp_path))
    assert len(error.value.problems) == 3
    assert not list(tmp_path.iterdir())


def test_an_api_key_shows_neither_in_an_address_nor_in_an_error_nor_in_a_file(tmp_path: Path) -> None:
    with double.serve(articles(5), [None, *[double.status(500)] * 2]) as server:
        settings = asking(server, api_key="s3cret", tries=2)
        with pytest.raises(InputError) as error:
            read(server, tmp_path, query="GATA1", settings=settings)
        assert server.asked[0].parameters["api_key"] == "s3cret"
    shown = str(error.value) + repr(settings) + "".join(request.path for request in server.asked)
    assert "s3cret" not in shown + "".join(file.read_text("latin-1") for file in tmp_path.iterdir())


def test_a_wrong_api_key_names_its_variable_and_is_not_tried_again(tmp_path: Path) -> None:
    with double.serve(articles(5)) as server, pytest.raises(InputError, match="NCBI_API_KEY"):
        read(server, tmp_path, query="GATA1", settings=asking(server, api_key="wrong"))
    assert len(server.asked) == 1


@pytest.mark.parametrize(("key", "per_second"), [("", 3), ("k", 10)])
def test_ncbi_is_asked_no_more_often_than_it_allows(tmp_path: Path, key: str, per_second: int) -> None:
    with double.serve(articles(700)) as server:
        read(server, tmp_path, query="GATA1", settings=asking(server, per_second=0, api_key=key))
    took = server.asked[-1].at - server.asked[0].at
    assert took >= (len(server.asked) - 1) / per_second - 0.05


def test_the_environment_names_server_email_and_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with double.serve(articles(3)) as server:
        monkeypatch.setenv("PRISYN_EUTILS_URL", server.url)
        monkeypatch.setenv("NCBI_EMAIL", "curator@example.org")
        monkeypatch.setenv("NCBI_API_KEY", "k")
        assert len(list(read_pubmed(query="GATA1", folder=tmp_path))) == 3
    sent = server.asked[0].parameters
    assert (sent["email"], sent["api_key"], sent["tool"]) == ("curator@example.org", "k", "prisyn")


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with double.serve({}) as server:
        settings = asking(server, tries=2, timeout=2)
    with pytest.raises(InputError, match="no connection"):
        list(read_pubmed(query="GATA1", folder=tmp_path, settings=settings))


_FETCH = """
import sys
from grn_extract.sources.eutils import Eutils, read_pubmed
for document in read_pubmed(query="GATA1", folder=sys.argv[2], settings=Eutils(sys.argv[1], per_second=12)):
    pass
"""


def test_a_fetch_killed_at_any_point_repeats_no_batch(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with double.serve(articles(1_950)) as server:
        for wanted in (1, 3, 6):
            worker = subprocess.Popen([sys.executable, "-c", _FETCH, server.url, str(folder)])
            while len(list(folder.glob("batch-*.xml.gz"))) < wanted and worker.poll() is None:
                time.sleep(0.01)
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
        kept = {file.name: gzip.decompress(file.read_bytes()) for file in folder.glob("batch-*.xml.gz")}
        before = len(server.asked)
        documents = read(server, folder, query="GATA1")
    assert ids(documents) == set(server.articles)
    fetched = sum(request.utility == "efetch.fcgi" for request in server.asked[before:])
    assert fetched == 10 - len(kept)
    assert sum(request.utility == "esearch.fcgi" for request in server.asked) == 1
    assert all(gzip.decompress((folder / name).read_bytes()) == body for name, body in kept.items())
    assert not [file for file in folder.iterdir() if file.stat().st_size == 0 and not file.name.startswith(".")]


def test_the_real_articles_of_pubmed_come_through_as_from_their_file(shared_data: Path, tmp_path: Path) -> None:
    file = shared_data / "pubmed" / "pubmed21n1298_generegulation_subset.xml.gz"
    whole = {document.id: document for document in read_documents(file)}
    faults = [double.status(429), None, double.torn, None, double.html, None, double.cut]
    with double.serve(double.articles_of(file), faults) as server:
        documents = read(server, tmp_path, query="all[sb]")
    assert {document.id: document for document in documents} == whole
    state = json.loads((tmp_path / "search.json").read_text())
    assert len(state["pmids"]) == 630


def test_the_command_reads_what_a_query_finds_and_asks_pubmed_for_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from prisyn.cli import app

    with double.serve(articles(30)) as server:
        monkeypatch.setenv("PRISYN_EUTILS_URL", server.url)
        command = ["extract", "run", "--source", "pubmed", "--query", "GATA1", "--most", "20"]
        for _ in range(2):
            graph = ["--reader", "cooccurrence", "--graph", str(tmp_path / "grn.db")]
            result = CliRunner().invoke(app, [*command, *graph])
            assert result.exit_code == 0, result.output
    assert [request.utility for request in server.asked] == ["esearch.fcgi", "efetch.fcgi"]
