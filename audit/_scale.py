"""Values that are no counts, are missing, do not vary, or are on another scale than those of the other sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from audit._words import many, some
from audit.records import Records
from audit.tables import MOST_LEVELS, is_categorical
from cohort import row_sums
from prisyn_base import Problem

FACTOR = 10.0
"""Sets whose typical values differ by more than this are taken to be in different units."""


def value_problems(name: str, records: Records) -> Iterator[Problem]:
    """What makes the values of one set unusable."""
    found = list(_count_problems(name, records.counts) if records.kind == "counts" else _columns(name, records.table))
    yield from found
    if not found and len(records) > 1 and len(set(records.fingerprints)) == 1:
        mend = "train the generator again" if name == "synthetic" else "check how the set was written"
        yield Problem(name, "the same record over and over", "records that differ", mend)


def _count_problems(name: str, counts: sp.csr_matrix) -> Iterator[Problem]:
    data = counts.data
    if not np.isfinite(data).all():
        yield Problem(name, "NaN or infinite values", "counts", "remove or impute the affected records")
    elif (data < 0).any():
        yield Problem(name, "negative values", "counts", "hand in raw counts, not scaled values")
    elif np.abs(data - np.rint(data)).max(initial=0.0) > 1e-3:
        mend = "hand in raw counts (for AnnData often .raw or a layer) in all sets; logs and counts cannot be compared"
        yield Problem(name, "values that are not whole numbers", "raw counts", mend)


def _columns(name: str, table: pd.DataFrame) -> Iterator[Problem]:
    dates = [column for column in table if pd.api.types.is_datetime64_any_dtype(table[column])]
    if dates:
        mend = "turn them into numbers, for example days since a fixed date"
        yield Problem(name, f"dates{some(list(map(str, dates)))}", "numbers and categories", mend)
    for column in table:
        if column not in dates and not is_categorical(table[column]) and np.isinf(_floats(table[column])).any():
            mend = "leave such values empty: missing values are allowed in tables"
            yield Problem(name, f"infinite values in {column!r}", "finite values", mend)


def scale_doubts(sets: Mapping[str, Records]) -> Iterator[str]:
    """Sets in other units than the members: no distance between them means anything, so nothing can be judged."""
    if sets["members"].kind == "counts":
        yield from _depth(sets)
    else:
        yield from _kinds(sets)
        yield from _units(sets)


def scale_warnings(sets: Mapping[str, Records]) -> Iterator[str]:
    """Features that say less than they seem to."""
    if sets["members"].kind == "counts":
        yield from _empty(sets)
        yield from _constant_genes(sets)
    else:
        yield from _gaps(sets)
        yield from _constant_columns(sets)
        yield from _levels(sets)
        yield from _like_counts(sets)


def _depth(sets: Mapping[str, Records]) -> Iterator[str]:
    depths = {name: float(np.median(row_sums(records.counts))) for name, records in sets.items()}
    usual = depths["members"]
    for name, depth in depths.items():
        if max(depth, 1.0) > FACTOR * max(usual, 1.0) or FACTOR * max(depth, 1.0) < max(usual, 1.0):
            yield (
                f"{name}: {depth:,.0f} counts a record where members have {usual:,.0f}; values are scaled to equal "
                "totals, but so different a depth is often another unit (logs rounded, or counts of another assay)"
            )


def _empty(sets: Mapping[str, Records]) -> Iterator[str]:
    for name, records in sets.items():
        empty = int((row_sums(records.counts) == 0).sum())
        if empty:
            yield f"{name}: {many(empty, 'records')} without any count, in which there is nothing to recognise"


def _constant_genes(sets: Mapping[str, Records]) -> Iterator[str]:
    constant = {}
    for name, records in sets.items():
        counts = records.counts
        most, least = counts.max(axis=0).toarray().ravel(), counts.min(axis=0).toarray().ravel()
        constant[name] = most == least
    yield from _constant(constant, sets["members"].features, "genes")


def _constant(constant: Mapping[str, npt.NDArray[np.bool_]], features: tuple[str, ...], thing: str) -> Iterator[str]:
    everywhere = np.logical_and.reduce([constant["members"], constant["nonmembers"]])
    if everywhere.any():
        names = [features[at] for at in np.flatnonzero(everywhere)]
        yield f"{len(names)} of {len(features):,} {thing} do not vary among real records{some(names)} and say nothing"
    lost = constant["synthetic"] & ~constant["members"]
    if lost.any():
        names = [features[at] for at in np.flatnonzero(lost)]
        yield f"synthetic: {len(names)} of {len(features):,} {thing} do not vary, though members do{some(names)}"


def _constant_columns(sets: Mapping[str, Records]) -> Iterator[str]:
    features = sets["members"].features
    constant = {
        name: np.array([records.table[column].nunique(dropna=False) < 2 for column in features])
        for name, records in sets.items()
    }
    yield from _constant(constant, features, "columns")


def _kinds(sets: Mapping[str, Records]) -> Iterator[str]:
    for column in sets["members"].features:
        kinds = {name: is_categorical(records.table[column]) for name, records in sets.items()}
        if len(set(kinds.values())) > 1:
            texts = [name for name, categorical in kinds.items() if categorical]
            yield f"column {column!r} is text in {', '.join(texts)} and numbers elsewhere; it is compared as text"


def _units(sets: Mapping[str, Records]) -> Iterator[str]:
    """A column whose middle magnitude differs tenfold is in another unit, or was made badly; both should be known."""
    members = sets["members"].table
    for name, records in sets.items():
        moved = [c for c in _numeric(sets) if _ratio(records.table[c], members[c]) > FACTOR]
        if moved:
            yield (
                f"{name}: values of {many(len(moved), 'columns')} are {FACTOR:.0f} times larger or smaller than those "
                f"of members{some(moved)}: if the units differ (counts against logs), nothing said of this set holds"
            )


def _ratio(column: pd.Series, other: pd.Series) -> float:
    sizes = [float(np.median(known)) if len(known) else 0.0 for known in (_magnitudes(column), _magnitudes(other))]
    low, high = min(sizes), max(sizes)
    return high / low if low > 0 else 1.0


def _magnitudes(column: pd.Series) -> npt.NDArray[np.float64]:
    values = np.abs(_floats(column))
    return np.asarray(values[np.isfinite(values) & (values > 0)])


def _gaps(sets: Mapping[str, Records]) -> Iterator[str]:
    for name, records in sets.items():
        missing = records.table.isna().mean()
        some_missing, all_missing = missing[missing > 0], [str(c) for c in missing.index[missing == 1]]
        if len(some_missing):
            yield (
                f"{name}: {some_missing.mean():.0%} of the values are missing in {len(some_missing)} of "
                f"{many(len(missing), 'columns')}; each gap counts as a value of its own, beside the mean"
            )
        if all_missing:
            yield f"{name}: no value at all in {many(len(all_missing), 'columns')}{some(all_missing)}"


def _levels(sets: Mapping[str, Records]) -> Iterator[str]:
    members = sets["members"]
    for column in members.features:
        values = members.table[column]
        count = values.nunique() if is_categorical(values) else 0
        if count > MOST_LEVELS:
            yield (
                f"column {column!r} has {count} different texts among members: beyond the {MOST_LEVELS} commonest they "
                "are not told apart; an identifier should be left out"
            )


def _like_counts(sets: Mapping[str, Records]) -> Iterator[str]:
    members = sets["members"].table
    if members.shape[1] < FACTOR or any(is_categorical(members[column]) for column in members):
        return
    values = members.to_numpy(dtype=np.float64, na_value=np.nan)
    if (values >= 0).all() and (values == np.rint(values)).all() and (values == 0).mean() > 0.5:
        yield 'members: whole numbers, mostly zero, taken as a table; if they are counts, say so (kind="counts")'


def _numeric(sets: Mapping[str, Records]) -> list[str]:
    tables = [records.table for records in sets.values()]
    return [c for c in sets["members"].features if not any(is_categorical(table[c]) for table in tables)]


def _floats(column: Any) -> npt.NDArray[np.float64]:
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
