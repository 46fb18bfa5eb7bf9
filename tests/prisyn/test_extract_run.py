"""`prisyn extract run` as a curator meets it: a server's model, a budget, a dry run, a second run, bad options."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from prisyn.cli import app

pytest.importorskip("langchain_openai")

KEY = "sk-test-0123456789abcdef"
COUNT = 8


def call(*words: object) -> Result:
    return CliRunner(env={"COLUMNS": "200", "OPENAI_API_KEY": KEY}).invoke(app, [str(word) for word in words])


@pytest.fixture
def words(tmp_path: Path, server: tuple[str, Any]) -> list[object]:
    """The command that reads eight notes with the server's model."""
    notes = [{"id": f"n{n}", "text": f"In sample {n} SPI1 activates LYZ."} for n in range(COUNT)]
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps(note) + "\n" for note in notes))
    source = ("--source", tmp_path / "notes.jsonl", "--graph", tmp_path / "g.db")
    return ["extract", "run", *source, "--reader", "openai:double", "--base-url", server[0], "--price", "1,2"]


def test_a_sample_is_read_and_paid_for_once_and_the_rest_by_the_run(
    words: list[object], server: tuple[str, Any], tmp_path: Path
) -> None:
    told = call(*words, "--dry-run", "--sample", 3)
    assert told.exit_code == 0, told.stderr
    row = next(line.split() for line in told.stdout.splitlines() if line.startswith("questions"))
    assert float(row[-3]) == 3 * COUNT
    assert not (tmp_path / "g.db").exists()
    assert len(server[1].calls) == 9
    done = call(*words)
    assert done.exit_code == 0, done.stderr
    assert f"{COUNT - 3} of {COUNT} texts read with {3 * (COUNT - 3)} questions" in done.stderr
    assert len(server[1].calls) == 3 * COUNT
    assert f"{COUNT} had been read before" in call(*words).stderr
    assert len(server[1].calls) == 3 * COUNT


def test_a_budget_stops_the_job_and_a_higher_one_goes_on(words: list[object], server: tuple[str, Any]) -> None:
    done = call(*words, "--max-calls", 7)
    assert (done.exit_code, len(server[1].calls)) == (0, 7)
    assert "stopped at --max-calls 7" in done.stderr
    assert call(*words, "--max-calls", 24).exit_code == 0
    assert len(server[1].calls) == 24


def test_what_a_dead_server_could_not_read_is_listed_and_read_with_retry(
    words: list[object], server: tuple[str, Any], tmp_path: Path
) -> None:
    server[1].faults, server[1].only = 1.0, ("prose",)
    failed = call(*words)
    assert "MOST OF IT FAILED: 8 of 8" in failed.stderr
    assert failed.exit_code == 1
    listed = call("extract", "quarantine", tmp_path / "g.db.job", "--format", "json")
    rows = json.loads(listed.stdout)
    assert [row["document"] for row in rows] == [f"n{n}" for n in range(COUNT)]
    assert all(row["retryable"] and "no valid answer" in row["reason"] for row in rows)
    server[1].faults = 0.0
    assert f"{COUNT} of {COUNT} texts read" in call(*words, "--retry").stderr
    assert "nothing was set aside" in call("extract", "quarantine", tmp_path / "g.db.job").stderr


def test_a_job_is_replayed_into_another_graph_without_asking_anybody(
    words: list[object], server: tuple[str, Any], tmp_path: Path
) -> None:
    assert call(*words).exit_code == 0
    asked = len(server[1].calls)
    again = ["extract", "run", "--source", tmp_path / "notes.jsonl", "--reader", f"replay:{tmp_path / 'g.db.job'}"]
    done = call(*again, "--graph", tmp_path / "again.db")
    assert done.exit_code == 0, done.stderr
    for name in ("g", "again"):
        call("kg", "export", "--format", "jsonl", tmp_path / f"{name}.jsonl", "--graph", tmp_path / f"{name}.db")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "g.jsonl").read_bytes()
    assert len(server[1].calls) == asked


