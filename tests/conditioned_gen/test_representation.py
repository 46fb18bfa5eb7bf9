"""Records as vectors: bounded whatever the record is, and back again."""

from __future__ import annotations

import numpy as np
import pytest

from cohort import make_cohort, to_dense
from conditioned_gen.representation import CellVectors


def test_no_vector_is_longer_than_one_whatever_the_cell(members):
    rng = np.random.default_rng(0)
    wild = make_cohort(np.rint(rng.gamma(0.1, [[1e-3], [1.0], [1e6]], (3, len(members.genes)))), genes=members.genes)
    for cohort in (members, wild):
        vectors = CellVectors(members.genes).vectors(cohort.counts)
        assert np.linalg.norm(vectors.astype(np.float64), axis=1).max() <= 1


def test_a_cell_comes_back_from_its_vector(members):
    view = CellVectors(members.genes)
    rng = np.random.default_rng(0)
    again = view.cohort(view.vectors(members.counts), members.labels, label="cell_type", rng=rng, expected=False)
    # The one count that log(1 + total) adds may be rounded to a gene.
    assert np.abs(to_dense(again.counts) - to_dense(members.counts)).max() <= 1
    assert again.labels.tolist() == members.labels.tolist()


def test_expected_vectors_are_drawn_around(members):
    view = CellVectors(members.genes)
    vectors = np.repeat(view.vectors(members.counts[:1]), 400, axis=0)
    drawn = view.cohort(vectors, ["x"] * 400, label="t", rng=np.random.default_rng(0), expected=True)
    truth = to_dense(members.counts[:1])[0]
    largest = int(truth.argmax())
    assert to_dense(drawn.counts)[:, largest].mean() == pytest.approx(truth[largest], rel=0.05)


def test_a_networks_output_is_a_vector_as_cells_have_them(members):
    torch = pytest.importorskip("torch")
    view = CellVectors(members.genes)
    raw = torch.randn(5, view.width, generator=torch.Generator().manual_seed(0))
    made = view.squash(raw)
    assert (made >= 0).all()
    assert torch.linalg.vector_norm(made, dim=1).max() <= 1 + 1e-5
    assert 0.3 < (made == 0).float().mean() < 0.7
