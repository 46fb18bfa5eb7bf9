"""The records themselves, for methods that protect nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.sampling import positions

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OpenRecords:
    """Raw values (n, p), positions of types (n,), and numbers of records by type (types,)."""

    values: sp.csr_matrix
    types: npt.NDArray[np.intp]
    counts: Floats


def open_records(private: PrivateCohort) -> OpenRecords:
    """All records of declared types. Raises `InputError` unless the promise is an infinite epsilon."""
    cohort = private.unprotected()
    types = positions(cohort.labels, private.types)
    counts = np.bincount(types, minlength=len(private.types)).astype(np.float64)
    return OpenRecords(cohort.counts, types, counts)
