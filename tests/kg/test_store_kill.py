"""An import that is killed leaves whole batches, and the same import again completes it."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from kg import Effect, Evidence, Gene, Provenance
from kg.stores.embedded import EmbeddedStore
from kg.stores.neo4j import Neo4jStore

BATCH = 30
STATEMENTS = 600


def statements() -> list[Evidence]:
    """No two edges alike, so that every batch writes genes, evidence and edges."""
    tf = Gene("HGNC:4170", "GATA1", "human")
    targets = [Gene(f"HGNC:{n}", f"T{n}", "human") for n in range(STATEMENTS)]
    return [Evidence(tf, gene, Effect.UNKNOWN, "d", gene.symbol, Provenance("trrust")) for gene in targets]


def small_batches(url: str):
    return Neo4jStore(url, batch=BATCH, retry=5) if "://" in url else EmbeddedStore(Path(url), batch=BATCH)


def import_all(url: str, handed_over) -> None:
    def counted():
        for item in statements():
            handed_over.value += 1
            yield item

    with small_batches(url) as store:
        store.add(counted())
    os._exit(0)


def kill_an_import(url: str, after: int, later: float) -> None:
    """Kill an import so many seconds after it has handed over so many statements.

    It runs in a fork: twenty interpreters would take a minute.
    """
    context = multiprocessing.get_context("fork")
    handed_over = context.Value("i", 0, lock=False)
    process = context.Process(target=import_all, args=(url, handed_over))
    process.start()
    until = time.monotonic() + 120
    while handed_over.value < after and time.monotonic() < until:
        time.sleep(0.0001)
    time.sleep(later)
    os.kill(process.pid, signal.SIGKILL)
    process.join()


@pytest.fixture
def forget(graph_url, tmp_path):
    """Empties the graph between two imports."""

    def again() -> None:
        if "://" in graph_url:
            with small_batches(graph_url) as store:
                store.connection.write(lambda work: work.run("MATCH (n) WHERE NOT n:PriSyn DETACH DELETE n").consume())
        else:
            for path in tmp_path.iterdir():
                path.unlink()

    return again


@pytest.mark.slow
def test_an_import_killed_at_twenty_points_leaves_whole_batches_and_is_completed(graph_url, forget):
    chance = random.Random(20)
    cut_short = 0
    for _ in range(20):
        forget()
        kill_an_import(graph_url, chance.randrange(STATEMENTS), chance.uniform(0, 0.01))
        with small_batches(graph_url) as store:
            kept = list(store.evidence())
            assert len(kept) % BATCH == 0
            assert {item.quote for item in kept} == {f"T{n}" for n in range(len(kept))}
            cut_short += 0 < len(kept) < STATEMENTS
            assert store.add(statements()) == STATEMENTS - len(kept)
            assert len(store.grn()) == STATEMENTS
    assert cut_short >= 10
