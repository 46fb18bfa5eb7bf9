"""The one place that knows sparse from dense.

`pd.DataFrame(csr_matrix)` and `np.asarray(csr_matrix)` fail or lie in ways that have cost other projects days;
everything in PriSyn that looks inside a matrix goes through here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Matrix = Any
"""A dense array, or any scipy sparse matrix or array, in any layout."""

LIBRARY = 1e4
"""Counts per cell that `log_normalise` scales to."""


def to_csr(matrix: Matrix, dtype: npt.DTypeLike = np.float32) -> sp.csr_matrix:
    """`matrix` as a CSR matrix with sorted indices and no stored zeros, shape (n, g)."""
    csr = sp.csr_matrix(matrix, dtype=dtype, copy=True)
    csr.sum_duplicates()
    csr.eliminate_zeros()
    return csr


def to_dense(matrix: Matrix, dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """`matrix` as a C-ordered dense array, shape (n, g)."""
    if sp.issparse(matrix):
        return np.ascontiguousarray(matrix.toarray(), dtype=dtype)
    return np.ascontiguousarray(np.asarray(matrix), dtype=dtype)


def stored_values(matrix: Matrix) -> npt.NDArray[Any]:
    """The values that can differ from zero, flat: all that a check for NaN, sign or integrality needs."""
    if sp.issparse(matrix):
        return np.asarray(matrix.tocsr().data)
    return np.asarray(matrix).ravel()


def row_sums(matrix: Matrix) -> npt.NDArray[np.float64]:
    """Sums over genes, shape (n,), in float64."""
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()


def log_normalise(counts: sp.csr_matrix) -> sp.csr_matrix:
    """log(1 + counts scaled to 10,000 a row), shape (n, g), CSR float32; rows without counts stay zero."""
    totals = row_sums(counts)
    scale = np.divide(LIBRARY, totals, out=np.zeros_like(totals), where=totals > 0)
    scaled = np.asarray(counts.data * np.repeat(scale, np.diff(counts.indptr)), dtype=np.float32)
    # Both share the places of the counts, which nobody changes in place.
    return sp.csr_matrix((np.log1p(scaled, out=scaled), counts.indices, counts.indptr), shape=counts.shape)
