"""`prisyn audit` with real files: tables, claims, ledgers, regulations, comparisons."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from prisyn._audit_inputs import plugins_with, read_claim, read_edges
from prisyn._audit_sets import read_frame, read_target
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
    done = call("audit", "report", compared / "fresh")
    assert (compared / "fresh" / "model-card.md").read_text().startswith("# Model card: fresh\n")
    assert done.exit_code == 0, done.stderr
    assert (compared / "fresh" / "audit.html").read_text() == before
    assert not (compared / "fresh" / ".unfinished").exists()


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


def test_problems_of_files_and_of_sets_are_told_together_by_role_and_file(tables: Path, tmp_path: Path) -> None:
    sets = ["--members", tables / "members.csv", "--nonmembers", tables / "members.csv", "--label", "sickness"]
    done = call("audit", "run", *sets, "--synthetic", tmp_path / "none.csv", "--out", tmp_path / "a")
    assert done.exit_code == 2
    assert f"synthetic: {tmp_path / 'none.csv'}: found no such file" in done.stderr
    assert f"members: {tables / 'members.csv'}: found no label column 'sickness'" in done.stderr
    assert "ast, sex, diagnosis" in done.stderr
    assert f"nonmembers: {tables / 'members.csv'}: found 200 records that are members too" in done.stderr


def test_a_csv_of_a_spreadsheet_is_read_by_its_separator_and_decimal_mark(tables: Path, tmp_path: Path) -> None:
    plain = pd.read_csv(tables / "members.csv")
    for name, options in {"a": {"sep": ";"}, "b": {"sep": ";", "decimal": ","}, "c": {"sep": "\t"}}.items():
        plain.to_csv(tmp_path / f"{name}.csv", index=False, **options)
        pd.testing.assert_frame_equal(read_frame(tmp_path / f"{name}.csv"), plain)
    plain[["age"]].to_csv(tmp_path / "one.csv", index=False)
    pd.testing.assert_frame_equal(read_frame(tmp_path / "one.csv"), plain[["age"]])


def test_synthetic_cells_of_one_type_may_be_audited(tmp_path: Path) -> None:
    from cohort import make_cohort, write_cohort

    rng = np.random.default_rng(0)
    for role, types in {"members": "ab", "nonmembers": "ab", "synthetic": "aa"}.items():
        cells = [f"{role}{row}" for row in range(60)]
        genes = [f"G{column}" for column in range(25)]
        cohort = make_cohort(rng.poisson(1.0, (60, 25)), genes=genes, labels=list(types) * 30, cells=cells)
        write_cohort(cohort, tmp_path / f"{role}.h5ad")
    paths = {role: tmp_path / f"{role}.h5ad" for role in ("members", "nonmembers", "synthetic")}
    said = read_target(paths, label="cell_type", donor=None).check()
    assert any("all records are of one type (a)" in line for line in said)


def test_a_stopped_audit_goes_on_where_it_was_unless_anything_changed(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"members": "members", "nonmembers": "others", "synthetic": "fresh"}
    sets = [word for role, name in names.items() for word in (f"--{role}", tables / f"{name}.csv")]

    def stop(*parts: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("audit.run.run_risk", stop)
    for seed, before in (("0", False), ("0", True), ("1", False)):
        done = call("audit", "run", *sets, *QUICK, "--seed", seed, "--out", tmp_path)
        assert done.exit_code == 130
        assert ("attack: Closest record (from before)" in done.stderr) == before
    assert [path.name for path in tmp_path.iterdir()] == [".unfinished"]
    assert len(list((tmp_path / ".unfinished").iterdir())) == 1


def test_each_compared_set_has_its_claim_and_a_line_of_its_own(tables: Path, tmp_path: Path) -> None:
    from conditioned_gen.ledger import Entry, Ledger

    ledger = Ledger("record", 10.0, 1e-5, private=True, entries=[Entry("sum", 1.0, 2.0, 5)])
    (tmp_path / "ledger.json").write_text(json.dumps(ledger.to_json()))
    sets = ["--members", tables / "members.csv", "--nonmembers", tables / "others.csv"]
    candidates = [f"a={tables / 'fresh.csv'}", f"b={tables / 'copied.csv'}"]
    claims = ["--claim-epsilon", "1", "--claim-delta", "1e-5", "--ledger", f"b={tmp_path / 'ledger.json'}"]
    command = ["audit", "compare", *candidates, *sets, *QUICK, *claims, "--format", "json", "--out", tmp_path / "c"]
    done = call(*command)
    assert done.exit_code == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["a"]["claimed_epsilon"] == 1.0
    assert rows["b"]["claimed_epsilon"] == pytest.approx(ledger.epsilon)
    assert rows["b"]["verdict"] == "fail"
    assert "FAIL:" in done.stderr
    wrong = call("audit", "compare", *candidates, *sets, "--ledger", f"d={tmp_path / 'ledger.json'}", "--out", tmp_path)
    assert wrong.exit_code == 2
    assert "a NAME of a, b" in wrong.stderr


@pytest.mark.parametrize(("split", "limit"), [("fixed", 2.0), ("coins", 1.0)])
def test_a_claim_is_held_against_what_its_split_allows(split: str, limit: float) -> None:
    claim = read_claim(epsilon=1.0, delta=1e-5, unit="record", ledger=None, coins=split == "coins")
    assert claim is not None
    assert claim.tested[0] == limit


def test_a_model_that_promises_nothing_is_no_claim(tmp_path: Path) -> None:
    from conditioned_gen.ledger import Ledger

    (tmp_path / "ledger.json").write_text(json.dumps(Ledger("cell", np.inf, 0.5).to_json()))
    assert read_claim(epsilon=None, delta=None, unit="cell", ledger=tmp_path / "ledger.json") is None


def test_all_kinds_of_instruments_are_listed() -> None:
    rows = json.loads(call("audit", "attacks", "--format", "json").stdout)
    assert {row["kind"] for row in rows} == {"attack", "metric", "risk"}
    when = {row["name"]: row["run"] for row in rows}
    assert (when["dcr"], when["domias"], when["edges"]) == ("always", "with a reference set", "with a graph")
    assert (when["grn_recovery"], when["randomised_secret"]) == ("if asked for", "with a handle on the model")
