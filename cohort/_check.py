"""What must hold of a cohort of cells, every problem at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort._cohort import Cohort
from cohort._matrix import Matrix, stored_values
from prisyn_base import Problem, Problems


def check_cohort(cohort: Cohort, *, where: str = "cohort") -> tuple[Problem, ...]:
    """Everything wrong with the cohort; () when it is sound. `where` names the file in the messages."""
    problems = Problems()
    if len(cohort) == 0 or not cohort.genes:
        problems.add(
            where,
            f"{len(cohort)} cells x {len(cohort.genes)} genes",
            "at least one cell and one gene",
            "check how the file was written; an empty selection is the usual cause",
        )
        return tuple(problems)
    problems.extend(_counts(cohort.adata.X, where))
    problems.extend(_unique(cohort.adata.var_names, f"{where}: genes (var_names)", "adata.var_names_make_unique()"))
    problems.extend(_unique(cohort.adata.obs_names, f"{where}: cells (obs_names)", "adata.obs_names_make_unique()"))
    for column, option in ((cohort.label, "label"), (cohort.donor, "donor")):
        if column is not None:
            problems.extend(_column(cohort.adata.obs, column, option, where))
    return tuple(problems)


def is_counts(matrix: Matrix) -> bool:
    """Whether all entries are finite, non-negative whole numbers."""
    values = stored_values(matrix)
    return bool(np.all(np.isfinite(values)) and np.all(values >= 0) and np.all(values == np.rint(values)))


def _counts(matrix: Matrix, where: str) -> Problems:
    problems = Problems()
    place = f"{where}: X"
    if matrix is None:
        problems.add(place, "no matrix", "raw counts", "put the counts into adata.X or adata.layers['counts']")
        return problems
    values = stored_values(matrix)
    bad = ~np.isfinite(values)
    if bad.any():
        problems.add(
            place,
            f"{_many(bad)} (NaN or infinite)",
            "raw counts, all of them finite",
            "drop or recount the cells and genes concerned; counts are never missing",
        )
    finite = values[~bad]
    if (finite < 0).any():
        problems.add(
            place,
            f"{_many(finite < 0)} below zero (least {finite.min():g})",
            "raw counts, none negative",
            "this looks like scaled data: put the raw counts into adata.X or adata.layers['counts']",
        )
    fractional = (finite >= 0) & (finite != np.rint(finite))
    if fractional.any():
        example = finite[fractional][0]
        problems.add(
            place,
            f"{_many(fractional)} that are not whole numbers (for example {example:g})",
            "raw counts",
            "this looks like normalised or log data: put the raw counts into adata.X or adata.layers['counts']",
        )
    return problems


def _unique(names: pd.Index, where: str, mend: str) -> Problems:
    problems = Problems()
    repeated = names[names.duplicated()].unique()
    if len(repeated):
        shown = ", ".join(map(str, repeated[:5])) + (", ..." if len(repeated) > 5 else "")
        problems.add(where, f"{len(repeated)} repeated: {shown}", "each name once", f"{mend}, or sum the duplicates")
    return problems


def _column(obs: pd.DataFrame, column: str, option: str, where: str) -> Problems:
    problems = Problems()
    place = f"{where}: obs[{column!r}]"
    if column not in obs:
        columns = ", ".join(map(str, obs.columns)) or "none at all"
        problems.add(place, f"no such column; there are: {columns}", f"the {option} column", f"name another {option}")
        return problems
    missing = int(obs[column].isna().sum())
    if missing:
        problems.add(place, f"{missing} missing values", f"a {option} for every cell", "drop those cells or label them")
    values = obs[column].dropna().astype(str).unique()
    if len(values) == 1:
        problems.add(
            place,
            f"one value only ({values[0]!r})",
            "at least two",
            f"name another {option} column" if option == "label" else "leave the donor out",
        )
    return problems


def _many(mask: npt.NDArray[np.bool_]) -> str:
    count = int(mask.sum())
    return f"{count:,} value{'' if count == 1 else 's'}"
