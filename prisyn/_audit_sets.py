"""The sets of records that the audit's commands are handed, as cells or as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
    import pandas as pd

    from audit import AuditTarget
    from audit.edges import Edge

TABLES = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
OTHER_SEPARATORS = (";", "\t", "|")


def read_target(
    paths: Mapping[str, Path],
    *,
    label: str | None,
    donor: str | None,
    edges: tuple[Edge, ...] = (),
) -> AuditTarget:
    """The sets of an audit by role: all `.h5ad`, or all tables.

    Raises InputError with everything wrong with any file and with the sets that can be read, each named by role and
    file.
    """
    from audit import AuditTarget
    from audit.target import problems_with

    problems, sets = Problems(), {}
    tables = [name for name, path in paths.items() if _is_table(path)]
    for name, path in paths.items():
        if tables and name not in tables:
            mend = "hand in all sets as .h5ad, or all as tables"
            problems.add(f"{name}: {path}", "no table, as other sets are", ".csv, .tsv or .parquet", mend)
            continue
        try:
            sets[name] = read_frame(path) if tables else _read_cells(path)
        except InputError as error:
            problems.extend(replace(p, where=f"{name}: {p.where}") for p in error.problems)
    known: Any = {"label": label, "donor": donor}
    if len(problems):
        problems.extend(_named(problem, paths) for problem in problems_with(sets, **known))
    problems.raise_if_any()
    with naming(paths):
        target = AuditTarget(**sets, **known, edges=edges)
        target.check()
    return target


@contextmanager
def naming(paths: Mapping[str, Path]) -> Iterator[None]:
    """Problems of a set are told with its file, which its role alone does not say."""
    try:
        yield
    except InputError as error:
        raise InputError(_named(problem, paths) for problem in error.problems) from error


def _named(problem: Problem, paths: Mapping[str, Path]) -> Problem:
    path = paths.get(problem.where)
    return problem if path is None else replace(problem, where=f"{problem.where}: {path}")


def _read_cells(path: Path) -> Any:
    """The AnnData of a file of counts. Which columns it must have, the audit knows: it depends on the set's role."""
    from cohort import read_cohort

    return read_cohort(path).adata


def read_frame(path: Path) -> pd.DataFrame:
    """A table with a header row, `.csv`, `.tsv` (gzipped or not) or `.parquet`.

    A `.csv` may be separated by semicolons or tabs, as spreadsheets of many countries write it, and then have decimal
    commas. Raises InputError for anything unreadable.
    """
    import pandas as pd

    suffix = _suffix(path)
    if not path.is_file():
        raise InputError([Problem(str(path), "no such file", "a table", "check the path")])
    try:
        return pd.read_parquet(path) if suffix == ".parquet" else _read_text(path, TABLES[suffix])
    except ImportError:
        mend = "pip install pyarrow, or write the table as .csv"
        raise InputError([Problem(str(path), "parquet, which nothing here reads", "pyarrow", mend)]) from None
    except Exception as error:  # pandas raises many types for a damaged file
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        mend = "write it anew with DataFrame.to_csv(..., index=False)"
        raise InputError([Problem(str(path), f"unreadable ({first[:160]})", "a table with a header", mend)]) from error


def _read_text(path: Path, separator: str) -> pd.DataFrame:
    import pandas as pd

    header = pd.read_csv(path, sep=separator, nrows=0).columns
    if len(header) > 1:
        return pd.read_csv(path, sep=separator)
    used = max((separator, *OTHER_SEPARATORS), key=str(header[0]).count)
    readings = [pd.read_csv(path, sep=used, decimal=mark) for mark in (".", ",") if mark != used]
    return max(readings, key=lambda frame: frame.select_dtypes("number").shape[1])


def _is_table(path: Path) -> bool:
    return _suffix(path) in {*TABLES, ".parquet"}


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return suffixes[-1] if suffixes else ""
