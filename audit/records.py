"""One set of records, whatever it was handed in as: a Cohort, AnnData, DataFrame, array or sparse matrix."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

from audit.tables import is_categorical, words
from cohort import Cohort, Table, is_counts, to_csr
from prisyn_base import InputError, Problem, Problems

Kind = Literal["counts", "table"]
Strings: TypeAlias = npt.NDArray[np.str_]
NOTHING = b"|"
"""The fingerprint of a record without any count. There is nothing in it to copy."""


@dataclass(frozen=True, eq=False)
class Records:
    """A set of n records on p features, held as it came: `content` is CSR for counts, a DataFrame for a table.

    `about` (n rows) holds what is known of the records beside their features; `label` and `donor` name columns of it.
    `named` is True where its index names records, so that one name in two sets means the same record.
    """

    features: tuple[str, ...]
    content: sp.csr_matrix | pd.DataFrame
    about: pd.DataFrame
    label: str | None = None
    donor: str | None = None
    named: bool = False

    def __len__(self) -> int:
        return int(self.content.shape[0])

    def __repr__(self) -> str:
        label = f", label {self.label!r}" if self.label else ""
        donor = f", donor {self.donor!r}" if self.donor else ""
        return f"Records({self.kind}, {len(self):,} x {len(self.features):,}{label}{donor})"

    @property
    def kind(self) -> Kind:
        """What the features are: counts of one kind of thing, or the columns of a table."""
        return "table" if isinstance(self.content, pd.DataFrame) else "counts"

    @property
    def counts(self) -> sp.csr_matrix:
        """Raw counts (n, p), CSR. Raises TypeError for a table."""
        if isinstance(self.content, pd.DataFrame):
            raise TypeError("a table has no counts")
        return self.content

    @property
    def table(self) -> pd.DataFrame:
        """The features as they came, (n, p). Raises TypeError for counts."""
        if not isinstance(self.content, pd.DataFrame):
            raise TypeError("counts are no table")
        return self.content

    @cached_property
    def ids(self) -> Strings:
        """The name of each record, shape (n,)."""
        return np.asarray(self.about.index.astype(str), dtype=np.str_)

    @cached_property
    def labels(self) -> Strings:
        """The type of each record, shape (n,). Raises KeyError when the records are unlabelled."""
        return self._column(self.label, "label")

    @cached_property
    def donors(self) -> Strings:
        """The donor of each record, shape (n,). Raises KeyError when donors are not known."""
        return self._column(self.donor, "donor")

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The distinct labels, sorted; () when unlabelled."""
        return tuple(np.unique(self.labels).tolist()) if self.label is not None else ()

    @cached_property
    def fingerprints(self) -> tuple[bytes, ...]:
        """The content of each record as bytes: equal exactly where records are; numbers to single precision."""
        return _counts_as_bytes(self.content) if self.kind == "counts" else _rows_as_bytes(self.table)

    def subset(self, rows: Sequence[int] | npt.NDArray[Any]) -> Records:
        """The records at `rows` (positions or a boolean mask), copied."""
        at = np.asarray(rows)
        at = np.flatnonzero(at) if at.dtype == np.bool_ else at
        content = self.content.iloc[at] if isinstance(self.content, pd.DataFrame) else self.content[at]
        return dataclasses.replace(self, content=content, about=self.about.iloc[at])

    def _column(self, name: str | None, role: str) -> Strings:
        if name is None:
            raise KeyError(f"these records have no {role} column")
        return np.asarray(self.about[name].astype(str), dtype=np.str_)


def make_records(
    source: Any, *, label: str | None = None, donor: str | None = None, kind: Kind | None = None, where: str = "records"
) -> Records:
    """Records from a Cohort, Table, AnnData, DataFrame, array (n, p) or sparse matrix; Records pass through.

    `label` and `donor` name columns of `obs` or of the DataFrame, where they then are no features; a Cohort names its
    own, and so does a Table, unless its label is a number. `kind`: by default a Cohort, AnnData and a sparse matrix
    hold counts, a DataFrame and an array are tables. Nothing is copied that can be used as it is. Raises InputError,
    naming `where`, for anything else.
    """
    if isinstance(source, Records):
        return source
    if isinstance(source, Cohort):
        return _from_anndata(source.adata, source.counts, source.label, source.donor)
    if isinstance(source, Table):
        return _from_frame(source.frame, source.label if source.typed else None, source.donor, "table", where)
    if isinstance(source, AnnData):
        return _from_anndata(source, _csr(_counts_of(source)), label, donor)
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, label, donor, kind or "table", where)
    if sp.issparse(source) or (isinstance(source, np.ndarray) and source.ndim == 2):
        return _from_matrix(source, kind, where)
    found = f"an array of {source.ndim} dimensions" if isinstance(source, np.ndarray) else f"a {type(source).__name__}"
    mend = "hand in a Cohort, AnnData, DataFrame, two-dimensional array or sparse matrix"
    raise InputError([Problem(where, found, "records x features", mend)])


