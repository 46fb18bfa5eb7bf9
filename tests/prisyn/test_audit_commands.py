"""`prisyn audit` with real files: tables, claims, ledgers, regulations, comparisons."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from prisyn._audit_inputs import plugins_with, read_claim, read_edges
from prisyn.cli import app
from prisyn_base import InputError

QUICK = ["--attack", "dcr", "--attack", "calibrated", "--metric", "retention", "--risk", "linkability"]


def call(*words: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Patients of two diagnoses; `copied` holds members, `fresh` people of the same kind."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("tables")

    def patients(n: int) -> pd.DataFrame:
        sick = rng.random(n) < 0.4
        numbers = rng.normal(sick[:, None] * 0.8, 1, (n, 4)).round(3)
        frame = pd.DataFrame(numbers, columns=["age", "bmi", "alt", "ast"])
        return frame.assign(sex=rng.choice(["f", "m"], n), diagnosis=np.where(sick, "sick", "well"))

    members = patients(200)
    sets = {"members": members, "others": patients(150), "fresh": patients(150), "copied": members.iloc[:120]}
    for name, frame in sets.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def compared(tables: Path) -> Path:
    sets = ["--members", tables / "members.csv", "--nonmembers", tables / "others.csv", "--label", "diagnosis"]
    candidates = [tables / "fresh.csv", f"leak={tables / 'copied.csv'}"]
    done = call("audit", "compare", *candidates, *sets, *QUICK, "--out", tables / "c")
    assert done.exit_code == 0, done.stderr
    return tables / "c"


def test_tables_are_audited_and_compared_by_one_command(compared: Path) -> None:
    facts = json.loads((compared / "comparison.json").read_text())
    assert {each["name"]: each["outcome"] for each in facts["audits"]}["leak"] == "fail"
    assert "onfidential" in (compared / "comparison.html").read_text()
    for name in ("fresh", "leak"):
        alone = json.loads((compared / name / "audit.json").read_text())
        assert "confidential" in alone["confidential"]
        assert (compared / name / "model-card.md").read_text().startswith("# Model card")


def test_finished_audits_are_compared_and_drawn_anew_without_the_records(compared: Path, tmp_path: Path) -> None:
    done = call("audit", "compare", f"a={compared / 'fresh'}", compared / "leak" / "audit.json", "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    names = [each["name"] for each in json.loads((tmp_path / "comparison.json").read_text())["audits"]]
    assert names == ["a", "audit"]
    before = (compared / "fresh" / "audit.html").read_text()
    done = call("audit", "report", compared / "fresh", "--name", "fresh")
    assert done.exit_code == 0, done.stderr
    assert (compared / "fresh" / "audit.html").read_text() == before


def test_everything_wrong_with_a_comparison_is_told_at_once(tables: Path, tmp_path: Path) -> None:
    done = call("audit", "compare", tables / "fresh.csv", "--out", tmp_path / "c")
    assert done.exit_code == 2
    assert "--members" in done.stderr
    assert "--nonmembers" in done.stderr
    twice = [tables / "fresh.csv", tables / "fresh.csv"]
    done = call("audit", "compare", "nowhere.csv", *twice, "--out", tmp_path / "c")
    assert done.exit_code == 2
    assert "2 problems" in done.stderr
    assert not (tmp_path / "c").exists()


def test_a_claim_comes_in_numbers_or_from_a_ledger_but_not_halved(tmp_path: Path) -> None:
    from conditioned_gen.ledger import Entry, Ledger

    said = read_claim(epsilon=1.0, delta=1e-5, unit="patient", ledger=None)
    assert said is not None
    assert (said.epsilon, said.unit) == (1.0, "patient")
    assert read_claim(epsilon=None, delta=None, unit="cell", ledger=None) is None
    with pytest.raises(InputError, match="half a guarantee"):
        read_claim(epsilon=1.0, delta=None, unit="cell", ledger=None)
    ledger = Ledger("donor", 10.0, 1e-5, private=False, entries=[Entry("sum", 1.0, 2.0, 5)])
    (tmp_path / "ledger.json").write_text(json.dumps(ledger.to_json()))
    (tmp_path / "model.json").write_text(json.dumps({"ledger": ledger.to_json()}))
    for place in (tmp_path / "ledger.json", tmp_path):
        told = read_claim(epsilon=None, delta=None, unit="cell", ledger=place)
        assert told is not None
        assert told.epsilon == pytest.approx(ledger.epsilon)
        assert (told.unit, told.is_private) == ("donor", False)
    (tmp_path / "ledger.json").write_text("{}")
    with pytest.raises(InputError, match="no ledger"):
        read_claim(epsilon=None, delta=None, unit="cell", ledger=tmp_path / "ledger.json")


def test_regulations_come_from_tables_with_signs_in_either_spelling(tmp_path: Path) -> None:
    (tmp_path / "e.tsv").write_text("regulator\ttarget\tsign\nSPI1\tLYZ\t+1\nGATA1\tHBB\trepression\nFOS\tJUN\t\n")
    edges = read_edges(file=tmp_path / "e.tsv", graph=None)
    assert [tuple(edge) for edge in edges] == [("SPI1", "LYZ", 1), ("GATA1", "HBB", -1), ("FOS", "JUN", 0)]
    (tmp_path / "n.csv").write_text("regulator,target,sign\nSPI1,LYZ,1\nGATA1,HBB,-1\n")
    assert [edge.sign for edge in read_edges(file=tmp_path / "n.csv", graph=None)] == [1, -1]
    (tmp_path / "w.csv").write_text("regulator,target,sign\nA,B,up\n")
    with pytest.raises(InputError, match="'up'"):
        read_edges(file=tmp_path / "w.csv", graph=None)
    (tmp_path / "c.csv").write_text("tf,gene\nA,B\n")
    with pytest.raises(InputError, match="columns regulator and target"):
        read_edges(file=tmp_path / "c.csv", graph=None)


def test_the_column_of_the_treatment_is_handed_to_its_metric() -> None:
    assert plugins_with("stim").metrics["perturbation"].column == "stim"  # type: ignore[attr-defined]
    assert "perturbation" not in plugins_with(None).metrics


def test_cells_and_tables_are_not_mixed(tables: Path, tmp_path: Path) -> None:
    (tmp_path / "s.h5ad").write_bytes(b"")
    sets = ["--members", tables / "members.csv", "--nonmembers", tables / "others.csv"]
    done = call("audit", "run", *sets, "--synthetic", tmp_path / "s.h5ad", "--out", tmp_path / "a")
    assert done.exit_code == 2
    assert "no table, as other sets are" in done.stderr


def test_all_kinds_of_instruments_are_listed() -> None:
    rows = json.loads(call("audit", "attacks", "--format", "json").stdout)
    assert {row["kind"] for row in rows} == {"attack", "metric", "risk"}
    when = {row["name"]: row["run"] for row in rows}
    assert (when["dcr"], when["domias"], when["edges"]) == ("always", "with a reference set", "with a graph")
    assert (when["grn_recovery"], when["randomised_secret"]) == ("if asked for", "with a handle on the model")
