"""Evidence becomes the graph: a store, an edge table and GraphML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prisyn.engine import Stage
from prisyn.progress import Lines
from prisyn.runfile import Run
from prisyn.stages.extract import EVIDENCE
from prisyn_base import atomic_path

if TYPE_CHECKING:
    from kg import GRN

EDGES = "graph/edges.tsv"
GRAPHML = "graph/grn.graphml"
STORE = "graph/grn.db"
CODE = ("prisyn.stages.graph", "kg", "prisyn_base")


def graph_stage(run: Run, display: Lines) -> Stage:
    """The stage that puts all evidence together. The store is made anew, so that it holds this run's and no more."""
    out = run.out

    def work() -> None:
        from kg import export, open_store

        grn = read_grn(out)
        with atomic_path(out / STORE) as temporary, open_store(temporary) as store:
            store.add(grn.evidence)
        export(grn, "tsv", out / EDGES)
        export(grn, "graphml", out / GRAPHML)
        counts = grn.stats()
        display.say(f"{counts.edges:,} edges between {counts.genes:,} genes, from {counts.papers:,} papers")

    return Stage("graph", {}, {EVIDENCE: Path(EVIDENCE)}, (EDGES, GRAPHML, STORE), CODE, work)


def read_grn(out: Path, *, min_belief: float = 0.0) -> GRN:
    """The network of the run's evidence, or the part of it believed at least `min_belief`."""
    from kg import GRN, read

    grn = GRN.from_evidence(read("jsonl", out / EVIDENCE).evidence)
    if min_belief <= 0:
        return grn
    return grn.of(grn.edges(min_belief))
