"""The way from a table of patients to a synthetic one, on the command line."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from typer.testing import CliRunner

from cohort import read_schema, read_table
from prisyn.cli import app

RUN = CliRunner(env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Tumours in a file, a confirmed schema beside it, and a model of them."""
    folder = tmp_path_factory.mktemp("tumours")
    frame = load_breast_cancer(as_frame=True).frame[["mean radius", "mean texture", "mean smoothness", "target"]]
    frame.assign(target=frame["target"].map({0: "malignant", 1: "benign"})).to_csv(folder / "t.csv", index=False)
    assert RUN.invoke(app, ["generate", "schema", f"{folder}/t.csv", "--out", f"{folder}/s.yaml"]).exit_code == 0
    text = (folder / "s.yaml").read_text()
    (folder / "confirmed.yaml").write_text(text.replace(", peeked: true", ""))
    return folder


def fit(folder, out, *more):
    given = [
        "--cohort",
        f"{folder}/t.csv",
        "--label",
        "target",
        "--delta",
        "1e-5",
        "--seed",
        "1",
        "--out",
        f"{folder}/{out}",
    ]
    return RUN.invoke(app, ["generate", "fit", *given, *more])


def test_a_table_goes_in_and_a_table_of_the_same_schema_comes_out(folder):
    done = fit(folder, "model", "--schema", f"{folder}/confirmed.yaml", "--epsilon", "5")
    assert done.exit_code == 0, done.output
    assert "(5, 1e-05)-differential privacy" in done.output
    sampled = ["generate", "sample", "--model", f"{folder}/model", "--n", "200", "--seed", "1"]
    assert RUN.invoke(app, [*sampled, "--out", f"{folder}/synthetic.csv"]).exit_code == 0
    schema = read_schema(folder / "confirmed.yaml")
    assert len(read_table(folder / "synthetic.csv", schema=schema, label="target")) == 200
    asked = ["--where", "target=malignant", "--out", f"{folder}/some.csv"]
    assert RUN.invoke(app, [*sampled, *asked]).exit_code == 0
    assert set(pd.read_csv(folder / "some.csv")["target"]) == {"malignant"}
    refused = RUN.invoke(app, [*sampled, "--where", "target=bad", "--where", "size=3", "--out", f"{folder}/no.csv"])
    assert refused.exit_code == 2
    assert "2 problems" in refused.output
    assert not (folder / "no.csv").exists()


def test_a_proposal_is_not_enough_for_a_promise(folder):
    for more in (["--schema", f"{folder}/s.yaml"], []):
        refused = fit(folder, "none", "--epsilon", "5", *more)
        assert refused.exit_code == 2
        assert "read off the records: mean radius" in refused.output
    assert not (folder / "none").exists()


def test_methods_that_do_not_suit_are_told_with_all_else_that_is_wrong(folder):
    schema = ["--schema", f"{folder}/confirmed.yaml", "--epsilon", "5"]
    refused = fit(folder, "none", *schema, "--method", "grn_subspace", "--rare", "merge")
    assert refused.exit_code == 2
    assert "grn_subspace, for tables" in refused.output
    assert "merge, for a table" in refused.output
    assert "protects nobody" in fit(folder, "none", *schema, "--method", "pgan").output
    again = RUN.invoke(app, ["generate", "schema", f"{folder}/t.csv", "--out", f"{folder}/s.yaml"])
    assert again.exit_code == 2
