"""`prisyn extract recall` as a person meets it: factors of a list, regulators of its genes, nothing paid for twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from prisyn.cli import app

pytest.importorskip("langchain_openai")

GENES = "GATA1\nSPI1\nHBB\nnot-a-gene\n"
FACTORS = ["GATA1", "SPI1"]


def call(*words: object) -> Result:
    return CliRunner(env={"COLUMNS": "200", "OPENAI_API_KEY": ""}).invoke(app, [str(word) for word in words])


@pytest.fixture
def words(tmp_path: Path, server: tuple[str, Any]) -> list[object]:
    """The command that asks the server's model about a list of three genes."""
    (tmp_path / "genes.txt").write_text(GENES)
    genes = ("--genes", tmp_path / "genes.txt", "--graph", tmp_path / "g.db")
    return ["extract", "recall", *genes, "--reader", "openai:double", "--base-url", server[0]]


def test_factors_are_named_and_their_targets_asked_for_once(
    words: list[object], server: tuple[str, Any], tmp_path: Path
) -> None:
    done = call(*words)
    assert done.exit_code == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["factor", *FACTORS]
    assert "left out: 'not-a-gene'" in done.stderr
    assert "3 of 3 targets read with 3 questions" in done.stderr
    assert len(server[1].calls) == 3 + 3
    assert "3 had been read before" in call(*words).stderr
    assert len(server[1].calls) == 6


def test_what_was_recalled_is_marked_and_believed_little_and_counts_as_one_witness(
    words: list[object], tmp_path: Path
) -> None:
    call(*words)
    rows = json.loads(call("kg", "regulators", "HBB", "--graph", tmp_path / "g.db", "--format", "json").stdout)
    assert [row["regulator"] for row in rows] == FACTORS
    assert all(row["belief"] <= 0.1 for row in rows)
    assert "recalled" in json.dumps(rows)


def test_one_target_is_asked_about_alone_even_outside_the_list(
    words: list[object], server: tuple[str, Any], tmp_path: Path
) -> None:
    assert "1 of 1 targets read with 1 questions" in call(*words, "--target", "LYZ").stderr
    assert len(server[1].calls) == 3 + 1
    unknown = call(*words, "--target", "LYZZY", "--target", "HBBB2")
    assert unknown.exit_code == 2
    assert "2 problems" in unknown.stderr


def test_a_budget_stops_the_questions_and_a_higher_one_goes_on(words: list[object], server: tuple[str, Any]) -> None:
    stopped = call(*words, "--max-calls", 4)
    assert "stopped at --max-calls 4" in stopped.stderr
    assert len(server[1].calls) == 4
    assert call(*words, "--max-calls", 6).exit_code == 0
    assert len(server[1].calls) == 6


def test_a_model_that_cannot_name_factors_is_asked_nothing_more(words: list[object], server: tuple[str, Any]) -> None:
    server[1].faults, server[1].only = 1.0, ("prose",)
    failed = call(*words)
    assert "MOST OF IT FAILED: 1 of 1 lists could not be read" in failed.stderr
    assert len(server[1].calls) == 3


def test_questions_are_counted_without_asking_and_a_list_without_genes_is_refused(
    words: list[object], server: tuple[str, Any], tmp_path: Path
) -> None:
    counted = call(*words, "--dry-run")
    assert counted.stdout.splitlines()[-1].split()[-1] == "3"
    assert server[1].calls == []
    for genes in ("no-such-file.txt", "nothing,here"):
        refused = call("extract", "recall", "--genes", genes, "--graph", tmp_path / "g.db", "--reader", "openai:x")
        assert refused.exit_code == 2
        assert "no gene, and no such file" in refused.stderr


def test_a_model_without_a_text_does_not_read_texts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("GATA1 activates KLF1.")
    words = ("--source", tmp_path / "a.txt", "--graph", tmp_path / "g.db", "--reader", "knowledge:openai:x")
    done = call("extract", "run", *words)
    assert done.exit_code == 2
    assert "prisyn extract recall" in done.stderr
