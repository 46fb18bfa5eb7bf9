"""Workers of a Ray cluster read what threads read; one that is killed costs its shard, and no answer."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grn_extract import Document, open_reader
from grn_extract.calls import Call, Reply
from grn_extract.jobs import (
    DroppedStatements,
    Engine,
    JobBudget,
    JobState,
    Limits,
    RayEngine,
    ThreadEngine,
    run_job,
    text_reader,
)
from grn_extract.jobs._shard import ShardLog, read_replies
from kg import export, open_store

ray = pytest.importorskip("ray")
pytest.importorskip("langchain_openai")

GENES = ("GATA1", "SPI1", "KLF1", "TP53", "MYC", "STAT3", "LYZ", "HBB")
TEXTS = [
    Document(f"t{n:03}", "", f"Sample {n}. {GENES[n % 8]} activates {GENES[(n + 1 + n // 8) % 8]}.", "test")
    for n in range(24)
    if (1 + n // 8) % 8
]
SHARD = 6


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """One cluster of two workers for all tests; stopped with all its processes."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray.init(
        num_cpus=2, object_store_memory=80 * 2**20, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
    )
    yield
    ray.shutdown()


@pytest.fixture
def double_server() -> Iterator[tuple[str, Any]]:
    """A server that answers after 30 ms, and what it was asked."""
    file = Path(__file__).parent / "servers" / "openai_double.py"
    spec = importlib.util.spec_from_file_location("openai_double", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["openai_double"] = module
    spec.loader.exec_module(module)
    double = module.Double(latency=0.03)
    with module.running(double) as url:
        yield url, double


def read(folder: Path, reader: str, engine: str, limits: Limits | None = None, **options: object) -> bytes:
    """The evidence of a job, as a file of JSON lines."""
    with JobState(folder / "job") as state, open_store(folder / "grn.db") as graph:
        budget = JobBudget(limits or Limits(), state.spent(), dearest=state.dearest())
        chosen: Engine
        if engine == "ray":
            chosen = RayEngine(reader, options, state, budget, readers=2, shard=SHARD)
        else:
            dropped = DroppedStatements()
            opened = open_reader(reader, **options, **({"log": state, "budget": budget} if options else {}))
            read_text = text_reader(opened, dropped, budget=None if options else budget)
            chosen = ThreadEngine(read_text, budget, readers=2)
        run_job(state, chosen, TEXTS, settings="", graph=graph, budget=budget)
        export(graph.grn(), "jsonl", folder / "evidence.jsonl")
    return (folder / "evidence.jsonl").read_bytes()


@pytest.mark.slow
def test_workers_write_the_same_bytes_as_threads(cluster: None, tmp_path: Path) -> None:
    one = read(tmp_path / "threads", "cooccurrence", "threads")
    other = read(tmp_path / "ray", "cooccurrence", "ray")
    assert one == other != b""
    assert list((tmp_path / "ray" / "job" / "shards").iterdir()) == []


@pytest.mark.slow
def test_a_killed_worker_costs_one_shard_and_no_answer(
    cluster: None, tmp_path: Path, double_server: tuple[str, Any]
) -> None:
    url, double = double_server
    options = {"base_url": url, "timeout": 5.0}
    killed: list[int] = []
    killer = threading.Thread(target=_kill_a_worker, args=(tmp_path / "ray" / "job" / "shards", killed))
    killer.start()
    read(tmp_path / "ray", "openai:double", "ray", **options)
    killer.join()
    assert len(killed) == 1
    calls = [call["key"] for call in double.calls]
    # The call that was under way when its worker died is the only one that may come twice.
    assert len(calls) - len(set(calls)) <= 1
    with JobState(tmp_path / "ray" / "job") as state:
        assert state.quarantined() == []
        assert state.spent().calls == len(set(calls))
    read(tmp_path / "threads", "openai:double", "threads", **options)
    with open_store(tmp_path / "ray" / "grn.db") as one, open_store(tmp_path / "threads" / "grn.db") as other:
        assert [item.id for item in one.evidence()] == [item.id for item in other.evidence()]
        assert len(list(one.evidence())) == len(TEXTS)


@pytest.mark.slow
def test_workers_together_stay_inside_the_budget(cluster: None, tmp_path: Path, double_server: tuple[str, Any]) -> None:
    url, double = double_server
    read(tmp_path, "openai:double", "ray", Limits(calls=11), base_url=url, timeout=5.0)
    assert 0 < len(double.calls) <= 11


def test_a_line_that_a_kill_cut_off_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.calls.jsonl"
    first, second = (Call("m", (("user", str(n)),), "{}", "{}") for n in range(2))
    log = ShardLog(path, {})
    log.keep(first, Reply("one"), "d")
    log.close()
    path.write_bytes(path.read_bytes() + b'\n{"schema": 1, "key"')
    log = ShardLog(path, {})
    assert log.find(first.key) == Reply("one")
    log.keep(second, Reply("two"), "d")
    log.close()
    assert [item.reply.text for item in read_replies(path)] == ["one", "two"]


def _kill_a_worker(shards: Path, killed: list[int]) -> None:
    """Kill -9 a worker that has had a few answers for its shard."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if any(path.read_bytes().count(b"\n") >= 3 for path in shards.glob("*.calls.jsonl")):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    name = (process / "cmdline").read_bytes()
                except OSError:
                    continue
                if name.startswith(b"ray::read_shard"):
                    os.kill(int(process.name), signal.SIGKILL)
                    killed.append(int(process.name))
                    return
        time.sleep(0.01)
