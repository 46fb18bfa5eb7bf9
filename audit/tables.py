"""Columns of mixed types as numbers on one scale, the same for all sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

MOST_LEVELS = 100


@dataclass(frozen=True, eq=False)
class NumericColumn:
    """(x - mean) / deviation. With `gaps`, one more column is 1 where x is missing, and x is the mean there."""

    name: str
    mean: float
    deviation: float
    gaps: bool

    @property
    def width(self) -> int:
        return 1 + self.gaps

    def encode(self, table: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Shape (n, width)."""
        values = table[self.name].to_numpy(dtype=np.float64, na_value=np.nan)
        gone = np.isnan(values)
        scaled = np.where(gone, 0.0, (values - self.mean) / self.deviation)
        return np.column_stack([scaled, gone] if self.gaps else [scaled]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class CategoricalColumn:
    """One-hot over `levels`, and with `others` one more column for any other; a missing value is the level ""."""

    name: str
    levels: tuple[str, ...]
    others: bool

    @property
    def width(self) -> int:
        return len(self.levels) + self.others

    def encode(self, table: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Shape (n, width)."""
        place = pd.Index(self.levels).get_indexer(words(table[self.name]))
        encoded = np.zeros((len(table), self.width), dtype=np.float32)
        encoded[np.arange(len(table)), np.where(place < 0, len(self.levels), place)] = 1.0
        return encoded


@dataclass(frozen=True, eq=False)
class Encoding:
    """How each column of a table becomes numbers. Two random records are about as far apart on each column."""

    columns: tuple[NumericColumn | CategoricalColumn, ...]

    @property
    def width(self) -> int:
        """The number of columns that come out."""
        return sum(column.width for column in self.columns)

    @property
    def places(self) -> dict[str, slice]:
        """Where each column went."""
        ends = np.cumsum([column.width for column in self.columns]).tolist()
        return {c.name: slice(end - c.width, end) for c, end in zip(self.columns, ends, strict=True)}

    def encode(self, table: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Shape (n, width), float32, finite."""
        encoded = np.empty((len(table), self.width), dtype=np.float32)
        for column, place in zip(self.columns, self.places.values(), strict=True):
            encoded[:, place] = column.encode(table)
        return encoded


def fit_encoding(tables: Sequence[pd.DataFrame]) -> Encoding:
    """Means, deviations and levels of all sets together.

    A set alone will not do: where a generator has made a column constant, its deviation would be no scale for the real
    records. All together say nothing of who is a member, because they treat members and non-members alike.
    """
    return Encoding(tuple(_column(name, [table[name] for table in tables]) for name in tables[0].columns))


def is_categorical(column: pd.Series) -> bool:
    """True for words, categories and anything else that has no mean."""
    return not pd.api.types.is_numeric_dtype(column)


def words(column: pd.Series) -> npt.NDArray[np.object_]:
    """The values as text, "" where missing, shape (n,)."""
    text = column.astype(object)
    return np.asarray(text.where(text.notna(), "").map(str), dtype=object)


def _column(name: str, parts: Sequence[pd.Series]) -> NumericColumn | CategoricalColumn:
    if any(is_categorical(part) for part in parts):
        counts = pd.Series(np.concatenate([words(part) for part in parts])).value_counts()
        # Ties in frequency are broken by name, so that the order of records does not matter.
        ranked = sorted(counts.index, key=lambda level: (-counts[level], level))
        return CategoricalColumn(name, tuple(sorted(ranked[:MOST_LEVELS])), len(ranked) > MOST_LEVELS)
    values = np.concatenate([part.to_numpy(dtype=np.float64, na_value=np.nan) for part in parts])
    known = values[~np.isnan(values)]
    mean, deviation = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
    return NumericColumn(name, mean, deviation if deviation > 0 else 1.0, len(known) < len(values))
