from __future__ import annotations

from kg import GRN
from kg.queries import EdgeFilter, compare
from tests.kg.queries.drawing import arrow, names


def test_what_only_one_has_and_what_has_the_other_sign_is_listed(draw):
    found = compare(draw("A>B", "A>C", "D|E", "A?F"), draw("A>B", "A|C", "G>H", "A>F"))
    assert names(found.only_graph) == ["D-E"]
    assert names(found.only_reference) == ["G-H"]
    assert [names(pair) for pair in found.flips] == [["A-C", "A-C"]]
    assert (found.precision.right, found.precision.total) == (3, 4)
    assert (found.recall.right, found.recall.total) == (3, 4)
    assert (found.sign_agreement.right, found.sign_agreement.total) == (1, 2)


def test_with_shared_genes_only_what_both_could_have_is_compared(draw):
    found = compare(draw("A>B", "A>C", "D|E"), draw("A>B", "G>C"), shared_genes=True)
    assert names(found.only_graph) == ["A-C"]
    assert found.only_reference == ()
    assert found.recall.value == 1.0


def test_a_graph_agrees_with_itself_and_the_interval_still_has_a_width(draw):
    grn = draw("A>B", "A|C", "B>C")
    found = compare(grn, grn)
    assert found.precision.value == found.recall.value == found.sign_agreement.value == 1.0
    assert found.precision.high == 1.0
    assert 0.3 < found.precision.low < 0.6
    assert found.only_graph == found.only_reference == found.flips == ()


def test_denials_are_no_edges_and_nothing_is_nothing(draw):
    denied = GRN.from_evidence([arrow("A>B", negated=True)])
    found = compare(denied, draw("A>B"))
    assert (found.precision.total, found.precision.value) == (0, 0.0)
    assert (found.precision.low, found.precision.high) == (0.0, 1.0)
    assert compare(draw("A>B"), draw("A>B"), where=EdgeFilter(min_belief=0.9)).precision.total == 0


def test_edges_that_stand_and_fall_together_make_the_interval_wide(draw):
    """Ten regulators of ten edges each, five of them wholly right, tell less than a hundred edges would."""
    mine = draw(*(f"R{r}>T{t}" for r in range(10) for t in range(10)))
    found = compare(mine, draw(*(f"R{r}>T{t}" for r in range(5) for t in range(10)))).precision
    assert found.value == 0.5
    assert found.high - found.low > 0.5
    scattered = compare(mine, draw(*(f"R{r}>T{t}" for r in range(10) for t in range(5)))).precision
    assert scattered.value == 0.5
    assert scattered.high - scattered.low < 0.25


def test_trrust_against_collectri(trrust: GRN, collectri: GRN):
    found = compare(trrust, collectri)
    ours, theirs = ({(e.regulator.symbol, e.target.symbol) for e in grn.edges()} for grn in (trrust, collectri))
    assert found.precision.right == len(ours & theirs)
    assert (found.precision.total, found.recall.total) == (8_427, 43_178)
    assert found.precision.low < found.precision.value < found.precision.high
    assert len(found.flips) == found.sign_agreement.total - found.sign_agreement.right
