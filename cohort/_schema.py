"""What a table of records holds: kinds, ranges, categories, gaps, and the rules between columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort._column import Column, flaws
from cohort._constraints import Constraint, derivation_order, parse_constraint
from cohort._values import to_codes, to_series
from prisyn_base import Problem, Problems

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table and the rules between them.

    Raises `InputError` with everything wrong with it. Columns that a rule computes (`derived`) are not measured.
    """

    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        _check(self.columns, self.constraints, "schema").raise_if_any()

    @classmethod
    def of(cls, columns: Sequence[Column], constraints: Sequence[str] = (), *, where: str = "schema") -> TableSchema:
        """A schema with rules given as text. Raises `InputError` with everything wrong."""
        problems, found = Problems(), []
        for text in constraints:
            read = parse_constraint(text, [column.name for column in columns], where=f"{where}: constraints")
            if isinstance(read, Problem):
                problems.extend([read])
            else:
                found.append(read)
        problems.extend(_check(tuple(columns), tuple(found), where))
        problems.raise_if_any()
        return cls(tuple(columns), tuple(found))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        return self.columns[self.names.index(name)]

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @cached_property
    def derived(self) -> tuple[Constraint, ...]:
        """The rules that compute columns, in the order in which they can."""
        return derivation_order(self.constraints, where="schema")[0]

    @property
    def peeked(self) -> tuple[str, ...]:
        """The columns whose range or categories nobody has confirmed."""
        computed = {rule.column for rule in self.derived}
        return tuple(column.name for column in self.columns if column.peeked and column.name not in computed)

    def measured(self, without: Collection[str | None] = ()) -> TableSchema:
        """The columns that are not computed from others, less some, without any rules."""
        left_out = {rule.column for rule in self.derived} | set(without)
        return TableSchema(tuple(column for column in self.columns if column.name not in left_out))

    def with_columns(self, *columns: Column) -> TableSchema:
        """The schema with these columns in the place of those of the same name."""
        new = {column.name: column for column in columns}
        return replace(self, columns=tuple(new.get(column.name, column) for column in self.columns))

    @property
    def width(self) -> int:
        """Coordinates of a record's vector."""
        return sum(column.width for column in self.columns)

    @property
    def places(self) -> dict[str, slice]:
        """Where each column stands in a vector."""
        ends = accumulate(column.width for column in self.columns)
        return {c.name: slice(end - c.width, end) for c, end in zip(self.columns, ends, strict=True)}

    def codes(self, frame: pd.DataFrame) -> Floats:
        """A frame of this schema as numbers, shape (n, columns): see `Column`. NaN where missing."""
        return np.column_stack([to_codes(column, frame[column.name]) for column in self.columns])

    def frame(self, codes: Floats, index: pd.Index | None = None) -> pd.DataFrame:
        """The frame of codes (n, columns): numbers, categoricals and dates."""
        series = {c.name: to_series(c, codes[:, place], index) for place, c in enumerate(self.columns)}
        return pd.DataFrame(series, index=index)

    def encode(self, frame: pd.DataFrame) -> Floats:
        """Coordinates (n, width), each column's of norm at most 1, each row a function of its own record."""
        return np.hstack([column.encode(to_codes(column, frame[column.name])) for column in self.columns])

    def decode(self, rows: Floats, rng: np.random.Generator | None = None) -> pd.DataFrame:
        """The frame of coordinates (n, width); with `rng` they are expected values: see `Column.decode`."""
        codes = [column.decode(np.asarray(rows)[:, self.places[column.name]], rng) for column in self.columns]
        return self.frame(np.column_stack(codes))

    def mend(self, codes: Floats) -> Floats:
        """Codes (n, columns) that obey every rule: inequalities by moving the column that stands alone on its side,
        as little as it must, and then every computed column anew.

        Where a bound lies outside the column's range, or rules contradict each other, a record may stay broken.
        """
        mended = np.array(codes)
        values = {name: mended[:, place] for place, name in enumerate(self.names)}
        rules = [rule for rule in self.constraints if not rule.derives]
        for _ in range(len(rules)):
            for rule in rules:
                self._derive(values)
                broken = ~rule.holds(values)
                moved = _moved(self[rule.column], rule, np.broadcast_to(rule.bound(values), broken.shape))
                values[rule.column][broken] = moved[broken]
        self._derive(values)
        return mended

    def holds(self, codes: Floats) -> npt.NDArray[np.bool_]:
        """Where codes (n, columns) keep every inequality, shape (n,)."""
        values = {name: codes[:, place] for place, name in enumerate(self.names)}
        kept = [rule.holds(values) for rule in self.constraints if not rule.derives]
        return np.asarray(np.logical_and.reduce([np.ones(len(codes), dtype=bool), *kept]))

    def derive(self, codes: Floats) -> Floats:
        """Codes (n, columns) with every computed column computed anew; nothing else is changed."""
        derived = np.array(codes)
        self._derive({name: derived[:, place] for place, name in enumerate(self.names)})
        return derived

    def _derive(self, values: Mapping[str, Floats]) -> None:
        for rule in self.derived:
            column = self[rule.column]
            found = rule.bound(values)
            values[rule.column][:] = found if column.levels is None else np.rint(found)


def _check(columns: tuple[Column, ...], constraints: tuple[Constraint, ...], where: str) -> Problems:
    problems = Problems()
    names = [column.name for column in columns]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(where, f"{name!r} twice", "each column once", "rename one of them")
    for column in columns:
        for found, expected, mend in flaws(column):
            problems.add(f"{where}: {column.name}", found, expected, mend)
    problems.extend(derivation_order(constraints, where=f"{where}: constraints")[1])
    for rule in constraints:
        words = [n for n in sorted(rule.needs | {rule.column}) if n in names and columns[names.index(n)].named]
        if words:
            mend = "use rules on columns of numbers and dates"
            problems.add(f"{where}: constraints", f"{rule.text!r}, where {words[0]} is named", "numbers", mend)
    return problems


def _moved(column: Column, rule: Constraint, bound: Floats) -> Floats:
    """The value nearest to the bound that keeps the rule, within the column's range."""
    if rule.relation in {">", ">="}:
        least = bound if rule.relation == ">=" else np.nextafter(bound, np.inf)
        moved = least if column.levels is None else np.ceil(least)
    else:
        most = bound if rule.relation == "<=" else np.nextafter(bound, -np.inf)
        moved = most if column.levels is None else np.floor(most)
    return np.clip(moved, column.low, column.high)
