"""Judging statements from the command line, as curators meet it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from grn_extract import read_gold
from kg import Effect, ErrorKind, Evidence, Provenance, Verdict, open_store, reliability, resolve
from kg.reliability import OWN_TABLE
from prisyn.cli import app
from prisyn.commands import kg_curate

COMMANDS = [str(one.name) for one in kg_curate.app.registered_commands]


def curate(*arguments: object, **environment: str) -> Result:
    words = ["kg", "curate", *map(str, arguments)]
    return CliRunner(env={"COLUMNS": "160", "TERM": "dumb", "PRISYN_CURATOR": None, **environment}).invoke(app, words)


def rows(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    return found if isinstance(found, list) else [found]


def say(regulator: str, target: str, effect: Effect, quote: str, document: str, reader: str = "embedded") -> Evidence:
    genes = [resolve(name).gene for name in (regulator, target)]
    assert genes[0] is not None
    assert genes[1] is not None
    return Evidence(genes[0], genes[1], effect, document, quote, Provenance(reader, score=0.6), end=len(quote))


STATEMENTS = [
    say("GATA1", "HBB", Effect.ACTIVATION, "GATA1 activates HBB.", "PMID:1"),
    say("SPI1", "KLF1", Effect.ACTIVATION, "SPI1 represses KLF1.", "PMID:2"),
    say("HBB", "SPI1", Effect.ACTIVATION, "SPI1 induces HBB.", "PMID:3"),
    say("KLF1", "HBB", Effect.ACTIVATION, "KLF1 and HBB were measured.", "PMID:4"),
]


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "grn.db"
    with open_store(path) as store:
        store.add(STATEMENTS)
    return path


@pytest.fixture
def judged(graph: Path) -> Path:
    """One right, one with the wrong sign, one the wrong way round, one that states nothing."""
    errors = [None, ErrorKind.POLARITY, ErrorKind.DIRECTION, ErrorKind.NO_RELATION]
    for item, error in zip(STATEMENTS, errors, strict=True):
        said = ["accept"] if error is None else ["reject", "--error", error]
        assert curate("decide", item.claim, *said, "--graph", graph, "--curator", "ada").exit_code == 0
    return graph


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_shows_an_example_of_its_own(name: str) -> None:
    shown = curate(name, "--help").stdout
    assert "Examples:" in shown
    assert f"prisyn kg curate {name}" in shown.replace("Usage: prisyn", "", 1)


def test_the_words_of_the_command_line_are_those_of_the_graph() -> None:
    assert list(kg_curate.Wrong) == list(ErrorKind)
    assert {*kg_curate.Said, Verdict.WITHDRAWN} == set(Verdict)


def test_what_is_judged_leaves_the_queue_and_is_in_the_log(graph: Path) -> None:
    waiting = rows(curate("queue", "--graph", graph, "--curator", "ada", "--format", "json"))
    assert {row["claim"] for row in waiting} == {item.claim for item in STATEMENTS}
    assert waiting[0]["score"] == max(row["score"] for row in waiting)
    first = str(waiting[0]["claim"])
    assert curate("decide", first[:6], "accept", "--graph", graph, "--curator", "ada").exit_code == 0
    left = rows(curate("queue", "--graph", graph, "--curator", "ada", "--format", "json"))
    assert [row["claim"] for row in left] == [row["claim"] for row in waiting[1:]]
    (logged,) = rows(curate("log", "--graph", graph, "--format", "json"))
    assert (logged["claim"], logged["curator"], logged["verdict"], logged["counts"]) == (first, "ada", "accept", True)


def test_undo_takes_back_the_last_decision_and_keeps_both(graph: Path) -> None:
    claim = STATEMENTS[0].claim
    for verdict in ("accept", "unsure"):
        curate("decide", claim, verdict, "--graph", graph, "--curator", "ada")
    said = curate("undo", "--graph", graph, "--curator", "ada").stderr
    assert "taken back: ada: unsure" in said
    log = rows(curate("log", "--graph", graph, "--format", "json"))
    assert [(row["verdict"], row["counts"]) for row in log] == [
        ("accept", True),
        ("unsure", False),
        ("withdrawn", False),
    ]
    assert rows(curate("show", claim, "--graph", graph, "--format", "json"))[0]["standing"] == "accepted"
    assert curate("undo", "--graph", graph, "--curator", "bob").exit_code == 2


def test_two_curators_who_disagree_are_shown_to(graph: Path) -> None:
    claim = STATEMENTS[0].claim
    curate("decide", claim, "accept", "--graph", graph, "--curator", "ada")
    said = curate(
        "decide", claim, "reject", "--error", "other", "--comment", "in yeast", "--graph", graph, "--curator", "bob"
    ).stderr
    assert "also judged: ada: accept" in said
    shown = rows(curate("show", claim, "--graph", graph, "--format", "json"))[0]
    assert shown["standing"] == "disputed"
    assert [(d["curator"], d["verdict"], d["comment"]) for d in shown["decisions"]] == [
        ("ada", "accept", ""),
        ("bob", "reject", "in yeast"),
    ]
    table = curate("show", claim, "--graph", graph).stdout
    assert "disputed" in table
    assert 'bob: reject (other) "in yeast"' in table


def test_a_second_opinion_is_asked_for_without_the_first(judged: Path) -> None:
    asked = curate("queue", "--second-opinion", "--graph", judged, "--curator", "bob", "--format", "json")
    assert len(rows(asked)) == len(STATEMENTS)
    assert "ada" not in asked.stdout
    assert {row["belief"] for row in rows(asked)} == {round(reliability("embedded").of(0.6), 6)}
    for item in STATEMENTS[:3]:
        curate("decide", item.claim, "accept", "--graph", judged, "--curator", "bob")
    alpha, kappa = rows(curate("agreement", "--graph", judged, "--format", "json"))
    assert (alpha["claims"], kappa["claims"], kappa["same"]) == (3, 3, 1)
    assert alpha["low"] <= alpha["value"] <= alpha["high"]


def test_a_name_is_never_guessed_without_a_word(graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "judging as" not in curate("queue", "--graph", graph, PRISYN_CURATOR="ada").stderr
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gitconfig").write_text("[user]\n\tname = Ada Lovelace\n")
    assert "judging as 'Ada Lovelace', which is git's user.name" in curate("queue", "--graph", graph).stderr
    (tmp_path / "gitconfig").write_text("")
    monkeypatch.setenv("LOGNAME", "alovelace")
    assert "judging as 'alovelace', which is your login name" in curate("queue", "--graph", graph).stderr


def test_a_decision_that_says_nothing_is_refused(graph: Path) -> None:
    claim = STATEMENTS[0].claim
    for said, complaint in [
        (["accept", "--error", "polarity"], "an error kind goes with reject"),
        (["reject", "--error", "other"], "needs a comment"),
    ]:
        done = curate("decide", claim, *said, "--graph", graph, "--curator", "ada")
        assert done.exit_code == 2
        assert complaint in done.stderr
    for key in ("f", "zzzz"):
        assert "one claim's key" in curate("decide", key, "accept", "--graph", graph, "--curator", "ada").stderr
    assert curate("log", "--graph", graph).stdout == ""


def test_what_was_judged_is_gold_that_readers_are_evaluated_on(judged: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    assert "wrote 4 judged texts" in curate("export", "--format", "gold", gold, "--graph", judged).stderr
    items = {item.document.text: item for item in read_gold(gold)}
    signs = [[(edge.effect, edge.asserted) for edge in items[said.quote].edges] for said in STATEMENTS]
    assert signs == [[(Effect.ACTIVATION, True)], [(Effect.UNKNOWN, True)], [(Effect.ACTIVATION, True)], []]
    turned = items["SPI1 induces HBB."].edges[0]
    assert (turned.regulator, turned.target) == (STATEMENTS[2].target.curie, STATEMENTS[2].regulator.curie)
    words = ["extract", "evaluate", "--gold", str(gold), "--reader", "cooccurrence", "--format", "json"]
    found = json.loads(CliRunner().invoke(app, words).stdout)
    assert (found["pairs"], found["documents"], found["recall"]) == (3, 4, 1.0)
    assert found["stated"] == 5, "of the pairs it states, those that nobody judged are not held against it"


def test_a_colleagues_decisions_are_merged_whatever_the_order(judged: Path, tmp_path: Path) -> None:
    theirs, other = tmp_path / "theirs.jsonl", tmp_path / "other.db"
    with open_store(other) as store:
        store.add([replace(STATEMENTS[0], provenance=Provenance("cooccurrence"), start=40, end=60)])
    curate("decide", STATEMENTS[0].claim, "reject", "--graph", other, "--curator", "bob")
    curate("export", "--format", "decisions", theirs, "--graph", other)
    first = curate("import", theirs, "--graph", judged)
    assert "1 new of 1 decisions" in first.stderr
    assert "claims in dispute: 1" in first.stderr
    assert "0 new of 1 decisions" in curate("import", theirs, "--graph", judged).stderr
    mine = tmp_path / "mine.jsonl"
    curate("export", "--format", "decisions", mine, "--graph", judged)
    assert "does not hold: 3" in curate("import", mine, "--graph", other).stderr
    with open_store(judged) as one, open_store(other) as two:
        assert list(one.decisions()) == list(two.decisions())


def test_lines_that_are_no_decisions_are_refused_with_the_reason(judged: Path, tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    curate("export", "--format", "decisions", file, "--graph", judged)
    good = file.read_text().splitlines()
    changed = good[0].replace('"accept"', '"unsure"')
    bad = [changed, "{", "[]", good[1].replace('"schema": 1', '"schema": 9'), good[1].replace("polarity", "colour")]
    file.write_text("\n".join([good[0], "", *bad]) + "\n")
    said = curate("import", file, "--graph", judged).stderr
    assert "0 new of 1 decisions" in said
    for line, reason in enumerate(
        ("was changed after", "not JSON", "not a record", "schema 9", "none of grounding"), 3
    ):
        assert any(f"line {line}: " in told and reason in told for told in said.splitlines()), (line, reason)
    file.write_text("nothing\n")
    assert curate("import", file, "--graph", judged).exit_code == 2
    assert curate("import", tmp_path / "none.jsonl", "--graph", judged).exit_code == 2


def test_readers_are_weighed_by_what_was_judged(judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "own.json"
    (row,) = rows(curate("reliability", "--graph", judged, "--write", table, "--format", "json"))
    before = reliability("embedded").of(0.6)
    assert (row["reader"], row["judged"], row["right"]) == ("embedded", 4, 2)
    assert row["before"] == pytest.approx(before, abs=1e-6)
    assert row["fitted"] == pytest.approx((2 + 10 * before) / 14, abs=1e-6)
    assert row["low"] < row["fitted"] < row["high"]
    monkeypatch.setenv(OWN_TABLE, str(table))
    assert reliability("embedded").of(0.6) == pytest.approx(row["fitted"], abs=1e-4)
    assert "2/4 statements judged by 1 people" in reliability("embedded").source
    assert reliability("trrust").source.startswith("prior")


@pytest.mark.parametrize("form", ["decisions", "gold", "indra"])
def test_nothing_is_written_where_nothing_was_judged(graph: Path, tmp_path: Path, form: str) -> None:
    done = curate("export", tmp_path / "out.jsonl", "--format", form, "--graph", graph)
    assert done.exit_code == 2
    assert "no decisions" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("form", ["gold", "indra"])
def test_decisions_that_make_no_gold_are_told_and_no_file_claims_to_hold_any(
    graph: Path, tmp_path: Path, form: str
) -> None:
    claim = json.loads(curate("queue", "--graph", graph, "--curator", "ada", "--format", "json").stdout)[0]["claim"]
    curate("decide", claim, "unsure", "--graph", graph, "--curator", "ada")
    done = curate("export", tmp_path / "out.jsonl", "--format", form, "--graph", graph)
    assert (done.exit_code, "none of them makes" in done.stderr) == (2, True)
    assert not (tmp_path / "out.jsonl").exists()
