"""The graphs that the literature's are compared with."""

from __future__ import annotations

from collections import Counter

import numpy as np

from bench.graphs import inferred, less_type, rewired
from bench.perturbation import score
from cohort import make_cohort
from kg import GRN, Effect


def ends(grn: GRN) -> tuple[Counter[str], Counter[str]]:
    edges = grn.edges()
    return Counter(edge.regulator.symbol for edge in edges), Counter(edge.target.symbol for edge in edges)


def test_a_rewired_graph_keeps_every_genes_numbers_of_regulators_and_targets(edge):
    rng = np.random.default_rng(0)
    pairs = {(f"T{rng.integers(10)}", f"G{rng.integers(40)}") for _ in range(120)}
    signs = [Effect.ACTIVATION, Effect.REPRESSION]
    grn = GRN.from_evidence(edge(a, b, signs[number % 2]) for number, (a, b) in enumerate(sorted(pairs)))
    random = rewired(grn, seed=0)
    assert ends(random) == ends(grn)
    assert {e.effect for e in random.edges()} == set(signs)
    kept = {(e.regulator.symbol, e.target.symbol) for e in random.edges()} & pairs
    assert len(kept) < 0.5 * len(pairs)
    assert [e.evidence for e in rewired(grn, seed=0).edges()] == [e.evidence for e in random.edges()]
    assert [e.evidence for e in rewired(grn, seed=1).edges()] != [e.evidence for e in random.edges()]


def test_inference_finds_the_regulator_that_a_gene_follows():
    rng = np.random.default_rng(0)
    levels = rng.normal(0, 0.7, (400, 4))
    counts = rng.poisson(30 * np.exp(np.column_stack([levels, levels[:, 2], -levels[:, 0]])))
    names = ["A", "B", "C", "D", "follows C", "flees A"]
    cells = make_cohort(np.column_stack([counts, np.full(400, 3000)]), genes=[*names, "rest"])
    grn = inferred(cells, frozenset("ABCD"), best=1, seed=0)
    found = {edge.target.symbol: edge.regulator.symbol for edge in grn.edges()}
    assert found["follows C"] == "C"
    assert found["flees A"] == "A"


def test_a_response_is_scored_by_its_direction_and_its_place():
    change = np.array([1.0, 2.0, -1.0, -2.0, 0.0, 0.0])
    response = change != 0
    right, nothing = score(change, change, response, ~response), score(0 * change, change, response, ~response)
    assert right == {"signs": 1.0, "moved": 1.0, "spearman": 1.0, "moved_more": 1.0}
    assert nothing == {"signs": 0.5, "moved": 0.0, "spearman": 0.0, "moved_more": 0.5}
    assert score(-change, change, response, ~response)["spearman"] == -1.0


def test_what_types_have_in_common_is_taken_out():
    labels = np.array(["a", "a", "b", "b"])
    assert less_type(np.array([[1.0], [3.0], [10.0], [10.0]]), labels).ravel().tolist() == [-1.0, 1.0, 0.0, 0.0]
