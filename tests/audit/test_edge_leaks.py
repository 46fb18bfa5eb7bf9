"""Which edges of the graph leak: the planted one, and no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audit.attacks import AttackView
from audit.attacks.edges import contributions
from audit.edge_leaks import edge_leaks
from audit.statistics import Scores, auc_estimate

EDGES = tuple((f"r{i}", f"t{i}", 1) for i in range(30))


def make_view(seed: int, *, leak: bool) -> AttackView:
    """60 features in 30 edges; if it leaks, the first edge's values in S are those of the 100 members."""
    rng = np.random.default_rng(seed)
    queries, synthetic, reference = (rng.standard_normal((n, 60)) for n in (200, 100, 1000))
    if leak:
        synthetic[:, :2] = queries[:20, :2][np.arange(100) % 20]
        queries[:100, :2] = queries[:20, :2][np.arange(100) % 20]
    names = tuple(f"{end}{i}" for i in range(30) for end in "rt")
    return AttackView(queries, synthetic, reference, features=names, edges=(*EDGES, ("r0", "elsewhere", 1)))


def test_the_planted_edge_is_the_first_that_leaks() -> None:
    found = edge_leaks(make_view(0, leak=True), 100)
    first = found.leaking()[0]
    assert (first.regulator, first.target) == ("r0", "t0")
    assert found.edges[0].auc.low > 0.5
    assert (len(found.edges), found.unknown) == (30, 1)


def test_where_nothing_leaks_hardly_anything_is_found() -> None:
    """Each set of 30 edges has a false alarm with probability of at most .05: three in 20 sets have .075."""
    alarms = [bool(edge_leaks(make_view(seed, leak=False), 100).leaking()) for seed in range(1, 21)]
    assert sum(alarms) <= 3


def test_the_interval_is_about_that_of_the_bootstrap() -> None:
    view = make_view(0, leak=True)
    first = edge_leaks(view, 100).edges[0]
    ((_, terms),) = contributions(view)
    drawn = auc_estimate(Scores(terms[:100, 0], terms[100:, 0]), seed=0)
    assert first.auc.point == pytest.approx(drawn.point)
    assert first.auc.low == pytest.approx(drawn.low, abs=0.02)
    assert first.auc.high == pytest.approx(drawn.high, abs=0.02)


def test_records_of_one_donor_count_as_one() -> None:
    """Every record five times over, as one donor's: the interval is that of the records once."""
    view = make_view(0, leak=True)
    alone = edge_leaks(view, 100)
    often = replace(view, queries=np.repeat(view.queries, 5, axis=0))
    donors = np.repeat(np.arange(200).astype(str), 5)
    clustered = edge_leaks(often, 500, donors=(donors[:500], donors[500:]))
    assert clustered.clustered
    for one, other in zip(alone.edges, clustered.edges, strict=True):
        assert other.auc.low == pytest.approx(one.auc.low)
    naive = edge_leaks(often, 500).edges[0]
    assert naive.auc.low > clustered.edges[0].auc.low


def told_apart() -> AttackView:
    """The first edge tells every member from every other record."""
    view = make_view(0, leak=False)
    view.queries[:100, :2] = view.synthetic[:, :2] = -3.0
    view.queries[100:, :2] = 3.0
    return view


def test_an_edge_that_tells_all_members_leaks_though_its_auc_has_no_variance() -> None:
    first = edge_leaks(told_apart(), 100).leaking()[0]
    assert (first.regulator, first.auc.point) == ("r0", 1)
    assert 0 < first.p_value < 1e-50


def test_few_donors_prove_nothing_of_an_edge() -> None:
    """Three of six donors can be called members in twenty ways."""
    donors = tuple(np.resize([f"{side}{at}" for at in range(3)], 100) for side in "mn")
    found = edge_leaks(told_apart(), 100, donors=(donors[0], donors[1]))
    assert found.edges[0].p_value == pytest.approx(1 / 20)
    assert found.leaking() == ()


def test_a_graph_of_other_genes_is_refused() -> None:
    with pytest.raises(ValueError, match="no edge"):
        edge_leaks(replace(make_view(0, leak=False), edges=(("a", "b", 1),)), 100)
