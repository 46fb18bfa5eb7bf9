"""The whole demo, run as a user runs it: its files agree with each other, and a kill at any stage changes nothing."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import networkx as nx
import numpy as np
import pytest

from cohort import PBMC68K_TYPES, pbmc68k
from conditioned_gen import Ledger, load
from kg import open_store, read
from prisyn.pipeline import STAGES

Prisyn = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow

FILES = (
    "extract/evidence.jsonl",
    "extract/evaluation.json",
    "graph/edges.tsv",
    "graph/grn.graphml",
    "graph/grn.db",
    "model/model.json",
    "synthetic.h5ad",
    "audit.json",
    "audit.html",
    "run.json",
    "run.yaml",
)


def run_demo(out: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The demo in a process of its own."""
    command = [sys.executable, "-m", "prisyn", "demo", "--out", str(out), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=1800, check=False)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """The folder of one undisturbed demo, run once for all tests."""
    out = tmp_path_factory.mktemp("demo") / "out"
    done = run_demo(out, {**environment, "PYTHONHASHSEED": "1"})
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    (out.parent / "stderr").write_text(done.stderr)
    return out


def load_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def values(out: Path) -> tuple[Any, list[str], list[str]]:
    """What a synthetic cohort is: its counts, genes and types."""
    adata = anndata.read_h5ad(out / "synthetic.h5ad")
    matrix = adata.X if isinstance(adata.X, np.ndarray) else adata.X.toarray()
    return matrix, list(adata.var_names), list(adata.obs["cell_type"].astype(str))