def _from_anndata(adata: AnnData, counts: sp.csr_matrix, label: str | None, donor: str | None) -> Records:
    return Records(tuple(map(str, adata.var_names)), counts, adata.obs, label, donor, named=True)


def _from_frame(frame: pd.DataFrame, label: str | None, donor: str | None, kind: Kind, where: str) -> Records:
    apart = [name for name in (label, donor) if name is not None and name in frame]
    problems = Problems()
    for name in apart:
        if isinstance(frame[name], pd.DataFrame):
            problems.add(where, f"several columns named {name!r}", "one", "leave all but one out, or name them apart")
    problems.raise_if_any()
    features = frame.drop(columns=apart) if apart else frame
    names = tuple(map(str, features.columns))
    # A bare row number names nothing: row 0 of two tables is two records.
    about, named = frame[apart], not isinstance(frame.index, pd.RangeIndex)
    if kind == "table":
        return Records(names, features.set_axis(list(names), axis=1), about, label, donor, named)
    return Records(names, _csr(_numbers(features, where)), about, label, donor, named)


def _numbers(features: pd.DataFrame, where: str) -> npt.NDArray[Any]:
    words = [str(name) for name, kind in features.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if words:
        mend = "leave them out, or name the label and donor columns"
        raise InputError([Problem(where, f"columns that are no numbers ({', '.join(words[:3])})", "counts", mend)])
    return np.asarray(features.to_numpy(dtype=np.float32, na_value=np.nan))


def _from_matrix(matrix: Any, kind: Kind | None, where: str) -> Records:
    names = tuple(f"feature-{column}" for column in range(matrix.shape[1]))
    if kind is None:
        kind = "counts" if sp.issparse(matrix) else "table"
    if kind == "counts":
        content = _csr(matrix)
        return Records(names, content, pd.DataFrame(index=pd.RangeIndex(matrix.shape[0])))
    if sp.issparse(matrix):
        mend = "hand in an array or a DataFrame, or leave the kind out"
        raise InputError([Problem(where, "a sparse matrix as a table", "a dense table", mend)])
    table = pd.DataFrame(matrix, columns=list(names))
    return Records(names, table.infer_objects() if matrix.dtype == object else table, table[[]])


def _counts_of(adata: AnnData) -> Any:
    """X, or the layer "counts" where X holds no counts and that does."""
    layer = adata.layers.get("counts")
    return layer if layer is not None and not is_counts(adata.X) and is_counts(layer) else adata.X


def _csr(matrix: Any) -> sp.csr_matrix:
    """`matrix` as CSR float32 in canonical form; itself, not a copy, where it is that already."""
    if isinstance(matrix, sp.csr_matrix) and matrix.dtype == np.float32 and matrix.has_canonical_format:
        return matrix
    return to_csr(matrix)


def _counts_as_bytes(content: Any) -> tuple[bytes, ...]:
    counts = to_csr(content)
    counts.sort_indices()
    starts, columns, data = counts.indptr, counts.indices.astype(np.int32), np.rint(counts.data).astype(np.int64)
    return tuple(columns[a:b].tobytes() + NOTHING + data[a:b].tobytes() for a, b in pairwise(starts))


def _rows_as_bytes(table: pd.DataFrame) -> tuple[bytes, ...]:
    numeric = [name for name in table if not is_categorical(table[name])]
    # Adding zero makes one zero of -0 and 0; NaN of any payload becomes one NaN.
    numbers = table[numeric].to_numpy(dtype=np.float32, na_value=np.nan) + np.float32(0)
    numbers[np.isnan(numbers)] = np.nan
    texts = [words(table[name]) for name in table if name not in numeric]
    rows = (row.tobytes() for row in numbers)
    if not texts:
        return tuple(rows)
    return tuple(row + "\x1f".join(text).encode() for row, text in zip(rows, zip(*texts, strict=True), strict=True))
