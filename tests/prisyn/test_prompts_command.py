"""`prisyn extract prompts`: what a model is shown."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from prisyn.cli import app


def test_a_prompt_is_shown_with_a_text_filled_in_and_an_unknown_one_is_answered(tmp_path: Path) -> None:
    file = tmp_path / "abstract.txt"
    file.write_text("GATA1 activates KLF1.", encoding="utf-8")
    shown = CliRunner().invoke(app, ["extract", "prompts", "read-regulation", "--text", str(file)])
    assert shown.exit_code == 0
    assert shown.stdout.startswith("[system]")
    assert "GATA1 activates KLF1." in shown.stdout.rpartition("[user]")[2]
    piped = CliRunner().invoke(app, ["extract", "prompts", "read-regulation", "--text", "-"], input=file.read_text())
    assert piped.stdout == shown.stdout
    assert "read-regulation@" in CliRunner().invoke(app, ["extract", "prompts"]).stdout
    assert CliRunner().invoke(app, ["extract", "prompts", "nothing"]).exit_code == 2
    assert CliRunner().invoke(app, ["extract", "prompts", "read-regulation", "--text", "none.txt"]).exit_code == 2


def test_a_prompt_about_a_list_shows_a_list() -> None:
    shown = CliRunner().invoke(app, ["extract", "prompts", "recall-factors"]).stdout
    assert "- GENES 1\n- GENES 2\n" in shown.rpartition("[user]")[2]
