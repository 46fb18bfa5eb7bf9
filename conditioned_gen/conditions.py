"""Records of a table that have given values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort import Table
from conditioned_gen.generator import Fitted
from prisyn_base import InputError, Problem, Problems

_ROUNDS = 20
_TIMES = 10
_FEWEST = 2000


def sample_where(fitted: Fitted, n: int, where: Mapping[str, str], *, seed: int) -> Table:
    """Draw `n` records of a table whose columns have these values, by drawing records until so many have them.

    A condition on the label is drawn outright. Values are written as in a .csv file; "" means missing. Raises
    `InputError` for cells, for columns and values that the schema does not have, and where too few records meet
    the conditions: among 200 times as many (at least 40,000).
    """
    first = fitted.sample(1, seed=seed)
    if not isinstance(first, Table):
        raise InputError([Problem("where", "a model of cells", "a model of a table", "leave the condition out")])
    codes = _codes(first, where)
    size, labels = max(_TIMES * n, _FEWEST), None
    if first.typed and first.label in where:
        labels = [where[str(first.label)]] * size
    kept, found = [], 0
    for number in range(_ROUNDS):
        drawn_seed = int(np.random.default_rng([seed, number]).integers(2**62))
        drawn = fitted.sample(None if labels else size, labels=labels, seed=drawn_seed)
        assert isinstance(drawn, Table)
        frame = drawn.frame[_meets(drawn, codes)]
        kept.append(frame)
        found += len(frame)
        if found >= n:
            whole = pd.concat(kept, ignore_index=True).iloc[:n]
            return Table(whole, first.schema, label=first.label)
    shown = ", ".join(f"{name}={value}" for name, value in where.items())
    found_text = f"{shown}, which {found} of {_ROUNDS * size:,} records meet"
    raise InputError([Problem("where", found_text, f"{n} records", "ask for fewer, or leave a condition out")])


def _codes(table: Table, where: Mapping[str, str]) -> dict[str, float]:
    problems, codes = Problems(), {}
    for name, value in where.items():
        if name not in table.schema:
            there = ", ".join(table.schema.names)
            problems.add(f"where: {name}", "no such column", f"one of {there}", "name one of these")
            continue
        column = table.schema[name]
        code = column.read(value)
        allowed = column.nullable if value == "" else not np.isnan(code) and bool(column.inside(np.array([code]))[0])
        if not allowed:
            problems.add(f"where: {name}", repr(value), "a value that the schema allows", "choose another")
        codes[name] = code
    problems.raise_if_any()
    return codes


def _meets(table: Table, codes: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    values = table.schema.codes(table.frame)
    met = [
        np.isnan(values[:, place]) if np.isnan(code) else values[:, place] == code
        for name, code in codes.items()
        for place in [table.schema.names.index(name)]
    ]
    return np.asarray(np.logical_and.reduce(met))
