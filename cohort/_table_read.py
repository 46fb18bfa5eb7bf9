"""Tables from files, checked; and back, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from cohort._infer import infer_schema
from cohort._schema import TableSchema
from cohort._schema_file import write_schema
from cohort._table import Table
from cohort._table_check import make_table, raw_problems
from prisyn_base import InputError, Problem, Problems, atomic_path

SEPARATORS = {".csv": ",", ".tsv": "\t"}
_SAVED = "write it anew with DataFrame.to_csv(..., index=False)"


def is_table_file(path: str | os.PathLike[str]) -> bool:
    """Whether the name is that of a table: .csv, .tsv (gzipped or not) or .parquet."""
    return _suffix(Path(path)) in {*SEPARATORS, ".parquet"}


def read_table(
    path: str | os.PathLike[str],
    *,
    schema: TableSchema | None = None,
    label: str | None = None,
    donor: str | None = None,
) -> Table:
    """Read and check a table with a header row: .csv, .tsv (both perhaps .gz) or .parquet.

    Without a schema one is proposed from the records (`infer_schema`), with all its ranges marked as peeked. Raises
    `InputError` with everything that is wrong.
    """
    frame = read_frame(path)
    known = infer_schema(frame) if schema is None else schema
    return make_table(frame, known, label=label, donor=donor, where=str(path))


def read_frame(path: str | os.PathLike[str]) -> pd.DataFrame:
    """The frame of a file, as pandas reads it, once nothing is wrong with it that shows without a schema."""
    file = Path(path)
    if not file.is_file():
        raise InputError([Problem(str(path), "no such file", "a table", "check the path")])
    suffix = _suffix(file)
    if not is_table_file(file):
        found = f"a {suffix} file" if suffix else "a file without an ending"
        raise InputError([Problem(str(path), found, ".csv, .tsv or .parquet", _SAVED)])
    if suffix == ".parquet":
        _check_parquet(path)
    problems = Problems()
    try:
        if suffix == ".parquet":
            frame = pd.read_parquet(file)
        else:
            header = pd.read_csv(file, sep=SEPARATORS[suffix], header=None, nrows=1, dtype=str)
            problems.extend(_repeated(header.iloc[0].tolist(), str(path)))
            frame = pd.read_csv(file, sep=SEPARATORS[suffix], low_memory=False)
    except Exception as error:  # pandas raises many types for a damaged file
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(
            [Problem(str(path), f"unreadable ({first[:160]})", "a table with a header", _SAVED)]
        ) from error
    problems.extend(raw_problems(frame, str(path)))
    problems.raise_if_any()
    return frame


def write_table(table: Table, path: str | os.PathLike[str]) -> None:
    """Write the columns as .csv, .tsv (both perhaps .gz) or .parquet; an interrupted write leaves the old file."""
    file = Path(path)
    suffix = _suffix(file)
    if not is_table_file(file):
        raise InputError([Problem(str(path), f"the ending {suffix!r}", ".csv, .tsv or .parquet", "name it x.csv")])
    if suffix == ".parquet":
        _check_parquet(path)
    with atomic_path(file) as temporary:
        if suffix == ".parquet":
            table.frame.to_parquet(temporary, index=False)
        else:
            compression = "gzip" if file.suffix.lower() == ".gz" else None
            table.frame.to_csv(temporary, sep=SEPARATORS[suffix], index=False, compression=compression)


def propose_schema(path: str | os.PathLike[str], out: str | os.PathLike[str]) -> tuple[TableSchema, tuple[str, ...]]:
    """Write a proposed schema for a person to edit; the schema, and the columns that it leaves out."""
    frame = read_frame(path)
    schema = infer_schema(frame)
    if not schema.columns:
        mend = "check how the file was written"
        raise InputError([Problem(str(path), "no column that varies without naming records", "a cohort", mend)])
    write_schema(schema, out)
    return schema, tuple(str(name) for name in frame.columns if str(name) not in schema)


def _check_parquet(path: str | os.PathLike[str]) -> None:
    if find_spec("pyarrow") is None:
        mend = "pip install pyarrow, or write the table as .csv"
        raise InputError([Problem(str(path), "parquet, which nothing here reads or writes", "pyarrow", mend)])


def _repeated(names: Sequence[str], where: str) -> Problems:
    problems = Problems()
    for name in sorted({name for name in names if names.count(name) > 1 and isinstance(name, str)}):
        problems.add(where, f"several columns named {name!r}", "each name once", "rename or drop all but one")
    return problems


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return suffixes[-1] if suffixes else ""
