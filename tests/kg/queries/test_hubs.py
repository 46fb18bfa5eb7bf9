from __future__ import annotations

from collections import Counter

import pytest

from kg import GRN
from kg.queries import EdgeFilter, hubs
from tests.kg.queries.drawing import arrow


def test_a_hub_is_counted_by_what_it_does(draw):
    grn = draw("A>B", "A|C", "A?D", "A>A", "B>C", "Z>C")
    grn.add([arrow("A>E", negated=True)])
    first, second = hubs(grn, most=2)
    assert (first.gene.symbol, first.targets, first.regulators, first.activates, first.represses) == ("A", 4, 1, 2, 1)
    assert first.expected_targets == pytest.approx(4 * 0.8)
    assert second.gene.symbol == "B"
    assert [hub.gene.symbol for hub in hubs(grn, by="regulators", most=1)] == ["C"]
    assert hubs(grn, where=EdgeFilter(min_belief=1)) == ()


def test_the_hubs_of_a_knowledge_base_are_those_of_its_file(trrust: GRN):
    counted = Counter(edge.regulator.symbol for edge in trrust.edges())
    assert [(hub.gene.symbol, hub.targets) for hub in hubs(trrust, most=3)] == counted.most_common(3)
