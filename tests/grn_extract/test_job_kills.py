"""A job on a failing server, killed again and again: each text ends once, no answer the job had is asked for again.

The server is a process of its own that writes down every call before it answers. A call is *repeated* where its reply
was in the job's state when it was sent. A call whose reply was under way when the job was killed is counted apart:
the server may have charged for it, and nobody could know the answer.

    pytest tests/grn_extract/test_job_kills.py -s       # prints the figures
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from grn_extract import CooccurrenceReader, Document, open_reader
from grn_extract.jobs import DroppedStatements, JobBudget, JobState, Limits, ThreadEngine, run_job, text_reader
from kg import open_store

# Imported and loaded before any process is forked, so that it is done once and not after each kill.
pytest.importorskip("langchain_openai")
pytest.importorskip("langchain.chat_models")
list(CooccurrenceReader().read([Document("", "", "SPI1 activates LYZ.", "test")]))

GENES = ("GATA1", "SPI1", "KLF1", "TP53", "MYC", "STAT3", "LYZ", "HBB", "CD14", "IRF8", "RUNX1", "TAL1", "EGR1", "FOS")
FAULTS, READERS = 0.3, 6


def texts(count: int) -> list[Document]:
    """Short texts, no two alike, each with one regulation."""
    rng = random.Random(11)
    made = []
    for n in range(count):
        one, other = rng.sample(GENES, 2)
        verb = rng.choice(("activates", "represses", "induces", "may inhibit", "does not activate"))
        made.append(Document(f"t{n:04}", "", f"Sample {n} was stained. {one} {verb} {other} in it.", "test"))
    return made


def read_all(folder: Path, url: str, documents: list[Document], retry: bool) -> None:
    """One run of the job, in a process of its own."""
    with JobState(folder / "job") as state, open_store(folder / "grn.db") as graph:
        budget = JobBudget(Limits(), state.spent(), folder=folder)
        dropped = DroppedStatements()
        options = {"timeout": 0.5, "backoff": 0.01, "retries": 8}
        reader = open_reader("openai:double", base_url=url, log=state, budget=budget, quarantine=dropped, **options)
        engine = ThreadEngine(text_reader(reader, dropped), budget, readers=READERS)
        run_job(state, engine, documents, settings="", graph=graph, budget=budget, retry=retry)


def start(folder: Path, url: str, documents: list[Document], *, retry: bool = False) -> multiprocessing.Process:
    folder.mkdir(exist_ok=True)
    process = multiprocessing.get_context("fork").Process(target=read_all, args=(folder, url, documents, retry))
    process.start()
    return process  # type: ignore[return-value]


def finish(folder: Path, url: str, documents: list[Document], *, retry: bool = False) -> None:
    process = start(folder, url, documents, retry=retry)
    process.join(300)
    assert process.exitcode == 0


class Server:
    """The double as a process, and what it wrote down."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.log = folder / "calls.jsonl"
        double = Path(__file__).parent / "servers" / "openai_double.py"
        words = ("--faults", str(FAULTS), "--seed", "5", "--hang", "0.7", "--log", str(self.log))
        command = [sys.executable, str(double), *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/v1"

    def calls(self) -> list[dict[str, object]]:
        lines = self.log.read_text().splitlines(keepends=True) if self.log.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two doubles that fail alike: one for the undisturbed job, one for the killed."""
    pair = Server(tmp_path / "a"), Server(tmp_path / "b")
    yield pair
    for server in pair:
        server.close()


def known_calls(folder: Path) -> set[str]:
    """The keys of the replies that the state of a killed job holds."""
    path = folder / "job" / "state.db"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as state:
        if not state.execute("SELECT 1 FROM sqlite_master WHERE name = 'call'").fetchone():
            return set()
        return {key for (key,) in state.execute("SELECT key FROM call")}


def kill_after(process: multiprocessing.Process, server: Server, calls: int, deadline: float) -> bool:
    """Kill -9 once the server has been asked so often; whether the process was still at work then."""
    while process.is_alive() and time.monotonic() < deadline:
        if server.log.exists() and server.log.read_bytes().count(b"\n") >= calls:
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
            return process.exitcode == -signal.SIGKILL
        time.sleep(0.003)
    return False


def graph_ids(folder: Path) -> set[str]:
    with open_store(folder / "grn.db") as graph:
        return {item.id for item in graph.evidence()}


def ends(folder: Path) -> Counter[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "job" / "state.db")) as state:
        return Counter(state.execute("SELECT document, state FROM text").fetchall())


@pytest.mark.parametrize(("count", "kills"), [(80, 5), pytest.param(1000, 20, marks=pytest.mark.slow)])
def test_killed_at_random_points_a_job_on_a_failing_server_ends_as_the_undisturbed_one(
    tmp_path: Path, servers: tuple[Server, Server], count: int, kills: int
) -> None:
    documents = texts(count)
    calm, rough = servers
    finish(tmp_path / "calm", calm.url, documents)
    asked = len(calm.calls())

    points = sorted(random.Random(3).sample(range(1, asked), kills))
    killed, lost, repeated, seen = 0, 0, 0, 0
    known: set[str] = set()
    for point in points:
        process = start(tmp_path / "rough", rough.url, documents)
        killed += kill_after(process, rough, point, time.monotonic() + 120)
        process.join(60)
        calls = rough.calls()
        # Between two kills: what the state held before must not be asked for.
        repeated += sum(call["key"] in known for call in calls[seen:])
        known_now = known_calls(tmp_path / "rough")
        answered = {call["key"] for call in calls[seen:] if call["paid"] and call["delivered"]}
        lost += len(answered - known_now - known)
        known, seen = known_now, len(calls)
    finish(tmp_path / "rough", rough.url, documents)
    repeated += sum(call["key"] in known for call in rough.calls()[seen:])

    found = ends(tmp_path / "rough")
    assert set(found.values()) == {1}
    assert {state for _, state in found} <= {"read", "quarantined"}
    assert [document for document, _ in sorted(found)] == [document.id for document in documents]
    assert repeated == 0
    assert killed == kills
    quarantined = sum(state == "quarantined" for _, state in found)
    print(
        f"\n{count} texts, {FAULTS:.0%} faults, {killed} kills: {count - quarantined} read, {quarantined} quarantined; "
        f"{len(rough.calls())} requests, {len(known_calls(tmp_path / 'rough'))} replies kept; repeated: {repeated}; "
        f"under way at a kill, paid for and asked again: {lost}"
    )
    assert lost <= kills * READERS

    for folder, server in ((tmp_path / "calm", calm), (tmp_path / "rough", rough)):
        for _ in range(8):
            if {state for _, state in ends(folder)} == {"read"}:
                break
            finish(folder, server.url, documents, retry=True)
    assert graph_ids(tmp_path / "rough") == graph_ids(tmp_path / "calm")
    assert len(graph_ids(tmp_path / "calm")) == count
