"""Graphs go out to other tools and come back in from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kg import open_store
from prisyn.cli import app

SIF = "SPI1\tactivates\tLYZ\nGATA1\trepresses\tSPI1\nNOGENE9\tactivates\tLYZ\nSPI1\tlikes\tLYZ\n"


def call(*words: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in words])


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    (tmp_path / "in.sif").write_text(SIF)
    done = call("kg", "import", "--format", "sif", tmp_path / "in.sif", "--graph", tmp_path / "grn.db")
    assert done.exit_code == 0, done.stderr
    assert "2 new of 2 statements" in done.stderr
    assert "2 of 4 rows refused" in done.stderr
    return tmp_path / "grn.db"


def test_refused_rows_are_written_with_line_and_reason_where_asked_for(graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "refused.tsv"
    words = ("kg", "import", "--format", "sif", tmp_path / "in.sif", "--graph", graph, "--refused", out)
    assert "0 new" in call(*words).stderr
    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert [row["line"] for row in rows] == ["3", "4"]
    assert "NOGENE9" in rows[0]["reason"]
    assert rows[0]["row"] == "NOGENE9 activates LYZ"
    assert "'likes' is no word for regulation" in rows[1]["reason"]


def test_only_the_edges_that_pass_are_exported(graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.sif"
    done = call("kg", "export", "--format", "sif", out, "--graph", graph, "--effect", "repression")
    assert done.exit_code == 0, done.stderr
    assert out.read_text() == "GATA1\trepresses\tSPI1\n"
    assert "1 of 2 edges pass" in done.stderr
    assert "papers" in done.stderr


def test_a_file_that_breaks_off_adds_nothing(graph: Path, tmp_path: Path) -> None:
    good, cut = tmp_path / "good.cx2", tmp_path / "cut.cx2"
    assert call("kg", "export", "--format", "cx2", good, "--graph", graph).exit_code == 0
    cut.write_text(good.read_text()[:-60])
    done = call("kg", "import", "--format", "cx2", cut, "--graph", graph)
    assert done.exit_code == 2
    assert "cut.cx2" in done.stderr
    with open_store(graph) as store:
        assert {item.provenance.reader for item in store.evidence()} == {"sif"}


def test_the_pickle_is_written_with_a_warning_and_never_read(graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "graph.pkl"
    done = call("kg", "export", "--format", "groundgan-pickle", out, "--graph", graph)
    assert done.exit_code == 0, done.stderr
    assert "warning: a pickle runs whatever is in it" in done.stderr
    assert (tmp_path / "graph.pkl.genes.txt").read_text() == "LYZ\nSPI1\n"
    for form in ("groundgan-pickle", "groundgan"):
        assert call("kg", "import", "--format", form, out, "--graph", graph).exit_code == 2


def test_the_formats_are_listed_with_what_they_lose() -> None:
    rows = {row["format"]: row for row in json.loads(call("kg", "formats", "--format", "json").stdout)}
    assert rows["jsonl"]["loses"] == "nothing"
    assert rows["groundgan-pickle"]["for"] == "export"
    assert "sentences" in rows["graphml"]["loses"]
