"""One graph of neighbours serves all: what it says is what a search of its own would say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from audit import AuditTarget
from audit.attacks import AttackView
from audit.embedding import Space, fit_axes
from audit.graph import Neighbourhoods
from audit.metrics import METRICS, MetricView
from audit.neighbours import Floats, Neighbours, nearest


@pytest.fixture
def space() -> Space:
    rng = np.random.default_rng(0)
    candidates, synthetic = (rng.standard_normal((n, 8)).astype(np.float32) for n in (130, 90))
    return Space(candidates, 80, synthetic, None, "synthetic", 1.0)


@pytest.mark.parametrize("points", ["candidates", "members", "nonmembers", "synthetic"])
@pytest.mark.parametrize("queries", ["candidates", "members", "nonmembers", "synthetic"])
def test_a_pair_of_sets_has_the_neighbours_of_the_full_distance_matrix(space: Space, queries: str, points: str) -> None:
    graph = Neighbourhoods.of(space)
    asked, searched = graph.sets[queries], graph.sets[points]
    full = cdist(asked.astype(np.float64), searched.astype(np.float64))
    full[full == 0] = np.inf
    found = graph.near(queries, points, 10)
    np.testing.assert_array_equal(found.indices, np.argsort(full, axis=1)[:, :10])
    np.testing.assert_allclose(found.distances, np.sort(full, axis=1)[:, :10], rtol=1e-12)


def test_a_search_is_made_once(space: Space) -> None:
    graph = Neighbourhoods.of(space)
    whole, part = graph.near("candidates", "synthetic"), graph.near("nonmembers", "synthetic", 3)
    assert np.shares_memory(whole.indices, part.indices)
    np.testing.assert_array_equal(whole.indices[80:, :3], part.indices)


def test_more_neighbours_than_the_graph_holds_are_refused(space: Space) -> None:
    with pytest.raises(ValueError, match="graph of 50"):
        Neighbourhoods.of(space).near("members", "synthetic", 51)


def test_a_view_with_other_records_than_its_graph_searches_anew(space: Space) -> None:
    view = AttackView(space.candidates, space.synthetic, graph=Neighbourhoods.of(space))
    fewer = dataclasses.replace(view, synthetic=space.synthetic[:20])
    assert view.near_synthetic.indices.max() >= 20
    np.testing.assert_array_equal(
        fewer.near_synthetic.indices, nearest(space.candidates, space.synthetic[:20], 50).indices
    )


@pytest.mark.parametrize("spread", [1e-4, 1.0, 1e4])
def test_no_neighbour_is_missed_among_clusters_far_from_the_centre(spread: float) -> None:
    """There |x|^2 + |z|^2 - 2xz has no correct digit in single precision."""
    rng = np.random.default_rng(1)
    clusters = rng.normal(0, 1e3, (5, 40))
    points = (clusters[rng.integers(5, size=400)] + spread * rng.standard_normal((400, 40))).astype(np.float32)
    full = cdist(points.astype(np.float64), points.astype(np.float64))
    np.fill_diagonal(full, np.inf)
    found = nearest(points, points, 5, skip_self=True)
    np.testing.assert_array_equal(found.indices, np.argsort(full, axis=1, kind="stable")[:, :5])


def test_points_at_the_same_distance_come_in_their_order() -> None:
    points = np.random.default_rng(0).integers(0, 2, (300, 6)).astype(np.float32)
    full = cdist(points, points)
    np.testing.assert_array_equal(nearest(points, points, 20).indices, np.argsort(full, 1, kind="stable")[:, :20])


@pytest.mark.parametrize("features", [400, 700, 4200], ids=["all axes", "Lanczos", "Lanczos on the values"])
@pytest.mark.parametrize("sparse", [False, True])
def test_axes_are_those_of_the_singular_value_decomposition(features: int, sparse: bool) -> None:
    import scipy.sparse as sp

    rng = np.random.default_rng(0)
    values = rng.poisson(np.exp(rng.standard_normal((60, 4)) @ rng.normal(0, 0.5, (4, features)))).astype(np.float32)
    axes = fit_axes(sp.csr_matrix(values) if sparse else values, seed=0, components=4)
    right = np.linalg.svd(values.astype(np.float64) - values.mean(axis=0, dtype=np.float64), full_matrices=False)[2][:4]
    np.testing.assert_allclose(np.abs(np.einsum("ij,ji->i", right, axes.loadings)), 1.0, atol=1e-3)


def test_the_nearest_of_two_sets_are_those_of_both_together(space: Space) -> None:
    graph = Neighbourhoods({"first": space.members, "second": space.nonmembers}, depth=30)
    both = nearest(space.candidates, space.candidates, 30, skip_self=True)
    found = [graph.near_either(queries, "first", "second", 30) for queries in ("first", "second")]
    np.testing.assert_array_equal(np.concatenate([part.indices for part in found]), both.indices)
    np.testing.assert_allclose(np.concatenate([part.distances for part in found]), both.distances)


def test_metrics_share_two_graphs_and_search_no_pair_twice(
    copied: AuditTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[tuple[int, int]] = []

    def counted(queries: Floats, points: Floats, k: int, *, skip_self: bool = False) -> Neighbours:
        searched.append((id(queries), id(points)))
        return nearest(queries, points, k, skip_self=skip_self)

    monkeypatch.setattr("audit.graph.nearest", counted)
    view = MetricView(copied, 0)
    for name in ("nnaa", "prdc", "alpha_precision", "lisi", "minorities", "disparity", "hallucinated", "lost"):
        METRICS[name].measure(view)
    # Two graphs of three sets: nine pairs each, within and across.
    assert len(searched) == len(set(searched))
    assert len(searched) <= 18
