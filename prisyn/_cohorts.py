"""The cohorts that commands and run files name: files, or the packaged example."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from prisyn.runfile import EXAMPLE
from prisyn_base import Problems

if TYPE_CHECKING:
    from cohort import Cohort, Table
    from conditioned_gen import Fitted


def open_cohort(name: str, *, base: Path, label: str | None = None, donor: str | None = None) -> Cohort:
    """`example` or a file relative to `base`, checked. Raises InputError with everything wrong with it."""
    from cohort import pbmc68k, read_cohort

    if name == EXAMPLE:
        return pbmc68k()
    return read_cohort(base / Path(name).expanduser(), label=label, donor=donor)


def read_records(
    path: Path, *, schema: Path | None = None, label: str | None = None, donor: str | None = None
) -> Cohort | Table:
    """Cells from .h5ad, or a table of records from .csv, .tsv or .parquet, checked."""
    from cohort import is_table_file, read_cohort, read_schema, read_table

    if is_table_file(path):
        known = None if schema is None else read_schema(schema)
        return read_table(path, schema=known, label=label, donor=donor)
    problems = Problems()
    if label is None:
        problems.add("--label", "left out", "the column of obs that names the cell type", "name it")
    if schema is not None:
        problems.add("--schema", f"{schema}, for cells", "a table", "leave it out: genes need no schema")
    problems.raise_if_any()
    return read_cohort(path, label=label, donor=donor)


def unnamed_types(cohort: Cohort | Table, fitted: Fitted, merged: Collection[str] = ()) -> tuple[str, ...]:
    """A confidential line for the owner of the data, where types were too small to be named, and are not `merged`."""
    lost = sorted(set(cohort.types) - set(fitted.types) - set(merged))
    if not lost:
        return ()
    return (
        f"left out, as too small to be named privately: {', '.join(lost)} (confidential: do not publish this line). "
        "Declare the types that are public knowledge to keep them.",
    )
