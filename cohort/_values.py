"""The values of a column as codes, and back: see `Column`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort._column import Column

Floats = npt.NDArray[np.float64]


def word(value: Any) -> str:
    """A category as text: 1.0 is how a column with gaps writes 1."""
    return str(int(value)) if isinstance(value, float | np.floating) and value == int(value) else str(value)


def to_codes(column: Column, series: pd.Series) -> Floats:
    """Codes (n,) of values that have the column's type; a category that is not listed counts as missing."""
    if column.named:
        words = [None if pd.isna(value) else word(value) for value in series.astype(object)]
        places = pd.Index(column.categories).get_indexer(pd.Index(words, dtype=object)).astype(np.float64)
        return np.where(places < 0, np.nan, places)
    if column.kind == "date":
        days = pd.to_datetime(series).to_numpy(dtype="datetime64[D]")
        return np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(np.float64))
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))


def to_series(column: Column, codes: Floats, index: pd.Index | None) -> pd.Series:
    """The values of codes (n,): float64, int64 (Int64 with gaps), Categorical or datetime64[s]."""
    gone = np.isnan(codes)
    if column.named:
        places = np.where(gone, -1, codes).astype(np.intp)
        values: Any = pd.Categorical.from_codes(places, list(column.categories), ordered=column.kind == "ordinal")
    elif column.kind == "date":
        days = np.where(gone, 0, codes).astype(np.int64).astype("datetime64[D]").astype("datetime64[s]")
        values = np.where(gone, np.datetime64("NaT", "s"), days)
    elif column.kind == "integer":
        whole = pd.array(np.where(gone, 0, codes).astype(np.int64), dtype="Int64")
        whole[gone] = pd.NA
        values = whole if gone.any() else whole.to_numpy(dtype=np.int64)
    else:
        values = codes
    return pd.Series(values, index=index, name=column.name)
