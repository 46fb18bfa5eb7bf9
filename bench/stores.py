"""How fast the stores take in and answer, and what an edge costs.

    python -m bench.stores embedded [--edges 1000000] [--folder DIR]
    python -m bench.stores neo4j [--edges 50000]        needs NEO4J_URI, and a server whose content may be deleted

The graph is synthetic: distinct ordered pairs of 1,600 regulators, some of them hubs, and 20,000 targets, one sentence
each. `embedded` times `add` over a stream of statements (their ids included; making them, timed apart, is taken off),
then questions about targets drawn at random. `neo4j` times `add` beside a bare driver that MERGEs the same genes,
statements and edges with the same properties, in batches of the same size, under the same constraints, each into an
empty database.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kg import GRN, Effect, Evidence, Gene, Provenance
from kg._projection import edge_row, evidence_row, gene_row
from kg.stores.embedded import EmbeddedStore

SEED = 20261125
QUESTIONS = 2_000
ROUNDS = 3

_BARE = """
UNWIND $rows AS row
MERGE (r:Gene {curie: row.regulator.curie}) ON CREATE SET r = row.regulator
MERGE (t:Gene {curie: row.target.curie}) ON CREATE SET t = row.target
MERGE (s:Evidence {id: row.evidence.id}) ON CREATE SET s = row.evidence
MERGE (r)-[e:REGULATES]->(t) ON CREATE SET e = row.edge
"""


def statements(edges: int) -> Iterator[Evidence]:
    """One statement for each of so many distinct pairs."""
    chance = random.Random(SEED)
    genes = [Gene(f"HGNC:{n}", f"G{n}", "human") for n in range(20_000)]
    source = Provenance("embedded", "smollm2-135m", "pair-statement", "0123456789ab", 0.95)
    pairs: dict[tuple[int, int], None] = {}
    while len(pairs) < edges:
        pairs[int(1_600 * chance.random() ** 2), chance.randrange(20_000)] = None
    for n, (tf, target) in enumerate(pairs):
        quote = f"{genes[tf].symbol} raised {genes[target].symbol} in our cells, as the sentence numbered {n} says."
        paper = f"PMID:{10_000_000 + n // 3}"
        yield Evidence(
            genes[tf], genes[target], Effect.ACTIVATION, paper, quote, source, start=40, end=110, paper=paper
        )


def embedded(edges: int, folder: Path) -> dict[str, Any]:
    """Import, questions, size on disk and in memory."""
    path = folder / "bench.db"
    made = _seconds(lambda: deque(statements(edges), maxlen=0))
    with EmbeddedStore(path) as store:
        added = _seconds(lambda: store.add(statements(edges))) - made
        asked = _questions(store, random.Random(SEED))
    size = path.stat().st_size
    with EmbeddedStore(path) as store:
        tracemalloc.start()
        grn = store.grn()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return {
        "edges": len(grn),
        "import_evidence_per_s": round(edges / added),
        "with_making_them_per_s": round(edges / (added + made)),
        "statements_into_a_gene_ms": asked["evidence"],
        "edges_into_a_gene_ms": asked["edges"],
        "disk_bytes_per_edge": round(size / edges, 1),
        "memory_bytes_per_edge": round(held / edges, 1),
    }


def _questions(store: EmbeddedStore, chance: random.Random) -> dict[str, dict[str, float]]:
    """Milliseconds of asking for all statements into a gene, and of making edges with beliefs of them, too; warm."""
    targets = [f"HGNC:{chance.randrange(20_000)}" for _ in range(QUESTIONS)]
    for target in targets[:100]:
        list(store.evidence(target=target))
    read = [_seconds(lambda target=target: list(store.evidence(target=target))) for target in targets]
    judged = [
        _seconds(lambda target=target: GRN.from_evidence(store.evidence(target=target)).edges()) for target in targets
    ]
    return {"evidence": _spread(read), "edges": _spread(judged)}


def _spread(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1e3, 3), "p95": round(cuts[94] * 1e3, 3), "p99": round(cuts[98] * 1e3, 3)}


def on_server(edges: int, url: str) -> dict[str, Any]:
    """Our import and a bare driver's of the same rows, alternately."""
    from kg.stores.neo4j import Neo4jStore

    items = list(statements(edges))
    rows = [_whole_row(item) for item in items]
    ours, bare = [], []
    with Neo4jStore(url) as store:
        for _ in range(ROUNDS):
            _empty(store)
            bare.append(_seconds(lambda: _import_bare(store, rows)))
        for _ in range(ROUNDS):
            _empty(store)
            ours.append(_seconds(lambda: store.add(items)))
        _empty(store)
    best = min(ours) / min(bare)
    return {
        "edges": edges,
        "ours_s": [round(value, 1) for value in ours],
        "bare_s": [round(value, 1) for value in bare],
        "ours_over_bare": round(best, 2),
        "evidence_per_s": round(edges / min(ours)),
    }


def _whole_row(item: Evidence) -> dict[str, Any]:
    (edge,) = GRN.from_evidence([item]).edges()
    ends = {"regulator": gene_row(item.regulator), "target": gene_row(item.target)}
    return ends | {"evidence": evidence_row(item), "edge": edge_row(edge)}


def _import_bare(store: Any, rows: list[dict[str, Any]]) -> None:
    from kg.stores.neo4j import BATCH

    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        store.connection.write(lambda work, batch=batch: work.run(_BARE, rows=batch).consume())


def _empty(store: Any) -> None:
    gone = "MATCH (n) WHERE NOT n:PriSyn WITH n LIMIT 20000 DETACH DELETE n RETURN count(n) AS n"
    while store.connection.write(lambda work: work.run(gone).single()["n"]):
        pass
    store._genes.clear()


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Print the figures of one store as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", choices=["embedded", "neo4j"])
    parser.add_argument("--edges", type=int)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.store == "neo4j":
        if not (url := os.environ.get("NEO4J_URI")):
            sys.exit("set NEO4J_URI, NEO4J_USER and NEO4J_PASSWORD to a server whose content may be deleted")
        print(json.dumps(on_server(asked.edges or 50_000, url), indent=2))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        print(json.dumps(embedded(asked.edges or 1_000_000, Path(folder)), indent=2))


if __name__ == "__main__":
    main()
