from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from cohort import PBMC68K_TYPES, make_cohort, read_cohort, split_cohort, to_csr, to_dense, write_cohort
from prisyn_base import InputError


def told(path, **columns) -> str:
    with pytest.raises(InputError) as caught:
        read_cohort(path, **columns)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def saved(cells, tmp_path):
    """Writes the packaged cells, changed by a function of their AnnData, and gives the path."""

    def write(change):
        adata = cells.adata[:60].copy()
        changed = change(adata)
        adata = adata if changed is None else changed
        path = tmp_path / "cells.h5ad"
        adata.write_h5ad(path)
        return path

    return write


def test_the_packaged_cells_are_real_counts_of_ten_types(cells):
    assert (len(cells), len(cells.genes), cells.types) == (700, 765, PBMC68K_TYPES)
    totals = np.asarray(cells.counts.sum(axis=1)).ravel()
    assert totals.min() > 300
    assert np.array_equal(cells.counts.data, np.rint(cells.counts.data))


def test_the_recovered_counts_give_the_published_values_back(cells):
    import anndata
    import scanpy

    source = anndata.read_h5ad(f"{scanpy.__path__[0]}/datasets/10x_pbmc68k_reduced.h5ad")
    per_cell = source.obs["n_counts"].to_numpy()
    again = np.log1p(to_dense(cells.counts) / per_cell[:, None] * 1e4)
    assert np.abs(again - to_dense(source.raw.X)).max() < 0.002


def test_what_is_written_is_read_back(cells, tmp_path):
    write_cohort(cells, tmp_path / "cells.h5ad")
    again = read_cohort(tmp_path / "cells.h5ad", label="cell_type")
    assert again.genes == cells.genes
    assert np.array_equal(again.labels, cells.labels)
    assert (again.counts != cells.counts).nnz == 0


@pytest.mark.parametrize("layout", [sp.csr_matrix, sp.csc_matrix, sp.coo_matrix, lambda m: m.toarray()])
def test_every_matrix_layout_holds_the_same_cohort(cells, layout):
    cohort = make_cohort(layout(cells.counts), genes=cells.genes, labels=cells.labels.tolist())
    assert (cohort.counts != cells.counts).nnz == 0
    assert np.allclose(to_dense(cohort.log_normalised()), to_dense(cells.log_normalised()))


def test_making_a_sparse_matrix_never_touches_the_original():
    dense = np.array([[0.0, 1.0], [2.0, 0.0]])
    matrix = sp.csr_matrix(dense)
    to_csr(matrix).data[:] = 9
    assert np.array_equal(matrix.toarray(), dense)


def test_a_split_is_disjoint_about_as_large_as_asked_and_repeatable(cells):
    parts = split_cohort(cells, fractions=(0.6, 0.25, 0.15), seed=3)
    again = split_cohort(cells, fractions=(0.6, 0.25, 0.15), seed=3)
    names = [set(part.adata.obs_names) for part in parts]
    assert sum(map(len, names)) == len(set().union(*names)) == len(cells)
    assert [len(part) / len(cells) for part in parts] == pytest.approx([0.6, 0.25, 0.15], abs=0.06)
    assert [list(part.adata.obs_names) for part in parts] == [list(part.adata.obs_names) for part in again]
    assert names[0] != set(split_cohort(cells, fractions=(0.6, 0.4), seed=4)[0].adata.obs_names)


def test_removing_a_cell_moves_no_other_cell_to_another_side(cells):
    """Without this, a guarantee for the members would not be one for the cohort that they were drawn from."""
    whole = split_cohort(cells, fractions=(0.6, 0.25, 0.15), seed=3)
    for row in (0, 350, 699):
        gone = str(cells.adata.obs_names[row])
        less = split_cohort(cells.subset(np.delete(np.arange(700), row)), fractions=(0.6, 0.25, 0.15), seed=3)
        for before, after in zip(whole, less, strict=True):
            assert set(before.adata.obs_names) - {gone} == set(after.adata.obs_names)


def test_no_donor_stands_on_two_sides_of_a_split(cells):
    adata = cells.adata.copy()
    adata.obs["donor"] = [f"d{row % 40}" for row in range(len(cells))]
    cohort = type(cells)(adata, label="cell_type", donor="donor")
    donors = [set(part.donors) for part in split_cohort(cohort, fractions=(0.5, 0.25, 0.25), seed=0)]
    assert sum(map(len, donors)) == len(set().union(*donors)) == 40
    assert min(map(len, donors)) > 3


def test_fractions_that_make_no_sense_are_refused(cells):
    with pytest.raises(InputError, match="add up to at most 1"):
        split_cohort(cells, fractions=(0.8, 0.4), seed=0)


def test_a_missing_label_column_lists_the_columns_there_are(saved):
    path = saved(lambda adata: None)
    assert "there are: cell_type" in told(path, label="celltype")


def test_values_that_are_no_counts_are_named_one_kind_at_a_time_in_one_message(saved):
    def spoil(adata):
        dense = to_dense(adata.X)
        dense[0, 0], dense[1, 1], dense[2, 2] = np.nan, -3, 0.5
        adata.X = dense

    message = told(saved(spoil), label="cell_type")
    assert "3 problems" in message
    assert "NaN or infinite" in message
    assert "below zero (least -3)" in message
    assert "for example 0.5" in message


def test_counts_kept_in_a_layer_are_found(saved, cells):
    def log(adata):
        adata.layers["counts"] = adata.X.copy()
        adata.X = np.log1p(to_dense(adata.X))

    cohort = read_cohort(saved(log), label="cell_type")
    assert (cohort.counts != cells.counts[:60]).nnz == 0


@pytest.mark.filterwarnings("ignore:.*names are not unique")
def test_repeated_genes_and_cells_are_both_named(saved):
    def repeat(adata):
        adata.var_names = [adata.var_names[0], *adata.var_names[:-1]]
        adata.obs_names = [adata.obs_names[5], *adata.obs_names[1:]]

    message = told(saved(repeat), label="cell_type")
    assert "HES4" in message
    assert "obs_names" in message
    assert "2 problems" in message


def test_a_label_of_one_value_and_a_label_with_gaps_are_refused(saved):
    def spoil(adata):
        adata.obs["one"] = "T"
        adata.obs["gaps"] = [None, *["T", "B"] * 29, "T"]

    path = saved(spoil)
    assert "one value only ('T')" in told(path, label="one")
    assert "1 missing values" in told(path, label="gaps")


def test_files_that_are_no_cohort_are_told_apart(saved, tmp_path):
    whole = saved(lambda adata: None)
    truncated = tmp_path / "truncated.h5ad"
    truncated.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    empty = tmp_path / "empty.h5ad"
    empty.touch()
    disguised = tmp_path / "disguised.h5ad"
    disguised.write_text("gene,cell\nSPI1,3\n")
    table = tmp_path / "cells.csv"
    table.write_text("gene,cell\nSPI1,3\n")
    assert "cannot be read" in told(truncated)
    assert "an empty file" in told(empty)
    assert "not HDF5" in told(disguised)
    assert "anndata.read_csv" in told(table)
    assert "no such file" in told(tmp_path / "absent.h5ad")
    assert "a folder" in told(tmp_path)


def test_a_cohort_without_cells_is_refused(saved):
    assert "0 cells" in told(saved(lambda adata: adata[:0].copy()), label="cell_type")
