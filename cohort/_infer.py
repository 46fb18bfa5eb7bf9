"""A schema proposed from the records themselves; what it read off them it marks as peeked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cohort._column import Column
from cohort._schema import TableSchema
from cohort._values import to_codes, word

MOST_CATEGORIES = 50
FEW = 10
"""A column of whole numbers with at most so many values is taken for ordinal, and with two for categorical."""
_DATE = r"\d{4}-\d{2}-\d{2}"


def infer_schema(frame: pd.DataFrame) -> TableSchema:
    """A proposal: kinds from types and values, ranges and categories as they occur, marked `peeked`.

    Left out are columns that tell nothing (one value) and columns that rather name records: more than
    `MOST_CATEGORIES` different words, or whole numbers none of which occurs twice. Kinds and gaps are guesses for a
    person to read over; a peeked range is as private as its most extreme record.
    """
    columns = (_proposed(str(name), frame[name]) for name in frame.columns)
    return TableSchema(tuple(column for column in columns if column is not None))


def _proposed(name: str, series: pd.Series) -> Column | None:
    present = series.dropna()
    distinct = present.nunique()
    gaps = bool(series.isna().any())
    if distinct < 2:
        return None
    if pd.api.types.is_bool_dtype(present) or _named(present):
        return _categories(name, present, distinct, gaps)
    if pd.api.types.is_datetime64_any_dtype(present) or not pd.api.types.is_numeric_dtype(present):
        days = to_codes(Column(name, "date", -np.inf, np.inf), present)
        return Column(name, "date", float(days.min()), float(days.max()), nullable=gaps, peeked=True)
    values = present.to_numpy(dtype=np.float64)
    if not np.array_equal(values, np.rint(values)):
        return Column(name, "numeric", float(values.min()), float(values.max()), nullable=gaps, peeked=True)
    if distinct == len(values) > FEW:
        return None
    if distinct <= FEW:
        return _categories(name, present, distinct, gaps, ordered=distinct > 2)
    return Column(name, "integer", float(values.min()), float(values.max()), nullable=gaps, peeked=True)


def _named(present: pd.Series) -> bool:
    """Whether these are words rather than numbers or dates."""
    if isinstance(present.dtype, pd.CategoricalDtype):
        return True
    if pd.api.types.is_numeric_dtype(present) or pd.api.types.is_datetime64_any_dtype(present):
        return False
    return not present.astype(str).str.fullmatch(_DATE).all()


def _categories(name: str, present: pd.Series, distinct: int, gaps: bool, *, ordered: bool = False) -> Column | None:
    if distinct > MOST_CATEGORIES:
        return None
    if isinstance(present.dtype, pd.CategoricalDtype):
        ordered = bool(present.dtype.ordered)
        found = [category for category in present.dtype.categories if (present == category).any()]
    elif pd.api.types.is_numeric_dtype(present):
        found = sorted(present.unique())
    else:
        found = sorted(present.unique(), key=word)
    names = tuple(word(category) for category in found)
    return Column.of_categories(name, names, ordered=ordered, nullable=gaps, peeked=True)
