from __future__ import annotations

import networkx as nx
import pytest

from kg import GRN
from kg.queries import EdgeFilter, Join, subgraph
from tests.kg.queries.drawing import arrow, names


@pytest.fixture
def grn(draw) -> GRN:
    return draw("A>B", "A>X", "X>C", "Y>A", "Y>C", "B>Y", "C>C", "D>E", "X>Z")


def symbols(genes: object) -> list[str]:
    return [gene.symbol for gene in genes]  # type: ignore[attr-defined]


def test_all_shows_the_edges_among_the_genes_and_who_is_left_alone(grn):
    found = subgraph(grn, ["A", "B", "C", "D"])
    assert names(found.edges) == ["A-B", "C-C"]
    assert symbols(found.asked) == ["A", "B", "C", "D"]
    assert symbols(found.apart) == ["D"]
    assert found.added == ()


def test_connect_adds_as_few_genes_as_will_do(grn):
    found = subgraph(grn, ["B", "C"], join=Join.CONNECT)
    assert names(found.edges) == ["B-Y", "Y-C"]
    assert symbols(found.added) == ["Y"]


def test_connect_leaves_apart_what_nothing_connects(grn):
    found = subgraph(grn, ["A", "C", "D"], join=Join.CONNECT)
    assert symbols(found.apart) == ["D"]
    assert len(found.added) == 1
    assert subgraph(grn, ["A", "D"], join=Join.CONNECT).edges == ()


def test_connect_takes_the_more_believed_of_two_ways(grn):
    grn.add([arrow("A>X", paper="PMID:1"), arrow("X>C", paper="PMID:2")])
    assert symbols(subgraph(grn, ["A", "C"], join=Join.CONNECT).added) == ["X"]


def test_bridges_join_at_least_two_of_the_genes(grn):
    found = subgraph(grn, ["A", "C"], join=Join.BRIDGES)
    assert symbols(found.added) == ["X", "Y"]
    assert names(found.edges) == ["A-X", "C-C", "X-C", "Y-A", "Y-C"]
    assert subgraph(grn, ["A", "B", "C"], join=Join.BRIDGES, most=1).added[0].symbol == "Y"
    assert subgraph(grn, ["A", "E"], join=Join.BRIDGES).added == ()


def test_what_does_not_pass_the_filter_connects_nothing(grn):
    assert subgraph(grn, ["A", "B"], where=EdgeFilter.of(effect=["repression"])).edges == ()
    with pytest.raises(KeyError, match="Q is not in the graph"):
        subgraph(grn, ["A", "Q"])


def test_the_tree_over_a_knowledge_base_is_a_tree_and_near_the_best(trrust: GRN):
    asked = ["GATA1", "SPI1", "HBB", "INS", "VEGFA", "CD14"]
    found = subgraph(trrust, asked, join=Join.CONNECT)
    tree = nx.Graph((edge.regulator.symbol, edge.target.symbol) for edge in found.edges)
    assert set(asked) <= set(tree)
    assert nx.is_tree(tree)
    assert set(tree) == {*asked, *symbols(found.added)}
    assert all(tree.degree(gene.symbol) > 1 for gene in found.added)
