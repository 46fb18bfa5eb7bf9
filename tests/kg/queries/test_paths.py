from __future__ import annotations

import networkx as nx
import pytest

from kg import GRN, Effect
from kg.queries import EdgeFilter, paths, sign_product
from tests.kg.queries.drawing import arrow


def routes(found: object) -> list[str]:
    return ["".join(gene.symbol for gene in path.genes) for path in found]  # type: ignore[attr-defined]


def test_the_shortest_path_comes_first_and_no_gene_comes_twice(draw):
    grn = draw("A>D", "A>B", "B>D", "B>C", "C>D", "C>B", "A>A", "D>A")
    assert routes(paths(grn, "A", "D")) == ["AD", "ABD", "ABCD"]
    assert routes(paths(grn, "A", "D", most=1)) == ["AD"]
    assert routes(paths(grn, "A", "D", longest=2)) == ["AD", "ABD"]


def test_of_paths_of_one_length_the_more_believed_comes_first(draw):
    grn = draw("A>B", "B>D", "A>C", "C>D", "A>D")
    grn.add([arrow("C>D", paper="PMID:9"), arrow("A>C", paper="PMID:8")])
    assert routes(paths(grn, "A", "D")) == ["AD", "ACD", "ABD"]


def test_two_repressions_in_a_row_activate(draw):
    grn = draw("A|B", "B|C", "C>D", "D|E", "E?F")
    assert [paths(grn, "A", end)[0].effect for end in ("C", "D")] == [Effect.ACTIVATION] * 2
    assert paths(grn, "A", "E", longest=4)[0].effect is Effect.REPRESSION
    assert paths(grn, "A", "F", longest=5)[0].effect is Effect.UNKNOWN
    assert sign_product([]) is Effect.ACTIVATION


def test_the_belief_of_a_path_is_the_product_along_it(draw):
    (path,) = paths(draw("A>B", "B>C"), "A", "C")
    assert path.belief == pytest.approx(0.8**2)


def test_there_is_no_path_against_the_arrows_or_along_a_denial(draw):
    grn = draw("A>B")
    grn.add([arrow("B>C", negated=True)])
    assert paths(grn, "B", "A") == ()
    assert paths(grn, "A", "C") == ()
    assert paths(grn, "A", "B", where=EdgeFilter(min_belief=0.99)) == ()


def test_questions_without_an_answer_are_refused(draw):
    grn = draw("A>B")
    with pytest.raises(ValueError, match="1 to 12"):
        paths(grn, "A", "B", longest=13)
    with pytest.raises(ValueError, match="one gene to another"):
        paths(grn, "A", "A")
    with pytest.raises(KeyError, match="not in the graph"):
        paths(grn, "A", "Q")


def test_paths_of_a_knowledge_base_are_as_short_as_networkx_says(trrust: GRN):
    graph = nx.DiGraph((edge.regulator.symbol, edge.target.symbol) for edge in trrust.edges())
    for start, end in (("PAX5", "INS"), ("GATA1", "HBB"), ("TP53", "VEGFA"), ("HBB", "GATA1")):
        expected = nx.shortest_path_length(graph, start, end) if nx.has_path(graph, start, end) else None
        found = paths(trrust, start, end, most=3, longest=6)
        assert (len(found[0].edges) if found else None) == expected
        assert [len(path.edges) for path in found] == sorted(len(path.edges) for path in found)
        assert len({path.genes for path in found}) == len(found)