def test_the_screen_asks_nothing_of_a_text_without_a_word_for_regulation_unless_switched_off(
    words: list[object], server: tuple[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "notes.jsonl").write_text(json.dumps({"id": "n", "text": "We saw SPI1 and LYZ."}) + "\n")
    assert "read with 0 questions" in call(*words).stderr
    assert "read with 1 questions" in call(*words, "--no-screen").stderr
    refused = call("extract", "run", *words[2:6], "--reader", "cooccurrence", "--no-screen")
    assert (refused.exit_code, "--no-screen" in refused.stderr) == (2, True)


def test_whoever_evaluates_an_unknown_reader_or_without_a_key_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = call("extract", "evaluate", "--gold", "example", "--reader", "nobody")
    assert (unknown.exit_code, "'nobody'" in unknown.stderr, "--job" in unknown.stderr) == (2, True, False)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    both = call("extract", "evaluate", "--gold", "example", "--reader", "anthropic:claude").stderr
    assert "--job" in both
    assert "langchain" in both or "ANTHROPIC_API_KEY" in both


def test_a_model_is_evaluated_as_a_job_and_not_paid_for_again(
    words: list[object], server: tuple[str, Any], tmp_path: Path
) -> None:
    gold = [{"document": f"g{n}", "text": f"In sample {n} SPI1 activates LYZ."} for n in range(3)]
    edge = {"regulator": "HGNC:11241", "target": "HGNC:6740", "effect": "activation"}
    (tmp_path / "gold.jsonl").write_text("".join(json.dumps(item | {"edges": [edge]}) + "\n" for item in gold))
    asked = ["extract", "evaluate", "--gold", tmp_path / "gold.jsonl", *words[6:], "--format", "json"]
    refused = call(*asked)
    assert (refused.exit_code, "--job" in refused.stderr) == (2, True)
    first, again = (call(*asked, "--job", tmp_path / "trial") for _ in range(2))
    assert first.exit_code == again.exit_code == 0, first.stderr
    found = json.loads(first.stdout)
    assert (found["precision"], found["recall"], found["unread"], found["calls"]) == (1.0, 1.0, 0, 9)
    assert len(server[1].calls) == 9
    assert json.loads(again.stdout)["f1"] == found["f1"]


def test_a_text_that_cannot_be_read_counts_as_one_without_statements(
    words: list[object], server: tuple[str, Any], tmp_path: Path
) -> None:
    asked = ["extract", "evaluate", "--gold", "example", *words[6:], "--limit", 12, "--format", "json"]
    server[1].faults, server[1].only = 0.5, ("prose",)
    done = call(*asked, "--job", tmp_path / "trial")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert 0 < found["unread"] < 12
    assert found["documents"] == 12


def test_no_key_reaches_the_job_or_what_is_said(words: list[object], server: tuple[str, Any], tmp_path: Path) -> None:
    server[1].key = "another"
    done = call(*words)
    assert done.exit_code == 2
    assert KEY not in done.stderr + done.stdout
    server[1].key = ""
    assert call(*words).exit_code == 0
    kept = [path for path in (tmp_path / "g.db.job").rglob("*") if path.is_file()]
    assert kept
    assert not any(KEY.encode() in path.read_bytes() for path in kept)


def test_options_that_do_not_go_together_are_told_at_once(tmp_path: Path) -> None:
    words = ("--source", tmp_path / "no.xml", "--graph", tmp_path / "g.db", "--query", "x", "--rate", "5")
    done = call("extract", "run", *words, "--reader", "cooccurrence")
    assert (done.exit_code, done.stderr.splitlines()[0]) == (2, "3 problems with the input")
    assert not (tmp_path / "g.db.job").exists()
    assert call("extract", "run", "--source", "pubmed", "--graph", tmp_path / "g.db").exit_code == 2
    assert call("extract", "quarantine", tmp_path).exit_code == 2


def test_a_second_run_on_the_same_job_is_refused(words: list[object], tmp_path: Path) -> None:
    from grn_extract.jobs import JobState

    with JobState(tmp_path / "g.db.job"):
        done = call(*words)
    assert done.exit_code == 2
    assert "another run at work" in done.stderr


def test_a_limit_on_money_is_refused_where_nobody_knows_the_price(words: list[object], tmp_path: Path) -> None:
    unknown = [*words[:-4], "--base-url", "https://models.example/v1", "--max-cost", "5"]
    done = call(*unknown)
    assert done.exit_code == 2
    assert "what openai:double costs is not known" in done.stderr
    assert "add --price IN,OUT" in done.stderr
    assert not (tmp_path / "g.db.job").exists()
    assert "--max-cost" not in call(*unknown, "--price", "1,2", "--dry-run").stderr


def test_a_server_has_a_key_of_its_own_which_no_other_server_is_sent(
    words: list[object], server: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server[1].key = "own-0123456789"
    named = [*words, "--key-variable", "GPU_SERVER_KEY"]
    missing = call(*named)
    assert missing.exit_code == 2
    assert "environment: GPU_SERVER_KEY: found not set" in missing.stderr
    monkeypatch.setenv("GPU_SERVER_KEY", "wrong-9876543210")
    refused = call(*named)
    assert refused.exit_code == 2
    assert "environment: GPU_SERVER_KEY: found HTTP 401: the key was refused" in refused.stderr
    assert "wrong-9876543210" not in refused.stderr
    monkeypatch.setenv("GPU_SERVER_KEY", server[1].key)
    assert call(*named).exit_code == 0


def test_a_key_given_for_the_name_of_its_variable_is_not_shown(words: list[object]) -> None:
    for word in (KEY, "sk-proj-abcdef"):
        done = call(*words, "--key-variable", word)
        assert done.exit_code == 2
        assert word not in done.stderr
        assert "name the variable, not the key itself" in done.stderr


def test_texts_are_read_as_often_as_asked_and_statements_not_asked_about_again(
    words: list[object], server: tuple[str, Any]
) -> None:
    assert call(*words, "--samples", 3, "--passes", 1).exit_code == 0
    assert len(server[1].calls) == 3 * COUNT


def test_what_a_model_costs_and_who_says_so_is_told(words: list[object]) -> None:
    done = call(*words)
    assert "openai:double: 1 US dollars for a million tokens read, 2 for as many written (given)" in done.stderr


def test_what_is_odd_about_a_statement_is_told_and_listed(words: list[object], tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text(json.dumps({"id": "odd", "text": "In cells LYZ activates SPI1."}) + "\n")
    done = call(*words)
    assert "1 of the statements noted as odd" in done.stderr
    (row,) = json.loads(call("extract", "quarantine", tmp_path / "g.db.job", "--format", "json").stdout)
    assert (row["what"], row["document"]) == ("note", "odd")
    assert row["reason"] == "LYZ is on no list of transcription factors"
    assert row["statement"] == "LYZ -> SPI1: In cells LYZ activates SPI1."


def test_another_language_and_a_correction_are_told_and_listed(tmp_path: Path) -> None:
    more = "<Language>ger</Language>", '<CommentsCorrections RefType="ErratumIn"><PMID>9</PMID></CommentsCorrections>'
    article = ARTICLE.format(pmid=1).replace("</Article>", f"{more[0]}</Article>")
    article = article.replace("</Article>", f"</Article><CommentsCorrectionsList>{more[1]}</CommentsCorrectionsList>")
    (tmp_path / "a.xml").write_text(f"<PubmedArticleSet>{article}</PubmedArticleSet>")
    done = call("extract", "run", "--source", tmp_path / "a.xml", "--reader", "cooccurrence", "--graph", tmp_path / "g")
    assert "1 texts with a remark of their source" in done.stderr
    rows = json.loads(call("extract", "quarantine", tmp_path / "g.job", "--format", "json").stdout)
    assert {(row["document"], row["reason"]) for row in rows if row["what"] == "remark"} == {
        ("PMID:1", "corrected by PMID:9"),
        ("PMID:1", "language: ger"),
    }


ARTICLE = """<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article>
<ArticleTitle>On article {pmid}.</ArticleTitle><Abstract><AbstractText>SPI1 activates LYZ.</AbstractText></Abstract>
</Article></MedlineCitation><PubmedData><History><PubMedPubDate PubStatus="entrez">
<Year>2001</Year><Month>2</Month><Day>3</Day></PubMedPubDate></History></PubmedData></PubmedArticle>"""


def test_pubmed_is_searched_read_and_not_asked_again(
    load_double: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("extract", "run", "--source", "pubmed", "--query", "SPI1", "--reader", "cooccurrence")
    with load_double("eutils").serve({str(n): ARTICLE.format(pmid=n) for n in range(1001, 1006)}) as pubmed:
        monkeypatch.setenv("PRISYN_EUTILS_URL", pubmed.url)
        done = call(*words, "--graph", tmp_path / "g.db")
        assert done.exit_code == 0, done.stderr
        assert "5 of 5 texts read" in done.stderr
        asked = len(pubmed.asked)
        assert "5 had been read before" in call(*words, "--graph", tmp_path / "g.db").stderr
        assert len(pubmed.asked) == asked
    found = json.loads(call("kg", "regulators", "LYZ", "--graph", tmp_path / "g.db", "--format", "json").stdout)
    assert found[0]["papers"] == [f"PMID:{n}" for n in range(1001, 1006)]
