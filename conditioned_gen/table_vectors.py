"""Records of a table as vectors of bounded length, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cohort import Column, Table, TableSchema, schema_from_json, schema_to_json

if TYPE_CHECKING:
    import torch

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TableVectors:
    """A table's coordinates over sqrt(columns): each column's have norm at most 1, so that a vector's is at most 1.

    `schema` holds all columns; those measured are all but the label, where it names types, and what rules compute.
    """

    schema: TableSchema
    label: str | None

    @cached_property
    def features(self) -> TableSchema:
        """The columns that make up a vector."""
        return self._empty.features

    @property
    def typed(self) -> bool:
        """Whether the label names types."""
        return self._empty.typed

    @property
    def width(self) -> int:
        """One coordinate for each category or else each column, and one more for a column with gaps."""
        return self.features.width

    def vectors(self, values: Floats) -> npt.NDArray[np.float32]:
        """As `Representation.vectors`; `values` are a table's coordinates (n, width)."""
        scale = (1 - 2.0**-20) / math.sqrt(len(self.features.columns))
        return np.asarray(values * scale, dtype=np.float32)

    def squash(self, raw: torch.Tensor) -> torch.Tensor:
        """As `Representation.squash`: softmax over categories and gaps, tanh for what has a range."""
        import torch

        parts = [_squashed(column, raw[:, place]) for column, place in self._columns]
        return torch.cat(parts, dim=1) / math.sqrt(len(parts))

    def cohort(
        self, vectors: npt.NDArray[Any], labels: Sequence[str], *, label: str, rng: np.random.Generator, expected: bool
    ) -> Table:
        """As `Representation.cohort`: `expected` coordinates of categories and gaps are probabilities to draw by."""
        return self.table(self._codes(vectors, rng if expected else None), labels)

    def drawn(self, vectors: npt.NDArray[Any], rng: np.random.Generator) -> npt.NDArray[np.float32]:
        """Vectors of records drawn around expected ones (n, width)."""
        codes = self._codes(vectors, rng)
        return self.vectors(np.hstack([column.encode(codes[:, n]) for n, (column, _) in enumerate(self._columns)]))

    def _codes(self, vectors: npt.NDArray[Any], rng: np.random.Generator | None) -> Floats:
        rows = vectors.astype(np.float64) * math.sqrt(len(self.features.columns))
        return np.column_stack([column.decode(rows[:, place], rng) for column, place in self._columns])

    def table(self, codes: Floats, labels: Sequence[str]) -> Table:
        """The table of measured codes (n, features) and types (n,): rules kept, computed columns computed."""
        return Table(self.schema.frame(self.schema.mend(self._whole(codes, labels))), self.schema, label=self.label)

    def holds(self, codes: Floats, labels: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Where measured codes (n, features) break no rule and computed columns stay in their range, shape (n,)."""
        whole = self.schema.derive(self._whole(codes, labels))
        computed = [self.schema.names.index(rule.column) for rule in self.schema.derived]
        inside = [self.schema.columns[place].inside(whole[:, place]) for place in computed]
        return np.asarray(np.logical_and.reduce([self.schema.holds(whole), *inside]))

    def _whole(self, codes: Floats, labels: Sequence[str]) -> Floats:
        """Codes of all columns (n, columns); computed ones are missing yet."""
        whole = np.full((len(codes), len(self.schema.columns)), np.nan)
        for place, name in enumerate(self.features.names):
            whole[:, self.schema.names.index(name)] = codes[:, place]
        if self.typed:
            column = self.schema[str(self.label)]
            position = {name: code for code, name in enumerate(column.categories)}
            whole[:, self.schema.names.index(column.name)] = [position[name] for name in labels]
        return whole

    def to_json(self) -> dict[str, Any]:
        """What a saved model has to remember; `from_json` reads it back."""
        return {"table": schema_to_json(self.schema), "table_label": self.label}

    @classmethod
    def from_json(cls, record: Mapping[str, Any], *, where: str = "model") -> TableVectors:
        """Read what `to_json` wrote. Raises `InputError` for a damaged schema."""
        label = record.get("table_label")
        return cls(schema_from_json(record["table"], where=where), None if label is None else str(label))

    @property
    def _columns(self) -> list[tuple[Column, slice]]:
        return list(zip(self.features.columns, self.features.places.values(), strict=True))

    @cached_property
    def _empty(self) -> Table:
        nothing = np.empty((0, len(self.schema.columns)))
        return Table(self.schema.frame(nothing), self.schema, label=self.label)


def _squashed(column: Column, raw: torch.Tensor) -> torch.Tensor:
    import torch

    if column.kind == "categorical":
        return torch.softmax(raw, dim=1)
    if not column.nullable:
        return torch.tanh(raw)
    gap = torch.sigmoid(raw[:, 1:])
    return torch.cat([torch.tanh(raw[:, :1]) * (1 - gap), gap], dim=1)
