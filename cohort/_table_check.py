"""What must hold of a table of records, every problem at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort._column import Column
from cohort._constraints import Constraint
from cohort._schema import TableSchema
from cohort._table import Table
from cohort._values import to_codes, word
from prisyn_base import InputError, Problem, Problems

Mask = npt.NDArray[np.bool_]
_COMMA = r"\s*[-+]?\d+,\d+\s*"
_SHOWN = 3
TOLERANCE = 0.02
"""How far, relative, a computed column of the input may lie from its formula: records are often rounded."""
_MOSTLY = 0.05
"""The share of records in which it may lie farther."""


def make_table(
    frame: pd.DataFrame,
    schema: TableSchema,
    *,
    label: str | None = None,
    donor: str | None = None,
    where: str = "table",
) -> Table:
    """A table of a frame's columns that the schema has, and its donors, in the schema's types.

    Other columns are left out, and so is the donor column from the schema. Raises `InputError` with everything wrong:
    missing columns, values of another kind, outside the range or not among the categories, gaps where none are
    allowed, broken rules, too few records.
    """
    problems = _columns(frame, schema, label, donor, where)
    problems.raise_if_any()
    known = TableSchema(
        tuple(column for column in schema.columns if column.name != donor),
        tuple(rule for rule in schema.constraints if donor not in rule.needs | {rule.column}),
    )
    codes = np.full((len(frame), len(known.columns)), np.nan)
    for place, column in enumerate(known.columns):
        codes[:, place] = _parsed(column, frame[column.name], f"{where}: {column.name}", problems)
    problems.extend(_records(codes, known, label, where))
    if donor is not None and frame[donor].isna().any():
        found = f"{int(frame[donor].isna().sum())} missing values"
        problems.add(f"{where}: {donor}", found, "a donor for every record", "drop those records or name their donors")
    problems.raise_if_any()
    typed = known.frame(codes, index=frame.index)
    if donor is not None:
        typed[donor] = frame[donor]
    return Table(typed, known, label=label, donor=donor)


def check_table(table: Table, *, where: str = "table") -> tuple[Problem, ...]:
    """Everything wrong with the table; () when it is sound. `where` names the file in the messages."""
    try:
        make_table(table.frame, table.schema, label=table.label, donor=table.donor, where=where)
    except InputError as error:
        return error.problems
    return ()


def raw_problems(frame: pd.DataFrame, where: str) -> Problems:
    """What is wrong with a table as it was read, before anything is known of its columns."""
    problems = Problems()
    if len(frame.columns) == 1 and ";" in str(frame.columns[0]):
        mend = "write it with commas: DataFrame.to_csv(...), or name a tab-separated file .tsv"
        problems.add(where, "one column, with semicolons in its name", "columns separated by commas", mend)
        return problems
    for name in frame.columns:
        if frame[name].dtype == object:
            problems.extend(_mixed(frame[name], f"{where}: {name}"))
    return problems


def _mixed(series: pd.Series, where: str) -> Problems:
    problems = Problems()
    words = series.dropna().astype(str)
    commas = words.str.fullmatch(_COMMA)
    numbers = pd.to_numeric(words, errors="coerce").notna()
    if len(words) and commas.mean() > 0.5:
        found = f"decimal commas ({', '.join(words[commas][:_SHOWN])})"
        problems.add(where, found, "decimal points", "write the table with decimal points")
    elif len(words) and 0.5 < numbers.mean() < 1:
        others = words[~numbers].unique()
        found = f"numbers, and {len(others)} other values ({', '.join(map(repr, others[:_SHOWN]))})"
        problems.add(where, found, "numbers alone, or words alone", "correct them, or leave the cells empty")
    return problems


def _columns(frame: pd.DataFrame, schema: TableSchema, label: str | None, donor: str | None, where: str) -> Problems:
    problems = Problems()
    there = list(map(str, frame.columns))
    for name in sorted({name for name in there if there.count(name) > 1}):
        problems.add(where, f"several columns named {name!r}", "each name once", "rename or drop all but one")
    absent = [name for name in schema.names if name not in there]
    if absent:
        found = f"no column {', '.join(map(repr, absent))}; there are: {', '.join(there[:20])}"
        problems.add(where, found, "the schema's columns", "take them out of the schema, or put them into the table")
    if donor is not None and donor not in there:
        problems.add(where, f"no column {donor!r}", "the donor column", "name another donor")
    if label is not None and label not in schema:
        found = f"no column {label!r} in the schema; there are: {', '.join(schema.names)}"
        problems.add(where, found, "the label column", "name another label, or describe it in the schema")
    elif label is not None:
        if label == donor:
            problems.add(where, f"{label!r} as label and as donor", "two columns", "name another label or donor")
        if any(label == rule.column for rule in schema.derived):
            mend = "take the formula out, or name another label"
            problems.add(where, f"{label!r}, which is computed from others", "a measured label", mend)
    if len(frame) < 2:
        found = f"{len(frame)} record{'' if len(frame) == 1 else 's'}"
        problems.add(where, found, "a cohort: two records at least", "check how the file was written")
    return problems


def _parsed(column: Column, series: pd.Series, where: str, problems: Problems) -> npt.NDArray[np.float64]:
    """Codes (n,) of values as they came; what is no value of the column is a problem and missing."""
    gone = series.isna().to_numpy()
    codes = to_codes(column, _READ[column.kind](series))
    bad = np.isnan(codes) & ~gone
    if bad.any():
        expected = f"one of {', '.join(column.categories[:8])}" if column.named else _EXPECTED[column.kind]
        decimal = series[bad].astype(str).str.fullmatch(_COMMA).all()
        mend = "write decimal points" if decimal else "correct them, or the schema"
        problems.add(where, _cases(series, bad), expected, mend)
    if column.kind == "integer" and (fraction := ~np.isnan(codes) & (codes != np.rint(codes))).any():
        problems.add(where, _cases(series, fraction), "whole numbers", "declare the column numeric, or round it")
    if gone.any() and not column.nullable:
        found = f"{int(gone.sum())} missing values"
        problems.add(where, found, "a value in every record", "declare the column nullable: true, or fill them in")
    outside = ~column.inside(codes) & ~bad
    if outside.any():
        mend = "correct them, or the schema's range (from what is known of the variable, not of these records)"
        expected = f"values from {_value(column, column.low)} to {_value(column, column.high)}"
        problems.add(where, _cases(series, outside), expected, mend)
    return codes


def _value(column: Column, code: float) -> str:
    return str(np.datetime64(int(code), "D")) if column.kind == "date" else f"{code:g}"


def _numbers(series: pd.Series) -> pd.Series:
    return pd.to_numeric(series, errors="coerce")


def _dates(series: pd.Series) -> pd.Series:
    return pd.to_datetime(series, errors="coerce", format="ISO8601")


_READ: dict[str, Callable[[pd.Series], pd.Series]] = {
    "numeric": _numbers,
    "integer": _numbers,
    "date": _dates,
    "categorical": lambda series: series,
    "ordinal": lambda series: series,
}
_EXPECTED = {"numeric": "numbers", "integer": "whole numbers", "date": "dates as YYYY-MM-DD"}


def _cases(series: pd.Series, mask: Mask) -> str:
    """How many values, the first of them, and the rows they are in (1 is the first record)."""
    rows = np.flatnonzero(mask)
    shown = ", ".join(f"{word(series.iloc[row])!r} in record {row + 1}" for row in rows[:_SHOWN])
    return f"{len(rows)} value{'' if len(rows) == 1 else 's'} ({shown}{', ...' if len(rows) > _SHOWN else ''})"


def _records(codes: npt.NDArray[np.float64], schema: TableSchema, label: str | None, where: str) -> Problems:
    problems = Problems()
    values = {name: codes[:, place] for place, name in enumerate(schema.names)}
    for rule in schema.constraints:
        problems.extend(_broken(rule, ~rule.holds(values, tolerance=TOLERANCE), f"{where}: {rule.text}"))
    if label is None:
        return problems
    column, present = schema[label], values[label][~np.isnan(values[label])]
    if column.nullable and np.isnan(values[label]).any():
        found = f"{int(np.isnan(values[label]).sum())} missing values"
        problems.add(f"{where}: {label}", found, "a label for every record", "drop those records or label them")
    if column.named and len(np.unique(present)) == 1:
        found = f"one value only ({column.categories[int(present[0])]!r})"
        problems.add(f"{where}: {label}", found, "at least two", "name another label column")
    if column.named and len(column.categories) > len(codes):
        found = f"{len(column.categories)} types and {len(codes)} records"
        problems.add(f"{where}: {label}", found, "fewer types than records", "name another label column")
    return problems


def _broken(rule: Constraint, broken: Mask, where: str) -> Problems:
    problems = Problems()
    if broken.mean() > (_MOSTLY if rule.derives else 0.0):
        rows = ", ".join(str(row + 1) for row in np.flatnonzero(broken)[:_SHOWN])
        found = f"{int(broken.sum())} records that break it (record {rows}{', ...' if broken.sum() > _SHOWN else ''})"
        problems.add(where, found, "a rule that all records obey", "correct the records, or take the rule out")
    return problems
