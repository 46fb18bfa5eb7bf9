"""What one-shot methods ask the barrier for is bounded whatever the records are, and what they make of it agrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cohort import PBMC68K_TYPES, Cohort, make_cohort, to_dense
from conditioned_gen import Block, PrivateCohort, Records
from conditioned_gen.generators._forest import Forest, consistent, draw_levels, nearest
from conditioned_gen.generators._levels import EDGES, LEVELS, count_levels, draw_counts, level_shares
from conditioned_gen.generators.dp_merf import DpMerf, embedding_block, random_frequencies
from conditioned_gen.generators.marginals import MarginalModel, table_blocks
from conditioned_gen.generators.ron_gauss import moment_blocks, orthonormal
from conditioned_gen.representation import CellVectors


def wild(genes: int, cells: int = 60) -> Cohort:
    """Cells from empty to a million counts in one gene."""
    rng = np.random.default_rng(0)
    counts = np.rint(rng.gamma(0.1, rng.choice([0.0, 1.0, 30.0, 1e6], (cells, 1)), (cells, genes)))
    return make_cohort(counts, genes=[f"G{place}" for place in range(genes)])


def rows(block: Block, cohort: Cohort) -> np.ndarray:
    return np.asarray(block.of(Records(cohort.counts, np.zeros(len(cohort), dtype=np.intp))))


def test_an_embedding_has_norm_1_whatever_the_cell_and_inner_products_are_the_kernels():
    cells = wild(12)
    view = CellVectors(cells.genes)
    found = rows(embedding_block(view, random_frequencies(view.width, 4000, width=0.8, seed=0)), cells)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(len(cells)), abs=1e-12)
    vectors = view.vectors(cells.counts).astype(np.float64)
    squared = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    assert np.abs(found @ found.T - np.exp(-squared / (2 * 0.8**2))).max() < 0.1


def test_the_kernels_width_is_the_same_on_any_data(members):
    """The published code takes the median distance between private records, and pays nothing for it."""
    quick = replace(DpMerf(), features=20, hidden=4, latent=2, steps=1)
    brighter = Cohort(members.adata.copy(), label=members.label)
    brighter.adata.X = np.rint(to_dense(members.counts) ** 2)

    class Overheard(PrivateCohort):
        def release_sum(self, name, blocks, *, share):
            self.__dict__["embedding"] = blocks[0]
            return super().release_sum(name, blocks, share=share)

    heard = []
    for cohort in (members, brighter):
        private = Overheard(cohort, epsilon=1, delta=1e-5, types=PBMC68K_TYPES, noise_seed=0)
        assert quick.fit(private, grn=None, seed=0).settings["width"] == quick.width
        heard.append(rows(private.__dict__["embedding"], members))
    assert np.array_equal(*heard)


def test_projected_moments_lie_within_their_radii_but_for_records_far_from_the_middle(members):
    view = CellVectors(members.genes)
    projection = orthonormal(20, view.width, seed=3)
    assert projection @ projection.T == pytest.approx(np.eye(20), abs=1e-12)
    middle = view.vectors(members.counts).mean(axis=0)
    radius = np.sqrt(20 / view.width)
    _, means, products = moment_blocks(view, middle, projection, radius)
    first, second = rows(means, members), rows(products, members)
    assert np.linalg.norm(second, axis=1) == pytest.approx(np.linalg.norm(first, axis=1) ** 2)
    assert (np.linalg.norm(first, axis=1) <= means.radius).mean() > 0.9


def test_a_cell_adds_a_single_one_to_each_table():
    cells = wild(100)
    forest = Forest.spanning(100, [(1.0, place, place + 1) for place in range(60)])
    blocks = table_blocks(np.arange(100), forest)
    found = [rows(block, cells).reshape(len(cells), -1, LEVELS**2) for block in blocks]
    assert all((tables.sum(axis=2) == 1).all() and set(np.unique(tables)) == {0.0, 1.0} for tables in found)
    assert sum(block.weight**2 for block in blocks) == pytest.approx(100)
    assert {block.radius / block.weight for block in blocks} == {1.0}
    assert (np.concatenate(found, axis=1)[:, ~forest.cells(np.full(100, LEVELS)).reshape(100, -1)] == 0).all()


def test_the_less_budget_the_fewer_genes_are_measured(members, grn):
    def measured(epsilon: float) -> int:
        private = PrivateCohort(members, epsilon=epsilon, delta=1e-5, types=PBMC68K_TYPES, noise_seed=0)
        return len(MarginalModel(tolerated=0.1, least=3).fit(private, grn=grn, seed=0).columns)

    numbers = [measured(epsilon) for epsilon in (0.1, 10, 100)]
    assert numbers == sorted(numbers)
    assert numbers[0] == 3 < numbers[1] < numbers[2]


def test_the_most_believed_edges_span_the_forest_and_loops_are_cut_at_the_least():
    forest = Forest.spanning(5, [(0.9, 0, 1), (0.8, 1, 2), (0.3, 2, 0), (0.7, 3, 3), (0.0, 3, 4)])
    assert forest.parents.tolist() == [-1, 0, 1, -1, -1]
    place = {column: position for position, column in enumerate(forest.order)}
    assert all(parent < 0 or place[parent] < place[child] for child, parent in enumerate(forest.parents))


def test_the_nearest_point_of_the_simplex_is_nearer_than_any_other():
    rng = np.random.default_rng(5)
    noisy, there = rng.normal(1, 4, (20, 6)), np.arange(6) < 5
    found = nearest(noisy, np.broadcast_to(there, noisy.shape), np.full(20, 7.0))
    assert found.min() >= 0
    assert found.sum(axis=1) == pytest.approx(np.full(20, 7.0))
    assert (found[:, 5] == 0).all()
    others = rng.dirichlet(np.full(5, 0.3), (500, 1)) * 7
    assert (((others - noisy[:, :5]) ** 2).sum(axis=2) >= ((found - noisy)[:, :5] ** 2).sum(axis=1) - 1e-9).all()


def above(forest: Forest, codes: np.ndarray) -> np.ndarray:
    return np.where(forest.parents < 0, 0, codes[:, forest.parents])


def chain() -> tuple[np.ndarray, Forest, np.ndarray]:
    """Tables of 1,000 records of each of two types along a chain of three columns of 3, 2 and 3 levels."""
    rng = np.random.default_rng(6)
    forest, levels = Forest.spanning(3, [(1, 0, 1), (1, 1, 2)]), np.array([3, 2, 3])
    codes = np.column_stack([rng.integers(0, 3, 2000), np.zeros(2000, int), rng.integers(0, 3, 2000)])
    codes[:, 1] = codes[:, 0] > rng.integers(0, 2, 2000)
    codes[:, 2] = np.where(rng.random(2000) < 0.7, codes[:, 1], codes[:, 2])
    tables = np.zeros((2, 3, 3, 3))
    for kind in range(2):
        some = codes[1000 * kind : 1000 * (kind + 1)]
        np.add.at(tables[kind], (np.arange(3), above(forest, some), some), 1)
    return tables, forest, levels


def test_tables_without_noise_stay_as_they_are_and_are_sampled_from():
    tables, forest, levels = chain()
    found = consistent(tables, forest, levels, np.array([1000.0, 1000.0]))
    assert np.abs(found - tables).max() < 2
    codes = draw_levels(np.random.default_rng(7), found, np.repeat([0, 1], 20_000), forest)
    again = np.zeros_like(tables)
    for kind, some in enumerate((codes[:20_000], codes[20_000:])):
        np.add.at(again[kind], (np.arange(3), above(forest, some), some), 1 / 20)
    assert np.abs(again - tables).max() < 4 * np.sqrt(1000 / 20)


def test_noisy_tables_are_made_to_agree_and_come_nearer_to_the_truth():
    truth, forest, levels = chain()
    cells, rng = forest.cells(levels), np.random.default_rng(10)
    before, after = [], []
    for _ in range(30):
        noisy = truth + rng.normal(0, 30, truth.shape)
        found = consistent(noisy, forest, levels, np.array([1000.0, 1000.0]))
        assert found.min() >= 0
        assert (found[:, ~cells] == 0).all()
        for child, parent in ((1, 0), (2, 1)):
            assert found[:, child].sum(axis=2) == pytest.approx(found[:, parent].sum(axis=1), abs=0.1)
        before.append(np.mean((noisy - truth)[:, cells] ** 2))
        after.append(np.mean((found - truth)[:, cells] ** 2))
    # Marginals that must agree leave 9 of 15 dimensions for noise.
    assert np.mean(after) < 0.7 * np.mean(before)


def test_a_count_is_drawn_within_its_level():
    counts = np.arange(0, 80)[:, None]
    levels = count_levels(counts)
    assert ((EDGES[levels] <= counts) & ((counts < EDGES[levels + 1]) | (levels == LEVELS - 1))).all()
    drawn = draw_counts(np.random.default_rng(8), np.repeat(np.arange(LEVELS)[:, None], 2000, axis=1))
    for level in range(LEVELS):
        assert set(np.unique(drawn[level])) <= set(range(EDGES[level], EDGES[level + 1]))
    assert (drawn[2] == 2).mean() == pytest.approx((1 / 2 - 1 / 3) / (1 / 2 - 1 / 4), abs=0.05)


def test_expected_levels_are_those_of_cells_drawn_with_such_libraries():
    rng = np.random.default_rng(9)
    libraries = np.exp(6 + 0.35 * rng.standard_normal((40_000, 1)))
    found = count_levels(rng.poisson(libraries * [1e-3, 2e-2]))
    shares = [np.bincount(column, minlength=LEVELS) / len(column) for column in found.T]
    assert np.abs(level_shares(np.array([1e-3, 2e-2]), 6.0, 0.35) - shares).max() < 0.01
