"""Our metrics beside the implementations that others use, on the same coordinates.

    python -m venv refs && refs/bin/pip install -e . prdc syntheval scib-metrics
    refs/bin/python -m bench.audit_metric_references

Two halves of the packaged 700 cells, on 20 principal axes, and once more with one half moved, so that the numbers are
not all those of equal sets. The packages are no dependencies of PriSyn; one that is not installed is named and left
out. Differences near 1e-7 are single precision. prdc counts a record on the rim of a ball as outside, we as inside;
ties of that kind do not occur here.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import platform
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from audit.embedding import fit_axes
from audit.graph import Neighbourhoods
from audit.metrics.lisi import neighbourhoods, simpson
from audit.metrics.nnaa import far
from audit.metrics.prdc import balls
from audit.neighbours import nearest
from cohort import pbmc68k

K = 5
Numbers = Mapping[str, float]


def main() -> None:
    values = pbmc68k().log_normalised().toarray()
    places = fit_axes(values, seed=0, components=20).project(values)
    order = np.random.default_rng(0).permutation(len(places))
    first, second = places[order[:350]], places[order[350:]]
    moved = second + np.linspace(0, 1, len(second), dtype=np.float32)[:, None]
    report: dict[str, Any] = {
        "command": "python -m bench.audit_metric_references",
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }
    for package, compare in (("prdc", _prdc), ("syntheval", _syntheval), ("scib_metrics", _scib)):
        try:
            importlib.import_module(package)
        except ImportError as error:
            report[package] = f"not installed ({error})"
            continue
        report[package] = {name: compare(first, other) for name, other in (("halves", second), ("moved", moved))}
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def _beside(ours: Callable[[], Numbers], theirs: Callable[[], Numbers]) -> dict[str, Any]:
    """Both answers, the largest difference, and the seconds that either took."""
    found, seconds = [], []
    for ask in (ours, theirs):
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            found.append({key: float(value) for key, value in ask().items()})
        seconds.append(round(time.perf_counter() - start, 3))
    apart = max(abs(found[0][key] - found[1][key]) for key in found[0])
    return {"ours": found[0], "theirs": found[1], "largest difference": apart, "seconds": seconds}


def _prdc(real: Any, made: Any) -> dict[str, Any]:
    compute = importlib.import_module("prdc").compute_prdc

    def ours() -> Numbers:
        found = balls(Neighbourhoods({"made": made, "real": real}), "made", "real", k=K)
        return {
            "precision": found.inside.mean(),
            "recall": found.reached.mean(),
            "density": found.density.mean(),
            "coverage": found.covered.mean(),
        }

    return _beside(ours, lambda: compute(real_features=real, fake_features=made, nearest_k=K))


def _syntheval(real: Any, made: Any) -> dict[str, Any]:
    module = importlib.import_module("syntheval.metrics.privacy.metric_nn_adversarial_accuracy")

    def theirs() -> Numbers:
        tables = (pd.DataFrame(values.astype(np.float64)) for values in (real, made))
        return {"accuracy": module._adversarial_score(*tables, [], "euclid")}

    graph = Neighbourhoods({"made": made, "real": real})
    return _beside(lambda: {"accuracy": np.mean([side.mean() for side in far(graph, "real", "made")])}, theirs)


def _scib(real: Any, made: Any) -> dict[str, Any]:
    compute = importlib.import_module("scib_metrics.utils").compute_simpson_index
    points = np.concatenate([real, made])
    second = np.arange(len(points)) >= len(real)

    def ours() -> Numbers:
        neighbours, weights = neighbourhoods(Neighbourhoods({"real": real, "made": made}, depth=90), "real", "made")
        index = simpson(second[neighbours], weights)
        return {"mean": index.mean(), "median": np.median(index)}

    def theirs() -> Numbers:
        near = nearest(points, points, 90, skip_self=True)
        rows = np.arange(len(points))[:, None]
        index = 1 / np.asarray(compute(near.distances, near.indices, rows, second.astype(np.int32), 2))
        return {"mean": index.mean(), "median": np.median(index)}

    return _beside(ours, theirs)


if __name__ == "__main__":
    main()
