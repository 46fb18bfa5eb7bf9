"""Whose records are whose, on the private side: what channels draw batches and shares from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from conditioned_gen.representation import Representation, Vectors
from conditioned_gen.sums import Records

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Units:
    """Records (n of them) with the position of the unit that each belongs to, shape (n,), below `number`.

    With public `axes` (width of the representation, k), vectors are coordinates along these.
    """

    records: Records
    owner: Positions
    number: int
    representation: Representation
    axes: Vectors | None = None

    @property
    def width(self) -> int:
        """Length of a vector."""
        return self.representation.width if self.axes is None else int(self.axes.shape[1])

    def batch(self, rows: Positions) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (m, width) and type positions (m,) of the records in `rows`, shape (m,)."""
        vectors = self.representation.vectors(self.records.values[rows])
        if self.axes is not None:
            vectors = vectors @ self.axes
        return torch.from_numpy(vectors), torch.from_numpy(self.records.types[rows].astype(np.int64))
