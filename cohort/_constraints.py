"""Rules that records obey: `bmi = weight / (height / 100)^2`, `death_date >= birth_date`."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import numpy.typing as npt

from prisyn_base import Problem, Problems

Floats = npt.NDArray[np.float64]
Values = Mapping[str, Floats]
_SPLIT = re.compile(r"(<=|>=|==|<|>|(?<![<>=])=(?!=))")
_LONGEST = 500
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_HOLDS: dict[str, Callable[[Floats, Floats], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Constraint:
    """`column` compared with an expression over other columns. With "=", the column is computed and never measured.

    Dates are days; a quoted ISO date is a constant. A rule holds where a value it needs is missing.
    """

    text: str
    column: str
    relation: str
    expression: ast.expr = field(compare=False, repr=False)
    needs: frozenset[str]

    @property
    def derives(self) -> bool:
        """Whether the column is computed from others."""
        return self.relation == "="

    def bound(self, values: Values) -> Floats:
        """The expression's value for each record, shape (n,) or (); NaN where it has none."""
        with np.errstate(all="ignore"):
            found = np.asarray(_evaluate(self.expression, values), dtype=np.float64)
        return np.where(np.isfinite(found), found, np.nan)

    def holds(self, values: Values, *, tolerance: float = 0.0) -> npt.NDArray[np.bool_]:
        """Where the rule is kept, shape (n,). `tolerance` is relative, and for derived columns alone."""
        column, bound = values[self.column], self.bound(values)
        if self.derives:
            kept = np.abs(column - bound) <= tolerance * np.abs(bound)
        else:
            kept = _HOLDS[self.relation](column, bound)
        return np.asarray(kept | np.isnan(column) | np.isnan(bound))


def parse_constraint(text: str, columns: Iterable[str], *, where: str) -> Constraint | Problem:
    """Read one rule; nothing but arithmetic on columns and numbers is understood, and nothing is ever executed.

    Names that are no Python names stand in backquotes: `` `body mass` <= 80 ``. A problem is returned, not raised.
    """
    known = {name: f"column_{place}_" for place, name in enumerate(columns)}
    parts = _SPLIT.split(_marked(text, known))
    if len(text) > _LONGEST or len(parts) != 3:
        mend = "write, say, death_date >= birth_date, or bmi = weight / (height / 100)^2"
        return Problem(where, repr(text[:80]), "COLUMN = ARITHMETIC or ARITHMETIC <= ARITHMETIC", mend)
    left, relation, right = (part.strip() for part in parts)
    names = {mark: name for name, mark in known.items()} | {name: name for name in known}
    try:
        sides = [_parsed(side, names) for side in (left, right)]
    except (SyntaxError, ValueError, RecursionError) as error:
        mend = "use + - * / ^, brackets, numbers, 'YYYY-MM-DD' and names of columns"
        return Problem(where, f"{text!r} ({error})", "arithmetic on columns and numbers", mend)
    relation = "=" if relation == "==" else relation
    if isinstance(sides[0], ast.Name):
        subject, rest = sides[0], sides[1]
    elif isinstance(sides[1], ast.Name) and relation != "=":
        subject, rest, relation = sides[1], sides[0], _FLIPPED[relation]
    else:
        mend = "bring one column to a side of its own: height >= 2 * waist"
        return Problem(where, repr(text), "one column alone on a side", mend)
    needs = frozenset(node.id for node in ast.walk(rest) if isinstance(node, ast.Name))
    if subject.id in needs:
        return Problem(where, repr(text), f"{subject.id} on one side alone", "solve the rule for this column")
    return Constraint(text, subject.id, relation, rest, needs)


def derivation_order(constraints: Sequence[Constraint], *, where: str) -> tuple[tuple[Constraint, ...], Problems]:
    """Derived columns in the order in which they can be computed, and what forbids it."""
    problems = Problems()
    derived: dict[str, Constraint] = {}
    for constraint in constraints:
        if constraint.derives and constraint.column in derived:
            problems.add(where, f"{constraint.column} computed twice", "one formula a column", "take one of them out")
        if constraint.derives:
            derived[constraint.column] = constraint
    for constraint in constraints:
        if not constraint.derives and constraint.column in derived:
            mend = "bound the columns that it is computed from"
            problems.add(where, f"{constraint.text!r}, on a computed column", "a rule on a measured column", mend)
    try:
        order = tuple(TopologicalSorter({name: derived[name].needs & set(derived) for name in derived}).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        problems.add(where, f"columns computed from each other ({circle})", "formulas without a circle", "cut it")
        order = ()
    return tuple(derived[name] for name in order), problems


def _marked(text: str, known: Mapping[str, str]) -> str:
    """The rule with names in backquotes replaced by marks that are Python names."""
    return re.sub(r"`([^`]*)`", lambda found: known.get(found[1], "`unknown`"), text)


def _parsed(text: str, names: Mapping[str, str]) -> ast.expr:
    """An expression of which every part is allowed, its marks replaced by names of columns."""
    tree = ast.parse(text.replace("^", "**"), mode="eval").body
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if node.id not in names:
                raise ValueError(f"no column {node.id!r}")
            node.id = names[node.id]
        elif isinstance(node, ast.Constant):
            node.value = _constant(node.value)
        elif isinstance(node, ast.BinOp):
            if type(node.op) not in _ARITHMETIC:
                raise ValueError("an operator that is not understood")
        elif isinstance(node, ast.UnaryOp):
            if not isinstance(node.op, ast.USub | ast.UAdd):
                raise ValueError("an operator that is not understood")
        elif not isinstance(node, ast.operator | ast.unaryop | ast.expr_context):
            raise ValueError(f"{type(node).__name__.lower()} is not understood")
    return tree


def _constant(value: object) -> float:
    if isinstance(value, str):
        return float(np.datetime64(value, "D").astype(np.int64))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number and no date")
    return float(value)


def _evaluate(node: ast.expr, values: Values) -> Any:
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Constant):
        return np.float64(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp):
        inner = _evaluate(node.operand, values)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp):
        return _ARITHMETIC[type(node.op)](_evaluate(node.left, values), _evaluate(node.right, values))
    raise TypeError(f"{type(node).__name__} passed the parser")
