"""`prisyn generate plan`, and fits under the budget it wrote."""

from __future__ import annotations

import json

import pytest

from cohort import PBMC68K_TYPES, pbmc68k, write_cohort

DECLARED = [word for name in PBMC68K_TYPES for word in ("--type", name)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("budget")
    write_cohort(pbmc68k(), folder / "cells.h5ad")
    return folder


def test_a_promise_is_divided_foretold_and_spent_once(prisyn, desk):
    budget = desk / "budget.json"
    planned = prisyn(
        *("generate", "plan", "--epsilon", "5", "--delta", "1e-5", "--units", "700", "--types", "10", "--genes", "765"),
        *("--release", "spring=2", "--release", "autumn=1", "--out", budget, "--format", "json"),
    )
    assert planned.returncode == 0, planned.stderr
    rows = json.loads(planned.stdout)
    assert {row["publication"] for row in rows} == {"spring", "autumn"}
    assert {"release", "statistic", "numbers", "noise", "error", "relative"} < set(rows[0])
    assert "all releases together: epsilon 5 at delta 1e-05" in planned.stderr

    def fit(release, out):
        return prisyn(
            *("generate", "fit", "--cohort", desk / "cells.h5ad", "--label", "cell_type", *DECLARED),
            *("--rare", "keep", "--budget", budget, "--release", release, "--seed", "1", "--out", desk / out),
        )

    assert "exp(3.954) p + 1e-05" in fit("spring", "spring").stderr
    again = fit("spring", "again")
    assert again.returncode == 2
    assert "still to be made: autumn" in again.stderr
    assert not (desk / "again").exists()
    last = fit("autumn", "autumn")
    assert "exp(5) p + 1e-05" in last.stderr
    assert "spring: centre" in prisyn("generate", "ledger", "--model", desk / "autumn", "--format", "tsv").stdout


def test_half_a_promise_or_two_is_refused(prisyn, desk):
    fit = [
        "generate",
        "fit",
        "--cohort",
        desk / "cells.h5ad",
        "--label",
        "cell_type",
        "--seed",
        "1",
        "--out",
        desk / "x",
    ]
    for given in (["--epsilon", "1"], ["--epsilon", "1", "--delta", "1e-5", "--budget", "b"], ["--budget", "b"], []):
        refused = prisyn(*fit, *given)
        assert refused.returncode == 2
        assert "give one of the two" in refused.stderr or "name a release" in refused.stderr


def test_a_budget_is_not_begun_anew(prisyn, desk):
    (desk / "there.json").write_text("{}")
    plan = ["generate", "plan", "--epsilon", "1", "--delta", "1e-5", "--units", "9", "--types", "1"]
    refused = prisyn(*plan, "--out", desk / "there.json")
    assert refused.returncode == 2
    assert "not begun anew" in refused.stderr
    assert (desk / "there.json").read_text() == "{}"
