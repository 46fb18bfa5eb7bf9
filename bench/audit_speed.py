"""How long the audit takes: the search for neighbours, the closest record, and whole audits with their memory.

    python -m bench.audit_speed --parts neighbours closest
    python -m bench.audit_speed --parts cells --data pbmc3k_2638.h5ad --label cell_type
    python -m bench.audit_speed --parts large
    python -m bench.audit_speed --parts graph --records 50000 100000

Ratios are of processor times taken in the same run on the same machine, each the best of several, in turns, with one
thread of the linear algebra (set OMP_NUM_THREADS=1): then other work on the machine hardly moves them. `closest`
compares with SDMetrics and `graph` with hnswlib where they are installed. Whole audits run in a process of their own,
whose peak memory and processor seconds are printed too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from audit import AuditTarget, audit
from audit.neighbours import nearest
from cohort import Cohort, make_cohort, read_cohort, split_cohort

PARTS = ("neighbours", "closest", "graph", "cells", "large")


def in_turns(calls: dict[str, Callable[[], Any]], *, times: int) -> dict[str, float]:
    """The fewest processor seconds of each call; they are called in turns, so that a busy moment hits none alone."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(times):
        for name, call in calls.items():
            start = time.process_time()
            call()
            best[name] = min(best[name], time.process_time() - start)
    return best


def product(queries: np.ndarray, points: np.ndarray, rows: int = 256) -> None:
    """The bare float32 matrix product, in the blocks of rows that a search would use."""
    for start in range(0, len(queries), rows):
        queries[start : start + rows] @ points.T


