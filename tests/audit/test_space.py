"""Distances and coordinates: what published instruments got wrong and these do not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from audit import AuditTarget
from audit.embedding import embed, fit_axes
from audit.metrics.mmd import median_distance, mmd_test
from audit.neighbours import nearest, squared_distances


def test_neighbours_are_those_of_the_full_distance_matrix() -> None:
    rng = np.random.default_rng(0)
    queries, points = (rng.normal(100, 1, (n, 30)).astype(np.float32) for n in (70, 90))
    full = cdist(queries, points)
    found = nearest(queries, points, 7)
    np.testing.assert_allclose(found.distances, np.sort(full, axis=1)[:, :7], rtol=1e-6)
    own = nearest(points, points, 3, skip_self=True)
    assert (own.indices != np.arange(90)[:, None]).all()
    np.testing.assert_allclose(own.distances, np.sort(cdist(points, points), axis=1)[:, 1:4], rtol=1e-6)


def test_neighbours_do_not_depend_on_how_the_work_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 10)).astype(np.float32)
    whole = nearest(points, points, 5, skip_self=True)
    monkeypatch.setattr("audit.neighbours.BLOCK_ELEMENTS", 1000)
    monkeypatch.setattr("audit.neighbours.FEWEST_ROWS", 7)
    cut = nearest(points, points, 5, skip_self=True)
    np.testing.assert_array_equal(whole.indices, cut.indices)
    np.testing.assert_allclose(whole.distances, cut.distances)


def test_a_copy_is_at_distance_zero_however_far_out_it_lies() -> None:
    points = np.random.default_rng(0).normal(1e5, 1, (50, 40)).astype(np.float32)
    assert (nearest(points[:5], points, 1).distances == 0).all()
    assert squared_distances(points, points).min() >= 0


def test_more_neighbours_than_there_are_is_no_error() -> None:
    points = np.eye(3, dtype=np.float32)
    assert nearest(points, points, 50).distances.shape == (3, 3)
    assert nearest(points, points, 50, skip_self=True).distances.shape == (3, 2)


def test_there_is_one_coordinate_system_and_members_have_no_part_in_it(copied: AuditTarget) -> None:
    space = embed(copied, seed=0)
    shifted = AuditTarget(copied.members.subset(np.arange(50)), copied.nonmembers, copied.synthetic)
    again = embed(shifted, seed=0)
    assert space.fitted_on == "synthetic"
    np.testing.assert_array_equal(space.nonmembers, again.nonmembers)
    np.testing.assert_array_equal(space.synthetic, again.synthetic)
    np.testing.assert_allclose(space.members[:50], space.synthetic[:50], atol=1e-4)


def test_axes_are_orthonormal_and_carry_the_most_variance() -> None:
    values = np.random.default_rng(0).normal(size=(300, 40)) * np.arange(1, 41)
    axes = fit_axes(values, seed=0, components=10)
    np.testing.assert_allclose(axes.loadings.T @ axes.loadings, np.eye(10), atol=1e-5)
    variances = axes.project(values).var(axis=0)
    assert (np.diff(variances) < 0).all()
    wide = fit_axes(values[:20], seed=0, components=50)
    assert wide.loadings.shape[1] == 19


def test_records_without_differences_have_no_axes() -> None:
    with pytest.raises(ValueError, match="all records are the same"):
        fit_axes(np.ones((20, 5)), seed=0)


def test_mmd_tells_laws_apart_and_not_samples_of_one_law() -> None:
    """With a fixed kernel width the answer is 2/n for any two data sets."""
    rng = np.random.default_rng(0)
    first, second = (rng.normal(size=(150, 100)) * 30 for _ in range(2))
    results = {}
    for name, other in {"same": second, "doubled": 2 * second, "moved": second + 10}.items():
        width = median_distance(first, second)
        results[name] = mmd_test(first, other, width=width, seed=0)
    assert results["same"][1] > 0.05
    assert abs(results["same"][0].point) < 0.01
    for name in ("doubled", "moved"):
        assert results[name][1] <= 0.01
        assert results[name][0].point > 5 * abs(results["same"][0].point)


def test_mmd_rejects_equal_laws_no_more_often_than_it_says() -> None:
    rng = np.random.default_rng(0)
    p_values = [mmd_test(*rng.normal(size=(2, 30, 20)), width=6.0, seed=seed)[1] for seed in range(60)]
    assert sum(p <= 0.05 for p in p_values) <= 9


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("umap", "numba", "matplotlib", "sklearn", "jinja2")
    line = f"import audit, sys; print([m for m in {heavy!r} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
