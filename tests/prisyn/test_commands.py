"""What the commands do with real files: the tours a curator, a biologist and a modeller take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from grn_extract import fetch_embedded
from prisyn import doctor
from prisyn.cli import app
from prisyn_base import InputError, MissingExtraError

ROWS = (
    "SPI1\tLYZ\tActivation\t10779327\n"
    "SPI1\tGATA1\tRepression\t10364157;10411939\n"
    "GATA1\tHBB\tActivation\t1\n"
    "GATA1\tHBB\tRepression\t2\n"
    "GATA1\tHBB\tActivation\t3\n"
    "GATA1\tHBB\tActivation\t4\n"
    "GATA1\tHBB\tActivation\t5\n"
    "NOGENE9\tHBB\tActivation\t3\n"
)


def call(*words: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in words])


def data(*words: str | Path) -> Any:
    done = call(*words, "--format", "json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def embedded_model() -> None:
    """The embedded model, fetched; the test skips where it cannot be had."""
    try:
        fetch_embedded()
    except (InputError, MissingExtraError) as error:
        pytest.skip(f"the embedded model cannot be had here: {error}")


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    table = tmp_path / "trrust.tsv"
    table.write_text(ROWS)
    done = call("extract", "databases", "trrust", table, "--graph", tmp_path / "grn.db")
    assert done.exit_code == 0, done.stderr
    assert "line 8" in done.stderr
    assert "NOGENE9" in done.stderr
    return tmp_path / "grn.db"


def test_regulators_and_targets_answer_to_any_name(graph: Path) -> None:
    (edge,) = data("kg", "regulators", "HBB", "--graph", graph)
    assert (edge["regulator"], edge["target"], edge["papers"]) == ("GATA1", "HBB", [f"PMID:{n}" for n in range(1, 6)])
    assert {edge["target"] for edge in data("kg", "targets", "PU.1", "--graph", graph)} == {"LYZ", "GATA1"}
    assert data("kg", "regulators", "HBB", "--graph", graph, "--min-belief", "1") == []


def test_the_quote_shown_says_what_the_edge_says(graph: Path) -> None:
    (edge,) = data("kg", "regulators", "HBB", "--graph", graph)
    assert edge["effect"] == "activation"
    assert "Activation" in edge["quote"]


def test_a_gene_that_is_not_there_gets_names_like_it(graph: Path) -> None:
    done = call("kg", "targets", "SPI2", "--graph", graph)
    assert done.exit_code == 2
    assert "SPI1" in done.stderr


def test_what_is_exported_can_be_imported_and_adds_nothing_twice(graph: Path, tmp_path: Path) -> None:
    file = tmp_path / "evidence.jsonl"
    assert call("kg", "export", "--format", "jsonl", file, "--graph", graph).exit_code == 0
    assert call("kg", "import", "--format", "jsonl", file, "--graph", tmp_path / "copy.db").exit_code == 0
    stats = data("kg", "stats", "--graph", tmp_path / "copy.db")
    assert stats == data("kg", "stats", "--graph", graph)
    assert "0 new" in call("kg", "import", "--format", "jsonl", file, "--graph", graph).stderr


def test_a_name_is_explained() -> None:
    done = call("kg", "names", "PU.1")
    assert "SPI1" in done.stdout
    assert [row["symbol"] for row in data("kg", "names", "PU.1") if row["chosen"]] == ["SPI1"]


def test_texts_are_read_into_a_graph_once(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("SPI1 activates LYZ in monocytes. GATA1 does not bind HBB here.")
    words = (
        "extract",
        "run",
        "--source",
        tmp_path / "note.txt",
        "--reader",
        "cooccurrence",
        "--graph",
        tmp_path / "g.db",
    )
    counted = call(*words, "--dry-run")
    assert counted.exit_code == 0, counted.stderr
    assert "passages" in counted.stdout
    assert not (tmp_path / "g.db").exists()
    assert call(*words).exit_code == 0
    before = data("kg", "stats", "--graph", tmp_path / "g.db")
    assert before["edges"] >= 2
    assert call(*words).exit_code == 0
    assert data("kg", "stats", "--graph", tmp_path / "g.db") == before


def test_a_reader_is_measured_on_the_example() -> None:
    found = data("extract", "evaluate", "--gold", "example", "--reader", "cooccurrence")
    keys = {"precision", "recall", "f1", "f1_ci", "sign_accuracy", "pairs", "documents", "seconds", "calls"}
    assert keys <= set(found)
    assert found["documents"] >= 40


def test_a_dry_run_counts_at_least_the_questions_asked(embedded_model: None, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("SPI1 activates LYZ in monocytes. IRF8 represses CD14 and CD40.")
    words = ("extract", "run", "--source", tmp_path / "note.txt", "--graph", tmp_path / "g.db")
    promised = int(next(x for x in call(*words, "--dry-run").stdout.splitlines() if "at most" in x).split()[-1])
    asked = next(line for line in call(*words).stderr.splitlines() if " read with " in line)
    assert 0 < int(asked.split(" with ")[1].split()[0]) <= promised


def test_what_is_wrong_with_texts_reader_and_graph_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("hello")
    words = ("--source", tmp_path / "a.xml", "--source", tmp_path / "b.txt", "--graph", tmp_path / "text.db")
    for more in ((), ("--dry-run",)):
        done = call("extract", "run", *words, "--reader", "nobody", *more)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "4 problems" in done.stderr
    done = call("extract", "databases", "trrust", tmp_path / "no.tsv", "--graph", tmp_path / "text.db")
    assert (done.exit_code, done.stderr.splitlines()[0]) == (2, "2 problems with the input")


def test_rows_that_a_database_is_refused_for_are_counted_and_kept_whole_in_a_file(tmp_path: Path) -> None:
    rows = [f"NOGENE{n}\tHBB\tActivation\t{n}\n" for n in range(1, 13)]
    (tmp_path / "t.tsv").write_text("GATA1\tHBB\tActivation\t1\n" + "".join(rows))
    done = call(
        "extract", "databases", "trrust", tmp_path / "t.tsv", "--graph", tmp_path / "g.db", "--refused", tmp_path / "r"
    )
    assert "12 of 13 rows refused, all in" in done.stderr
    assert "and 2 more" in done.stderr
    assert (tmp_path / "r").read_text().count("not grounded") == 12


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("GATA1\tHBB\tActivation\t1\n" + "A" * (5 << 20))
    done = call("extract", "databases", "trrust", tmp_path / "t.tsv", "--graph", tmp_path / "g.db")
    assert (done.exit_code, "t.tsv:2: found a line that does not end" in done.stderr) == (2, True)
    done = call("extract", "evaluate", "--gold", tmp_path / "t.tsv", "--reader", "cooccurrence")
    assert (done.exit_code, "t.tsv:2: found a line that does not end" in done.stderr) == (2, True)


def test_a_table_of_ones_own_is_read_by_naming_its_columns(tmp_path: Path) -> None:
    table, graph = tmp_path / "mine.csv", tmp_path / "g.db"
    table.write_text("tf,gene,sign,ref\nSPI1,LYZ,+1,123\n")
    words = ("extract", "databases", "table", table, "--graph", graph)
    for wrong in ((), ("--columns", "regulator=tf"), ("--columns", "regulator=tf,target=gene,colour=sign")):
        assert call(*words, *wrong).exit_code == 2
    assert not graph.exists()
    columns = "regulator=tf,target=gene,effect=sign,papers=ref"
    assert call(*words, "--columns", columns, "--as", "trrust").exit_code == 0
    (edge,) = data("kg", "regulators", "LYZ", "--graph", graph)
    assert (edge["effect"], edge["papers"], edge["belief"]) == ("activation", ["PMID:123"], 0.8)


def test_a_table_of_mouse_genes_is_not_taken_for_human(tmp_path: Path) -> None:
    table, graph = tmp_path / "mouse.tsv", tmp_path / "g.db"
    table.write_text("Ahr\tCyp1a1\tActivation\t1\nGata1\tHbb-b1\tActivation\t2\n")
    done = call("extract", "databases", "trrust", table, "--graph", graph)
    assert done.exit_code == 2
    assert "--species mouse" in done.stderr
    assert not graph.exists()
    assert call("extract", "databases", "trrust", table, "--graph", graph, "--species", "mouse").exit_code == 0
    assert [edge["target"] for edge in data("kg", "targets", "Ahr", "--graph", graph)] == ["Cyp1a1"]


def test_a_denied_and_a_doubted_regulation_are_marked(tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text("SPI1 does not activate LYZ. IRF8 may repress LYZ.")
    words = ("--source", tmp_path / "n.txt", "--reader", "cooccurrence", "--graph", tmp_path / "g.db")
    assert call("extract", "run", *words).exit_code == 0
    edges = {edge["regulator"]: edge for edge in data("kg", "regulators", "LYZ", "--graph", tmp_path / "g.db")}
    assert (edges["SPI1"]["marks"], edges["SPI1"]["belief"]) == ({"negated": 1}, 0)
    assert edges["IRF8"]["marks"] == {"hedged": 1}
    assert edges["IRF8"]["belief"] > 0
    none = call("kg", "regulators", "LYZ", "--graph", tmp_path / "g.db", "--min-belief", "1", "--format", "json")
    assert (none.stdout.strip(), none.exit_code) == ("[]", 0)
    assert "no edge into LYZ" in none.stderr


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    genes = ["SPI1", "LYZ", "GATA1", "HBB", "CD19", "CD3E", "NKG7", "IL2", "FOS", "JUN", "MYC", "TP53"]
    obs = pd.DataFrame({"kind": ["B", "T"] * 200}, index=[f"c{i}" for i in range(400)])
    adata = anndata.AnnData(rng.poisson(3.0, (400, 12)).astype(np.float32), obs=obs, var=pd.DataFrame(index=genes))
    for name, rows in (("members", slice(0, 200)), ("holdout", slice(200, 400))):
        adata[rows].copy().write_h5ad(tmp_path / f"{name}.h5ad")
    return tmp_path


def test_a_modeller_fits_samples_and_audits(cells: Path, graph: Path) -> None:
    fit = ["generate", "fit", "--cohort", cells / "members.h5ad", "--label", "kind", "--grn", graph, "--seed", "1"]
    budget = ["--epsilon", "5", "--delta", "1e-5", "--type", "B", "--type", "T", "--noise-seed", "3"]
    done = call(*fit, *budget, "--out", cells / "model")
    assert done.exit_code == 0, done.stderr
    assert call(*fit, *budget, "--out", cells / "model").exit_code == 2, "a model was overwritten"
    assert data("generate", "ledger", "--model", cells / "model")["epsilon"] == pytest.approx(5, rel=1e-6)
    sample = ["generate", "sample", "--model", cells / "model", "--n", "150", "--seed", "1"]
    for name, do in (("plain", []), ("again", []), ("knockout", ["--do", "GATA1=0"])):
        assert call(*sample, *do, "--out", cells / f"{name}.h5ad").exit_code == 0
    plain, again, knockout = (anndata.read_h5ad(cells / f"{n}.h5ad") for n in ("plain", "again", "knockout"))
    assert np.array_equal(plain.to_df(), again.to_df())
    assert knockout.to_df()["GATA1"].sum() == 0 < plain.to_df()["GATA1"].sum()
    sets = ["--members", cells / "members.h5ad", "--nonmembers", cells / "holdout.h5ad", "--label", "kind"]
    chosen = ["--attack", "dcr", "--metric", "mmd"]
    done = call("audit", "run", *sets, "--synthetic", cells / "plain.h5ad", *chosen, "--out", cells / "audit")
    assert done.exit_code == 0, done.stderr
    facts = json.loads((cells / "audit" / "audit.json").read_text())
    assert [attack["name"] for attack in facts["attacks"]] == ["dcr"]
    assert (cells / "audit" / "audit.html").read_text().lstrip().lower().startswith("<!doctype html")


def test_an_intervention_that_is_no_number_is_told(cells: Path) -> None:
    done = call(
        "generate", "sample", "--model", cells, "--n", "5", "--do", "SPI1=off", "--seed", "1", "--out", cells / "x.h5ad"
    )
    assert done.exit_code == 2
    assert not (cells / "x.h5ad").exists()


def test_a_budget_that_cannot_be_kept_is_refused_before_anything_is_spent(cells: Path) -> None:
    fit = [
        "generate",
        "fit",
        "--cohort",
        cells / "members.h5ad",
        "--label",
        "kind",
        "--seed",
        "1",
        "--out",
        cells / "m",
    ]
    for epsilon, delta in (("0", "1e-5"), ("nan", "1e-5"), ("5", "0.5"), ("5", "0")):
        done = call(*fit, "--epsilon", epsilon, "--delta", delta)
        assert done.exit_code == 2, (epsilon, delta, done.stderr)
    assert not (cells / "m").exists()
    promised_nothing = call(*fit, "--epsilon", "inf", "--delta", "1e-5")
    assert promised_nothing.stderr.startswith("NO PRIVACY")


def test_the_methods_say_where_their_barrier_stands() -> None:
    methods = {row["name"]: row for row in data("generate", "methods")}
    assert methods["grn_subspace"]["place"] == "measurements"


def test_doctor_gives_the_line_that_installs_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.EXTRAS, "scale", ("no_such_module",))
    rows = {row["what"]: row for row in json.loads(call("doctor", "--format", "json").stdout)}
    assert rows["[scale]"]["mend"] == "pip install 'prisyn[scale]'"
    assert rows["[scale]"]["state"] == "optional"


def test_doctor_says_that_the_demo_cannot_run_without_the_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRISYN_CACHE", str(tmp_path))
    done = call("doctor", "--format", "json")
    rows = {row["what"]: row for row in json.loads(done.stdout)}
    assert rows["model embedded"]["mend"] == "prisyn models fetch embedded"
    assert done.exit_code == 2


def test_init_writes_a_run_file_that_is_sound_and_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    assert call("init", path).exit_code == 0
    text = path.read_text()
    assert call("init", path).exit_code == 2
    assert path.read_text() == text
    done = call("run", path, "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("never finished") == 6
    assert [item.name for item in tmp_path.iterdir()] == ["run.yaml"]
