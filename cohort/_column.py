"""One column of a table of records: its kind, its public range or categories, and its place in a vector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

Kind = Literal["numeric", "integer", "ordinal", "categorical", "date"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Column:
    """A column whose values are codes: float64, NaN where missing.

    A code is the number itself (`numeric`, `integer`), the position among `categories` (`ordinal`, `categorical`), or
    days since 1970-01-01 (`date`). `low` and `high` bound it, both included; for categories they are the first and the
    last position. `nullable`: a missing value is a state of its own. `peeked` says that range or categories were read
    off the data, so that they are as private as the data until somebody confirms them from public knowledge.
    """

    name: str
    kind: Kind
    low: float
    high: float
    categories: tuple[str, ...] = ()
    nullable: bool = False
    unit: str = ""
    peeked: bool = False

    @classmethod
    def of_categories(
        cls,
        name: str,
        categories: tuple[str, ...],
        *,
        ordered: bool = False,
        nullable: bool = False,
        unit: str = "",
        peeked: bool = False,
    ) -> Column:
        """A categorical column, or an ordinal one, whose categories then stand in ascending order."""
        kind: Kind = "ordinal" if ordered else "categorical"
        return cls(name, kind, 0.0, float(len(categories) - 1), categories, nullable, unit, peeked)

    @property
    def named(self) -> bool:
        """Whether its values are names: categorical or ordinal."""
        return self.kind in {"ordinal", "categorical"}

    @property
    def levels(self) -> int | None:
        """How many values there are; None for `numeric`, which is continuous."""
        return None if self.kind == "numeric" else round(self.high - self.low) + 1

    @property
    def width(self) -> int:
        """Coordinates in a vector: one for each category, else one; and one more for missing values."""
        return (len(self.categories) if self.kind == "categorical" else 1) + self.nullable

    def read(self, text: str) -> float:
        """The code of a value as a file has it; NaN for "" and for what is no value of this kind."""
        if self.named:
            return float(self.categories.index(text)) if text in self.categories else math.nan
        try:
            return float(np.datetime64(text, "D").astype(np.int64)) if self.kind == "date" else float(text)
        except ValueError:
            return math.nan

    def inside(self, codes: Floats) -> npt.NDArray[np.bool_]:
        """Where a code is missing or within the range, shape (n,)."""
        return np.isnan(codes) | ((codes >= self.low) & (codes <= self.high))

    def shares(self, codes: Floats) -> Floats:
        """Places in the range, in [0, 1], shape (n,); NaN stays. Each of finitely many values is the middle of a cell
        of its own, 1 / levels wide."""
        clipped = np.clip(codes, self.low, self.high)
        if self.levels is None:
            return np.asarray((clipped - self.low) / (self.high - self.low))
        return np.asarray((clipped - self.low + 0.5) / self.levels)

    def codes(self, shares: Floats) -> Floats:
        """The values at places in [0, 1], shape (n,); the inverse of `shares`."""
        inside = np.clip(shares, 0.0, 1.0)
        if self.levels is None:
            return np.asarray(self.low + inside * (self.high - self.low))
        return np.asarray(self.low + np.minimum(np.floor(inside * self.levels), self.levels - 1))

    def encode(self, codes: Floats) -> Floats:
        """Coordinates (n, width) of norm at most 1: 2 share - 1 or a one-hot category; missing is one coordinate."""
        rows = np.zeros((len(codes), self.width))
        gone = np.isnan(codes)
        if self.kind == "categorical":
            there = np.flatnonzero(~gone)
            rows[there, np.clip(codes[there], self.low, self.high).astype(np.intp)] = 1.0
        else:
            rows[:, 0] = np.where(gone, 0.0, 2 * self.shares(codes) - 1)
        if self.nullable:
            rows[gone, -1] = 1.0
        return rows

    def decode(self, rows: Floats, rng: np.random.Generator | None = None) -> Floats:
        """Codes (n,) of coordinates (n, width), exact for what `encode` made.

        With `rng`, coordinates are expected values: categories and missing values are drawn by them.
        """
        missing = np.clip(rows[:, -1], 0.0, 1.0) if self.nullable else np.zeros(len(rows))
        values = rows[:, :-1] if self.nullable else rows
        if self.kind == "categorical":
            codes = _categories(values, rng)
            gone = missing > (values.max(axis=1) if rng is None else rng.random(len(rows)))
        else:
            present = np.maximum(1 - missing, 1e-6) if rng is not None else 1.0
            codes = self.codes((np.clip(values[:, 0] / present, -1, 1) + 1) / 2)
            gone = missing > (0.5 if rng is None else rng.random(len(rows)))
        return np.where(gone, np.nan, codes)


def _categories(values: Floats, rng: np.random.Generator | None) -> Floats:
    if rng is None:
        return np.asarray(values.argmax(axis=1), dtype=np.float64)
    weights = np.maximum(values, 0.0) + 1e-9
    bounds = np.cumsum(weights, axis=1)
    drawn = rng.random((len(values), 1)) * bounds[:, -1:]
    return np.asarray(np.minimum((drawn >= bounds).sum(axis=1), values.shape[1] - 1), dtype=np.float64)


def flaws(column: Column) -> tuple[tuple[str, str, str], ...]:
    """What is wrong with a column's description, as (found, expected, mend)."""
    found = []
    if column.kind not in KINDS:
        found.append((f"kind {column.kind!r}", "one of " + ", ".join(KINDS), "choose one of these"))
    elif column.named:
        if not column.categories:
            found.append(("no categories", "the list of possible values", "list them under categories"))
        if len(set(column.categories)) < len(column.categories):
            found.append(("a category twice", "each category once", "take the repeated one out"))
    elif not (math.isfinite(column.low) and math.isfinite(column.high)):
        found.append(("no range", "the least and the greatest possible value", "write range: [LOW, HIGH]"))
    elif column.low > column.high or (column.kind == "numeric" and column.low == column.high):
        found.append((f"the range {column.low:g} to {column.high:g}", "LOW below HIGH", "correct the range"))
    return tuple(found)
