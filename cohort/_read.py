"""Cohorts from files, checked; and back, whole or not at all."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import anndata
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

from cohort._check import check_cohort, is_counts
from cohort._cohort import Cohort
from cohort._matrix import to_csr
from cohort._table import Table
from cohort._table_read import is_table_file, write_table
from prisyn_base import InputError, Problem, atomic_path

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_TABLES = {".csv", ".tsv", ".txt", ".parquet", ".mtx", ".loom", ".xlsx"}


def read_cohort(path: str | os.PathLike[str], *, label: str | None = None, donor: str | None = None) -> Cohort:
    """Read and check an `.h5ad` file of cells.

    Counts are looked for in `X`, then in `layers["counts"]`. Raises `InputError` with everything that is wrong.
    """
    file = Path(path)
    adata = _open(file)
    if not is_counts(adata.X) and "counts" in adata.layers and is_counts(adata.layers["counts"]):
        adata.X = adata.layers["counts"]
    cohort = Cohort(adata, label=label, donor=donor)
    problems = check_cohort(cohort, where=str(path))
    if problems:
        raise InputError(problems)
    return cohort


def write_cohort(cohort: Cohort | Table, path: str | os.PathLike[str]) -> None:
    """Write counts, gene names and all of `obs` as `.h5ad`; an interrupted write leaves the old file as it was.

    A table is written as by `write_table`.
    """
    if isinstance(cohort, Table):
        write_table(cohort, path)
        return
    if is_table_file(path):
        raise InputError([Problem(str(path), "a table's name, for cells", "an .h5ad file", "name it x.h5ad")])
    with atomic_path(path) as temporary:
        cohort.adata.write_h5ad(temporary, compression="gzip")


def make_cohort(
    counts: object,
    *,
    genes: Sequence[str],
    labels: Sequence[str] | None = None,
    cells: Sequence[str] | None = None,
    label: str = "cell_type",
) -> Cohort:
    """A cohort from a matrix (n, g) of counts, dense or sparse, with gene names and, where known, types."""
    matrix: sp.csr_matrix = to_csr(counts)
    names = list(cells) if cells is not None else [f"cell-{row}" for row in range(matrix.shape[0])]
    obs = pd.DataFrame(index=pd.Index(names, dtype=object))
    if labels is not None:
        obs[label] = pd.Categorical(list(labels))
    adata = AnnData(matrix, obs=obs, var=pd.DataFrame(index=pd.Index(list(genes), dtype=object)))
    return Cohort(adata, label=label if labels is not None else None)


def _open(file: Path) -> AnnData:
    problem = _unreadable(file)
    if problem is None:
        try:
            with warnings.catch_warnings():
                # Repeated names are reported by the check, in full and with what to do.
                warnings.filterwarnings("ignore", message=".*names are not unique")
                return anndata.read_h5ad(file)
        except Exception as error:  # h5py and anndata raise many types for a damaged file
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            problem = Problem(
                str(file), f"an HDF5 file that cannot be read ({first[:160]})", "a whole AnnData file", _RECOPY
            )
    raise InputError([problem])


_RECOPY = "copy the file again, or write it anew with adata.write_h5ad(...)"


def _unreadable(file: Path) -> Problem | None:
    where = str(file)
    if not file.exists():
        return Problem(where, "no such file", "an .h5ad file", "check the path")
    if file.is_dir():
        return Problem(where, "a folder", "an .h5ad file", "name the file in it")
    if file.suffix.lower() in _TABLES:
        convert = f'anndata.read_csv("{file.name}").write_h5ad("{file.stem}.h5ad")'
        return Problem(where, f"a {file.suffix} file", "cells as .h5ad", f"convert it, for example: {convert}")
    with file.open("rb") as stream:
        head = stream.read(len(_HDF5_SIGNATURE))
    if not head:
        return Problem(where, "an empty file", "an .h5ad file", _RECOPY)
    if head != _HDF5_SIGNATURE:
        return Problem(where, "a file that is not HDF5, whatever its name", "an .h5ad file", _RECOPY)
    return None
