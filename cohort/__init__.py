"""A cohort of records, cells or a table of patients: read, checked, split, written."""

from cohort._check import check_cohort, is_counts
from cohort._cohort import Cohort
from cohort._column import Column, Kind
from cohort._constraints import Constraint
from cohort._infer import infer_schema
from cohort._matrix import LIBRARY, Matrix, log_normalise, row_sums, stored_values, to_csr, to_dense
from cohort._pbmc68k import PBMC68K_TYPES, pbmc68k
from cohort._read import make_cohort, read_cohort, write_cohort
from cohort._schema import TableSchema
from cohort._schema_file import read_schema, schema_from_json, schema_to_json, write_schema
from cohort._split import split_cohort
from cohort._table import EVERYBODY, Table
from cohort._table_check import check_table, make_table
from cohort._table_read import is_table_file, propose_schema, read_frame, read_table, write_table

__all__ = [
    "EVERYBODY",
    "LIBRARY",
    "PBMC68K_TYPES",
    "Cohort",
    "Column",
    "Constraint",
    "Kind",
    "Matrix",
    "Table",
    "TableSchema",
    "check_cohort",
    "check_table",
    "infer_schema",
    "is_counts",
    "is_table_file",
    "log_normalise",
    "make_cohort",
    "make_table",
    "pbmc68k",
    "propose_schema",
    "read_cohort",
    "read_frame",
    "read_schema",
    "read_table",
    "row_sums",
    "schema_from_json",
    "schema_to_json",
    "split_cohort",
    "stored_values",
    "to_csr",
    "to_dense",
    "write_cohort",
    "write_schema",
    "write_table",
]
