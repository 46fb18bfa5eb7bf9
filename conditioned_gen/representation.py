"""Records as vectors of bounded length, and back: where methods that know neither cells nor tables work.

A representation is public and fixed: it is made from the gene panel (or a table's schema) alone, and maps each record
by itself. Its bound on length is a theorem about the map and not a quantile of the data, so it costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from cohort import Cohort, Matrix, Table
from conditioned_gen.hellinger import log_library, root_proportions
from conditioned_gen.sampling import synthetic_cohort
from conditioned_gen.table_vectors import TableVectors

if TYPE_CHECKING:
    import torch

Vectors = npt.NDArray[np.float32]
_CHUNK = 8192


class Representation(Protocol):
    """A map between records and vectors of L2 norm at most 1."""

    @property
    def width(self) -> int:
        """Length of a vector."""
        ...

    def vectors(self, values: Matrix) -> Vectors:
        """Records' values (n, p) to vectors (n, width); each row is a function of its own record, of norm <= 1."""
        ...

    def squash(self, raw: torch.Tensor) -> torch.Tensor:
        """Any numbers (n, width) to vectors as records have them: the output activation of a generator network."""
        ...

    def cohort(
        self, vectors: Vectors, labels: Sequence[str], *, label: str, rng: np.random.Generator, expected: bool
    ) -> Cohort | Table:
        """Vectors (n, width) back to records. `expected` vectors are means that records are drawn around; others are
        records themselves, up to rounding."""
        ...

    def to_json(self) -> dict[str, Any]:
        """What a saved model has to remember of it beside its genes; `saved_representation` reads it back."""
        ...


@dataclass(frozen=True)
class CellVectors:
    """Cells as a sqrt(counts / total) beside b times their log library size on [0, 1], with a^2 + b^2 = 1.

    Root proportions have norm 1, so a vector's norm is at most 1. Library sizes outside [100, 100,000] count as the
    nearest of these.
    """

    genes: tuple[str, ...]
    library_weight: float = 0.3
    least: float = 1e2
    most: float = 1e5

    @property
    def width(self) -> int:
        """One coordinate a gene, and one for the library size."""
        return len(self.genes) + 1

    @property
    def _root_weight(self) -> float:
        return math.sqrt(1 - self.library_weight**2)

    def vectors(self, values: Matrix) -> Vectors:
        """As `Representation.vectors`; `values` are raw counts (n, g)."""
        span = math.log(self.most / self.least)
        library = np.clip((log_library(values) - math.log(self.least)) / span, 0.0, 1.0)
        found = np.column_stack([self._root_weight * root_proportions(values), self.library_weight * library])
        return np.asarray(found * (1 - 2.0**-20), dtype=np.float32)

    def squash(self, raw: torch.Tensor) -> torch.Tensor:
        """As `Representation.squash`: roots of norm 1, none negative, with exact zeros as cells have them."""
        import torch

        roots = torch.relu(raw[:, :-1])
        roots = roots / torch.linalg.vector_norm(roots, dim=1, keepdim=True).clamp_min(1e-6)
        return torch.cat([self._root_weight * roots, self.library_weight * torch.sigmoid(raw[:, -1:])], dim=1)

    def cohort(
        self, vectors: Vectors, labels: Sequence[str], *, label: str, rng: np.random.Generator, expected: bool
    ) -> Cohort:
        """As `Representation.cohort`: counts are Poisson around `expected` vectors, else the nearest whole numbers."""
        counts = np.empty((len(vectors), len(self.genes)), dtype=np.float32)
        for start in range(0, len(vectors), _CHUNK):
            rates = self.rates(vectors[start : start + _CHUNK].astype(np.float64))
            counts[start : start + _CHUNK] = rng.poisson(rates) if expected else np.rint(rates)
        return synthetic_cohort(counts, genes=self.genes, labels=labels, label=label)

    def to_json(self) -> dict[str, Any]:
        """As `Representation.to_json`: nothing."""
        return {}

    def rates(self, vectors: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        """Expected counts (n, g) of vectors (n, width)."""
        squares = np.maximum(vectors[:, :-1], 0.0) ** 2
        proportions = squares / np.maximum(squares.sum(axis=1, keepdims=True), 1e-12)
        position = np.clip(vectors[:, -1:] / self.library_weight, 0.0, 1.0)
        return np.asarray(proportions * self.least * (self.most / self.least) ** position)


def saved_representation(genes: Sequence[str], settings: Mapping[str, Any], *, where: str = "model") -> Representation:
    """The representation of a saved model. Raises `InputError` for a damaged schema."""
    return TableVectors.from_json(settings, where=where) if "table" in settings else CellVectors(tuple(genes))
