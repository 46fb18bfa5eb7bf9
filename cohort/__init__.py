"""A cohort of records: read, checked, split, written."""

from cohort._check import check_cohort, is_counts
from cohort._cohort import Cohort
from cohort._matrix import LIBRARY, Matrix, log_normalise, row_sums, stored_values, to_csr, to_dense
from cohort._pbmc68k import PBMC68K_TYPES, pbmc68k
from cohort._read import make_cohort, read_cohort, write_cohort
from cohort._split import split_cohort

__all__ = [
    "LIBRARY",
    "PBMC68K_TYPES",
    "Cohort",
    "Matrix",
    "check_cohort",
    "is_counts",
    "log_normalise",
    "make_cohort",
    "pbmc68k",
    "read_cohort",
    "row_sums",
    "split_cohort",
    "stored_values",
    "to_csr",
    "to_dense",
    "write_cohort",
]