def assert_same_result(one: Path, other: Path) -> None:
    """Equal in everything that is a result: seconds and paths may differ."""
    for name in ("extract/evidence.jsonl", "extract/evaluation.json", "graph/edges.tsv", "graph/grn.graphml"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert (one / "model" / "model.safetensors").read_bytes() == (other / "model" / "model.safetensors").read_bytes()
    first, second = values(one), values(other)
    assert np.array_equal(first[0], second[0])
    assert first[1:] == second[1:]
    judged = [load_json(out / "audit.json") for out in (one, other)]
    for facts in judged:
        del facts["timing"]
    assert judged[0] == judged[1]


def test_the_promised_files_are_there_and_whole(demo: Path) -> None:
    assert [name for name in FILES if not (demo / name).is_file()] == []
    assert [path for path in demo.rglob(".*") if path.name != ".stages" and ".stages" not in path.parts] == []


def test_nobody_is_told_less_than_what_to_open_next(demo: Path) -> None:
    said = (demo.parent / "stderr").read_text()
    for stage in STAGES:
        assert f" {stage}: starts (never finished)" in said
        assert f" {stage}: done in " in said
    for name in ("audit.html", "synthetic.h5ad", "graph/edges.tsv", "run.json"):
        assert str(demo / name) in said
    assert "not private" in said
    assert "Warning" not in said
    accuracy = load_json(demo / "run.json")["accuracy"]
    assert f"gets {accuracy['synthetic']:.2f} of unseen cells' types right" in said
    assert f"on members {accuracy['members']:.2f}" in said
    assert 0.5 < accuracy["synthetic"] < accuracy["members"]


def test_the_graph_files_hold_the_same_graph(demo: Path) -> None:
    with (demo / "graph/edges.tsv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    graph = nx.read_graphml(demo / "graph/grn.graphml")
    with open_store(demo / "graph/grn.db") as store:
        grn = store.grn()
    pairs = {(edge.regulator.curie, edge.target.curie) for edge in grn.edges()}
    assert pairs == {(row["regulator_id"], row["target_id"]) for row in rows} == set(graph.edges())
    assert len(pairs) > 300
    read_back = read("jsonl", demo / "extract/evidence.jsonl").evidence
    assert {item.id for item in read_back} == {item.id for item in grn.evidence}


def test_both_the_language_model_and_the_database_were_read(demo: Path) -> None:
    readers = {item.provenance.reader for item in read("jsonl", demo / "extract/evidence.jsonl").evidence}
    assert readers == {"embedded", "trrust"}
    measured = load_json(demo / "extract/evaluation.json")["measured"]
    assert measured["documents"] >= 40
    assert measured["calls"] > 100
    assert 0 <= measured["f1_ci"][0] <= measured["f1"] <= measured["f1_ci"][1] <= 1


def test_the_synthetic_cohort_has_the_private_panels_genes_and_types(demo: Path) -> None:
    counts, genes, types = values(demo)
    assert tuple(genes) == pbmc68k().genes
    assert set(types) <= set(PBMC68K_TYPES)
    assert len(set(types)) >= 8
    assert 200 < len(counts) < 700
    assert np.array_equal(counts, np.rint(counts))
    assert counts.min() >= 0


def test_epsilon_is_the_same_in_ledger_record_audit_and_report(demo: Path) -> None:
    record, audit = load_json(demo / "run.json"), load_json(demo / "audit.json")
    ledger = load(demo / "model").ledger
    assert record["epsilon"] == pytest.approx(Ledger.from_json(record["ledger"]).epsilon)
    assert record["epsilon"] == pytest.approx(ledger.epsilon)
    assert audit["claim"]["epsilon"] == pytest.approx(ledger.epsilon)
    assert 0 < ledger.epsilon <= 5 * (1 + 1e-9)
    assert record["delta"] == ledger.delta == 1e-5
    assert ledger.statement().split(",")[0] in (demo / "audit.html").read_text(encoding="utf-8")


def test_a_fixed_noise_seed_is_admitted_everywhere(demo: Path) -> None:
    record, audit = load_json(demo / "run.json"), load_json(demo / "audit.json")
    assert record["private"] is False
    assert record["seeds"]["noise_seed"] is not None
    assert audit["claim"]["is_private"] is False
    assert "guarantee does not hold" in (demo / "audit.html").read_text(encoding="utf-8").lower()


def test_the_report_is_one_file_that_loads_nothing(demo: Path) -> None:
    page = (demo / "audit.html").read_text(encoding="utf-8")
    for loads in ('src="http', "src='http", "<script", "@import", 'href="http', "url(http"):
        assert loads not in page
    for part in (
        "The ledger",
        "What was public",
        "The graph",
        "Edges and their evidence",
        "How well the texts were read",
    ):
        assert part in page


def test_the_record_names_versions_seconds_and_the_verdict(demo: Path) -> None:
    record = load_json(demo / "run.json")
    assert set(record["stages"]) == set(STAGES)
    assert all(stage["seconds"] >= 0 for stage in record["stages"].values())
    assert {"prisyn", "python", "numpy", "torch"} <= set(record["versions"])
    assert record["verdict"] in {"pass", "fail", "cannot tell"}
    assert record["verdict"] == load_json(demo / "audit.json")["verdict"]["outcome"]


def test_the_demos_own_run_file_has_nothing_left_to_do(demo: Path, prisyn: Prisyn) -> None:
    before = {path: path.stat().st_mtime_ns for path in demo.rglob("*") if path.is_file()}
    dry = prisyn("run", demo / "run.yaml", "--dry-run")
    assert dry.returncode == 0
    assert dry.stdout.count("already done") == len(STAGES)
    assert {path: path.stat().st_mtime_ns for path in demo.rglob("*") if path.is_file()} == before
    again = prisyn("run", demo / "run.yaml")
    assert again.returncode == 0
    assert again.stderr.count("already done") == len(STAGES)
    changed = {path.name for path, at in before.items() if path.stat().st_mtime_ns != at}
    assert changed <= {"run.json", "lock"}


def test_a_dry_run_names_the_setting_that_changed(demo: Path, prisyn: Prisyn, tmp_path: Path) -> None:
    text = (demo / "run.yaml").read_text(encoding="utf-8")
    changed = text.replace("epsilon: 5 ", "epsilon: 6 ").replace('out: "."', f"out: {json.dumps(str(demo))}")
    assert changed != text
    (tmp_path / "run.yaml").write_text(changed, encoding="utf-8")
    said = prisyn("run", tmp_path / "run.yaml", "--dry-run").stdout
    lines = {line.split()[0]: line for line in said.splitlines()[1:]}
    assert "settings changed: epsilon 5.0 -> 6.0" in lines["fit"] or "settings changed: epsilon 5 -> 6" in lines["fit"]
    assert "fit runs before it" in lines["sample"]
    assert "already done" in lines["extract"]


def test_measuring_the_same_cells_again_is_added_up(prisyn: Prisyn, tmp_path: Path) -> None:
    """A run with real noise, and another at another epsilon into the same folder: both models are out in the world."""
    assert prisyn("init", tmp_path / "run.yaml").returncode == 0
    text = (tmp_path / "run.yaml").read_text(encoding="utf-8").replace("corpus: example ", "corpus: null ")
    for epsilon in (5, 7):
        (tmp_path / "run.yaml").write_text(text.replace("epsilon: 5 ", f"epsilon: {epsilon} "), encoding="utf-8")
        done = prisyn("run", tmp_path / "run.yaml")
        assert done.returncode == 0, done.stderr
        assert "may be published: model/, synthetic.h5ad" in done.stderr
    assert "measured once before in this folder: all models together: epsilon 12" in done.stderr
    record = load_json(next(tmp_path.rglob("run.json")))
    assert [ledger["epsilon"] for ledger in record["earlier_ledgers"]] == [pytest.approx(5, rel=1e-6)]
    assert record["private"]
    assert record["verdict"] in ("pass", "fail", "cannot tell")


def test_the_same_seed_gives_the_same_result_and_another_seed_another(
    demo: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    for name in ("again", "other"):
        # The texts are read once; what is compared here comes after, and the kill test reads them anew.
        subprocess.run(["cp", "-r", str(demo), str(tmp_path / name)], check=True)
        for stage in STAGES[1:]:
            (tmp_path / name / ".stages" / f"{stage}.json").unlink()
    hashed = {**environment, "PYTHONHASHSEED": "2"}
    again = run_demo(tmp_path / "again", hashed)
    assert "extract: already done" in again.stderr
    assert_same_result(demo, tmp_path / "again")
    other = run_demo(tmp_path / "other", hashed, "--seed", "2")
    assert other.returncode == 0, other.stderr
    assert (demo / "graph/edges.tsv").read_bytes() == (tmp_path / "other" / "graph/edges.tsv").read_bytes()
    first, second = values(demo)[0], values(tmp_path / "other")[0]
    assert first.shape != second.shape or not np.array_equal(first, second)


def _start_and_kill(out: Path, environment: dict[str, str], stage: str, delay: float) -> tuple[int, str]:
    """Run the demo, and kill -9 it `delay` seconds after `stage` starts; its exit code and what it had said."""
    command = [sys.executable, "-m", "prisyn", "demo", "--out", str(out)]
    said: list[str] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if f" {stage}: starts" in line:
                timer = threading.Timer(delay, os.kill, (process.pid, signal.SIGKILL))
                timer.start()
                break
        said.append(process.stderr.read())
    timer.cancel()
    return process.returncode, "".join(said)


def test_killed_in_each_stage_the_same_command_goes_on_to_the_same_end(
    demo: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    seconds = {name: stage["seconds"] for name, stage in load_json(demo / "run.json")["stages"].items()}
    rng = random.Random(7)
    out = tmp_path / "out"
    killed = 0
    finished: set[str] = set()
    for stage in STAGES:
        code, said = _start_and_kill(out, environment, stage, rng.uniform(0.0, 0.6) * seconds[stage])
        killed += code == -signal.SIGKILL
        for earlier in finished:
            assert f" {earlier}: already done" in said, f"{earlier} was repeated"
        finished |= {name for name in STAGES if f" {name}: done in " in said}
    assert killed >= len(STAGES) - 1
    done = run_demo(out, environment)
    assert done.returncode == 0, done.stderr
    assert_same_result(demo, out)
