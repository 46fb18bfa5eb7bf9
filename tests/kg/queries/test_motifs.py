from __future__ import annotations

from collections import Counter
from itertools import permutations

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import GRN, Effect
from kg.queries import LoopType, count_feed_forward_loops, feed_forward_loops, feedback_loops
from tests.kg.queries.drawing import arrow

SIGNS = {">": 1, "|": -1}


@pytest.mark.parametrize(
    ("drawn", "kind"),
    [
        (("X>Y", "Y>Z", "X>Z"), LoopType.C1),
        (("X|Y", "Y>Z", "X|Z"), LoopType.C2),
        (("X>Y", "Y|Z", "X|Z"), LoopType.C3),
        (("X|Y", "Y|Z", "X>Z"), LoopType.C4),
        (("X>Y", "Y|Z", "X>Z"), LoopType.I1),
        (("X|Y", "Y|Z", "X|Z"), LoopType.I2),
        (("X>Y", "Y>Z", "X|Z"), LoopType.I3),
        (("X|Y", "Y>Z", "X>Z"), LoopType.I4),
        (("X>Y", "Y?Z", "X>Z"), LoopType.UNSIGNED),
    ],
)
def test_a_loop_is_coherent_where_both_ways_have_one_sign(draw, drawn, kind):
    (loop,) = feed_forward_loops(draw(*drawn))
    assert loop.type is kind
    assert [gene.symbol for gene in loop.genes] == ["X", "Y", "Z"]
    if kind is not LoopType.UNSIGNED:
        signs = [SIGNS[one[1]] for one in drawn]
        assert kind.coherent == (signs[0] * signs[1] == signs[2])


def test_a_gene_that_regulates_itself_makes_no_feed_forward_loop(draw):
    assert feed_forward_loops(draw("A>A", "A>B", "B>B", "B>A")) == ()


def test_loops_are_found_by_any_gene_in_them_and_by_type(draw):
    grn = draw("X>Y", "Y>Z", "X>Z", "Z|W", "Y|W")
    assert len(feed_forward_loops(grn)) == 2
    assert [len(feed_forward_loops(grn, gene=name)) for name in "XYZW"] == [1, 2, 2, 1]
    assert [loop.type for loop in feed_forward_loops(grn, types=[LoopType.C1])] == [LoopType.C1]


def test_the_loop_whose_weakest_edge_is_surest_comes_first(draw):
    grn = draw("A>B", "B>C", "A>C", "D>E", "E>F", "D>F")
    grn.add(arrow(one, paper="PMID:2") for one in ("D>E", "E>F", "D>F"))
    assert [loop.genes[0].symbol for loop in feed_forward_loops(grn)] == ["D", "A"]
    assert feed_forward_loops(grn, most=1)[0].belief == pytest.approx(0.96)


def test_feedback_is_positive_where_repressions_are_even(draw):
    grn = draw("A>B", "B|A", "C|C", "D|E", "E|F", "F>D")
    loops = feedback_loops(grn)
    assert [("".join(gene.symbol for gene in loop.genes), loop.effect) for loop in loops] == [
        ("C", Effect.REPRESSION),
        ("AB", Effect.REPRESSION),
        ("DEF", Effect.ACTIVATION),
    ]
    assert len(feedback_loops(grn, longest=2)) == 2
    assert [len(loop.edges) for loop in feedback_loops(grn, gene="E")] == [3]
    with pytest.raises(ValueError, match="1, 2 or 3"):
        feedback_loops(grn, longest=4)


NODES = "ABCD"
ARROWS = st.lists(
    st.builds(lambda a, s, b: a + s + b, st.sampled_from(NODES), st.sampled_from(">|?"), st.sampled_from(NODES)),
    max_size=12,
    unique_by=lambda one: (one[0], one[2]),
)


@settings(max_examples=60, deadline=None)
@given(ARROWS)
def test_loops_are_those_that_trying_every_triple_finds(arrows):
    grn = GRN.from_evidence(map(arrow, arrows))
    there = {(one[0], one[2]) for one in arrows}
    triples = {(x, y, z) for x, y, z in permutations(NODES, 3) if {(x, y), (y, z), (x, z)} <= there}
    found = feed_forward_loops(grn)
    assert sorted(tuple(gene.symbol for gene in loop.genes) for loop in found) == sorted(triples)
    assert {k: n for k, n in count_feed_forward_loops(grn).items() if n} == Counter(loop.type for loop in found)
    for name in NODES:
        if any(name in pair for pair in there):
            assert len(feed_forward_loops(grn, gene=name)) == sum(name in triple for triple in triples)
    cycles = nx.simple_cycles(nx.DiGraph(sorted(there)), length_bound=3)
    assert sorted(map(len, cycles)) == sorted(len(loop.edges) for loop in feedback_loops(grn))


def test_collectri_has_as_many_loops_as_its_adjacency_matrix_says(collectri: GRN):
    index = {gene.curie: number for number, gene in enumerate(collectri.genes)}
    edges = [(index[e.regulator.curie], index[e.target.curie], e.effect) for e in collectri.edges()]
    assert len(edges) == 43_178

    def matrix(keep: object) -> sp.csr_matrix:
        chosen = [(r, t) for r, t, effect in edges if keep(r, t, effect)]  # type: ignore[operator]
        rows, columns = zip(*chosen, strict=True)
        return sp.csr_matrix((np.ones(len(chosen), int), (rows, columns)), shape=(len(index), len(index)))

    every = matrix(lambda r, t, effect: True)
    assert int((every @ every).multiply(every).sum()) == 172_276
    up = matrix(lambda r, t, effect: r != t and effect is Effect.ACTIVATION)
    down = matrix(lambda r, t, effect: r != t and effect is Effect.REPRESSION)
    counts = count_feed_forward_loops(collectri)
    assert counts[LoopType.C1] == int((up @ up).multiply(up).sum())
    assert counts[LoopType.I1] == int((up @ down).multiply(up).sum())
    both = up + down
    assert sum(counts.values()) == int((both @ both).multiply(both).sum())
    lengths = Counter(len(loop.edges) for loop in feedback_loops(collectri))
    assert lengths[1] == every.diagonal().sum()
    assert lengths[2] == int((both @ both).diagonal().sum()) // 2
    assert lengths[3] == int((both @ both @ both).diagonal().sum()) // 3