def normal(*shape: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def neighbours(seed: int) -> dict[str, Any]:
    """10,000 records against 5,000 on 200 axes."""
    queries, points = normal(10_000, 200, seed=seed), normal(5_000, 200, seed=seed + 1)
    calls: dict[str, Callable[[], Any]] = {"product": lambda: product(queries, points)}
    for k in (1, 5, 50):
        calls[f"k={k}"] = lambda k=k: nearest(queries, points, k)
    took = in_turns(calls, times=7)
    return {"seconds": took, "ratio": {name: took[name] / took["product"] for name in calls if name != "product"}}


def closest(seed: int) -> dict[str, Any]:
    """2,000 records against 2,000 on 20 columns, as SDMetrics has them: numbers between 0 and 1."""
    rng = np.random.default_rng(seed)
    real, made = rng.random((2000, 20)), rng.random((2000, 20))
    took = in_turns({"ours": lambda: nearest(real, made, 1)}, times=7)
    if find_spec("sdmetrics") is None:
        return {"seconds": took, "sdmetrics": "not installed"}
    import pandas as pd

    utilities = import_module("sdmetrics.single_table.privacy.dcr_utils")
    columns = [f"c{i}" for i in range(20)]
    frames = [pd.DataFrame(values, columns=columns) for values in (made, real)]
    metadata = {"columns": {name: {"sdtype": "numerical"} for name in columns}}
    start = time.process_time()
    utilities.calculate_dcr(dataset=frames[0], reference_dataset=frames[1], metadata=metadata)
    took["sdmetrics"] = time.process_time() - start
    return {"seconds": took, "ratio": took["sdmetrics"] / took["ours"]}


def graph(seed: int, sizes: list[int]) -> dict[str, Any]:
    """The 50 nearest among so many records, exact, and by an approximate index where hnswlib is installed."""
    return {f"{records:,} records": _graph(seed, records) for records in sizes}


def _graph(seed: int, records: int) -> dict[str, Any]:
    """On 50 axes, as a PCA leaves them: ten clusters, and variances that fall from axis to axis."""
    rng = np.random.default_rng(seed)
    spread = 1 / np.sqrt(1 + np.arange(50, dtype=np.float32))
    centres = 3 * spread * normal(10, 50, seed=seed + 1)
    points = centres[rng.integers(10, size=records)] + spread * normal(records, 50, seed=seed)
    took = in_turns({"product": lambda: product(points, points)}, times=1)
    start = time.process_time()
    exact = nearest(points, points, 50, skip_self=True).indices
    took["exact"] = time.process_time() - start
    if find_spec("hnswlib") is None:
        return {"seconds": took, "hnswlib": "not installed"}
    hnswlib = import_module("hnswlib")
    start = time.process_time()
    index = hnswlib.Index(space="l2", dim=points.shape[1])
    index.init_index(max_elements=records, ef_construction=200, M=16, random_seed=seed)
    index.set_num_threads(1)
    index.add_items(points)
    index.set_ef(200)
    found = index.knn_query(points, k=51)[0]
    took["hnswlib"] = time.process_time() - start
    hits = [len(np.intersect1d(a, b)) for a, b in zip(found[:1000], exact[:1000], strict=True)]
    return {"seconds": took, "recall of hnswlib": float(np.mean(hits)) / 50}


def imitation(members: Cohort, *, seed: int) -> Cohort:
    """As many cells as members: Poisson counts around the mean proportions of their types, at members' depths."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(members.labels, len(members))
    depths = rng.choice(np.asarray(members.counts.sum(axis=1)).ravel(), len(members))
    means = {k: np.asarray(members.counts[members.labels == k].sum(axis=0)).ravel() for k in members.types}
    rows = [
        sp.csr_matrix(rng.poisson(means[kind] / means[kind].sum() * depth).astype(np.float32))
        for kind, depth in zip(labels, depths, strict=True)
    ]
    return make_cohort(sp.vstack(rows), genes=members.genes, labels=labels.tolist(), label=str(members.label))


def cells(data: Path, label: str, seed: int) -> AuditTarget:
    """7 of 10 cells of a file as members, the rest as holdout, and an imitation of the members."""
    members, holdout = split_cohort(read_cohort(data, label=label), fractions=(0.7, 0.3), seed=seed)
    return AuditTarget(members, holdout, imitation(members, seed=seed))


def large(seed: int) -> AuditTarget:
    """50,000 simulated cells of 1,000 genes and 10 types: 25,000 members, 10,000 holdout, 15,000 synthetic."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(0.5, 1.0, (10, 1000)) * rng.gamma(1.0, 0.5, 1000)
    sets = []
    for size in (25_000, 10_000, 15_000):
        kinds = rng.integers(10, size=size)
        parts = [_drawn(rng, rates[kinds[at : at + 1000]]) for at in range(0, size, 1000)]
        labels = [f"type {kind}" for kind in kinds]
        sets.append(make_cohort(sp.vstack(parts), genes=[f"G{i}" for i in range(1000)], labels=labels))
    return AuditTarget(*sets)


def _drawn(rng: np.random.Generator, rates: np.ndarray) -> sp.csr_matrix:
    return sp.csr_matrix(rng.poisson(rates * rng.gamma(4.0, 0.25, rates.shape)).astype(np.float32))


def whole(make: Callable[[], AuditTarget], seed: int) -> dict[str, Any]:
    """One audit in a process of its own: seconds by the clock and of the processor, peak memory, the slowest parts."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_audited, args=(make, seed, sender))
    child.start()
    sender.close()
    try:
        said: dict[str, Any] = receiver.recv()
    except EOFError:
        said = {"failed": True}
    child.join()
    return said


def _audited(make: Callable[[], AuditTarget], seed: int, sender: Any) -> None:
    target = make()
    began = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    result = audit(target, seed=seed, progress=lambda line: print(f"  {time.perf_counter() - start:7.1f}  {line}"))
    took = time.perf_counter() - start
    ended = resource.getrusage(resource.RUSAGE_SELF)
    timing = result.to_json()["timing"]
    parts = {f"{kind}: {name}": s for kind, of in timing.items() if isinstance(of, dict) for name, s in of.items()}
    sender.send(
        {
            "records": {name: len(records) for name, records in target.sets.items()},
            "features": len(target.features),
            "seconds": took,
            "processor seconds": ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime,
            "GiB at most": ended.ru_maxrss / 2**20,
            "slowest": dict(sorted(parts.items(), key=lambda part: -part[1])[:12]),
            "verdict": result.verdict.outcome,
            "broken": [f"{part.name}: {part.reason}" for part in getattr(result, "broken", ())],
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS[:3]))
    parser.add_argument("--data", type=Path, help="cells as .h5ad, for the part `cells`")
    parser.add_argument("--label", default="cell_type", help="the column of their types")
    parser.add_argument("--records", type=int, nargs="+", default=[50_000], help="sizes for the part `graph`")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    if "cells" in chosen.parts and chosen.data is None:
        parser.error("the part `cells` needs --data")
    seed = chosen.seed
    runs: dict[str, Callable[[], dict[str, Any]]] = {
        "neighbours": lambda: neighbours(seed),
        "closest": lambda: closest(seed),
        "graph": lambda: graph(seed, chosen.records),
        "cells": lambda: whole(lambda: cells(chosen.data, chosen.label, seed), seed),
        "large": lambda: whole(lambda: large(seed), seed),
    }
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for part in chosen.parts:
        print(json.dumps({part: runs[part]()}, indent=2, default=float))
    print(f"load at the end {os.getloadavg()[0]:.1f}, seed {seed}")


if __name__ == "__main__":
    main()
