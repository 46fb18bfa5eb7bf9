"""A table of records: patients x variables, with what may be known of the variables in public."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort._schema import TableSchema

Floats = npt.NDArray[np.float64]
EVERYBODY = "all"
"""The one type of a table that has no label, or whose label is a number."""


@dataclass(frozen=True, eq=False)
class Table:
    """Records with the columns of `schema`; `label` names one of them, `donor` a column beside them (patient or site).

    Where the label is categorical, or ordinal, its values are the table's types. Where it is a number (the target of a
    regression) it is a column like the others, and all records are of one type. The frame is never changed in place.
    Use `read_table`, `make_table` or `check_table` to have the contents checked; the constructor only holds them.
    """

    frame: pd.DataFrame
    schema: TableSchema
    label: str | None = None
    donor: str | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        label = f", label {self.label!r}" if self.label else ""
        donors = f", donors in {self.donor!r}" if self.donor else ""
        return f"Table({len(self):,} records x {len(self.schema.columns)} columns{label}{donors})"

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each record, from the frame's index."""
        return tuple(map(str, self.frame.index))

    @property
    def typed(self) -> bool:
        """Whether the label names types."""
        return self.label is not None and self.schema[self.label].named

    @cached_property
    def features(self) -> TableSchema:
        """The columns that make up a record's vector: all but types, donors and what other columns compute."""
        return self.schema.measured(without={self.label if self.typed else None, self.donor})

    @cached_property
    def values(self) -> Floats:
        """Coordinates of the features, shape (n, width), each column's of norm at most 1."""
        return self.features.encode(self.frame)

    @cached_property
    def labels(self) -> npt.NDArray[np.str_]:
        """The type of each record, shape (n,)."""
        if not self.typed:
            return np.array([EVERYBODY] * len(self), dtype=np.str_)
        return np.asarray(self.frame[self.label].astype(str), dtype=np.str_)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The distinct types there are, sorted."""
        return tuple(np.unique(self.labels).tolist())

    @property
    def declared_types(self) -> tuple[str, ...] | None:
        """The types that are public knowledge: the label's categories in the schema, unless they were peeked."""
        if not self.typed:
            return (EVERYBODY,)
        column = self.schema[str(self.label)]
        return None if column.peeked else column.categories

    @cached_property
    def donors(self) -> npt.NDArray[np.str_]:
        """The donor of each record, shape (n,). Raises KeyError when donors are not known."""
        if self.donor is None:
            raise KeyError("this table has no donor column")
        return np.asarray(self.frame[self.donor].astype(str), dtype=np.str_)

    def subset(self, rows: Sequence[int] | npt.NDArray[Any]) -> Table:
        """The records at `rows` (positions or a boolean mask), copied."""
        at = np.asarray(rows)
        at = np.flatnonzero(at) if at.dtype == np.bool_ else at
        return Table(self.frame.iloc[at].copy(), self.schema, label=self.label, donor=self.donor)
