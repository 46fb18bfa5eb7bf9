"""A table's schema in a file that a person can edit."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import yaml

from cohort._column import KINDS, Column
from cohort._schema import TableSchema
from cohort._values import word
from prisyn_base import InputError, Problem, Problems, atomic_path, write_json

SCHEMA = 1
_KEYS = {"kind", "range", "categories", "nullable", "unit", "peeked"}
_BOOL = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML in which yes, no, on and off are words, as they are in a table."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))


def schema_to_json(schema: TableSchema) -> dict[str, Any]:
    """A record for YAML or JSON; `schema_from_json` reads it back."""
    rules = {"constraints": [rule.text for rule in schema.constraints]} if schema.constraints else {}
    return {"schema": SCHEMA, "columns": {c.name: _described(c) for c in schema.columns}, **rules}


def schema_from_json(record: Any, *, where: str = "schema") -> TableSchema:
    """Read what `schema_to_json` wrote, or a person. Raises `InputError` with everything that is wrong."""
    if not isinstance(record, Mapping) or record.get("schema") != SCHEMA:
        found = record.get("schema") if isinstance(record, Mapping) else type(record).__name__
        mend = f"begin it with schema: {SCHEMA}; `prisyn generate schema TABLE --out FILE` writes one to start from"
        raise InputError([Problem(where, f"schema {found!r}", f"schema {SCHEMA}", mend)])
    described, rules = record.get("columns"), record.get("constraints") or []
    if not isinstance(described, Mapping) or not isinstance(rules, list):
        mend = "write columns: with one entry for each column, and constraints: as a list of rules"
        raise InputError([Problem(where, "no columns, or rules that are no list", "columns by name", mend)])
    problems, columns = Problems(), []
    for name, entry in described.items():
        column = _column(str(name), entry, f"{where}: {name}", problems)
        if column is not None:
            columns.append(column)
    problems.raise_if_any()
    return TableSchema.of(columns, [str(rule) for rule in rules], where=where)


def read_schema(path: str | os.PathLike[str]) -> TableSchema:
    """A schema from YAML or JSON. Raises `InputError` with everything wrong with it."""
    file = Path(path)
    try:
        record: Any = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise InputError([Problem(str(path), error.strerror or "unreadable", "a schema", "check the path")]) from error
    except (ValueError, yaml.YAMLError) as error:
        mend = "`prisyn generate schema TABLE --out FILE` writes one to start from"
        raise InputError([Problem(str(path), f"no YAML ({error})", "a schema as YAML or JSON", mend)]) from error
    return schema_from_json(record, where=str(path))


def write_schema(schema: TableSchema, path: str | os.PathLike[str]) -> None:
    """Write a schema as YAML, or as JSON where the name ends in .json; whole or not at all."""
    with atomic_path(path) as temporary:
        if Path(path).suffix.lower() == ".json":
            write_json(temporary, schema_to_json(schema))
        else:
            temporary.write_text(_yaml(schema), encoding="utf-8")


def _yaml(schema: TableSchema) -> str:
    """One line for each column: easy to read beside the table, and to compare."""
    described = schema_to_json(schema)
    lines = [f"schema: {SCHEMA}", "columns:"]
    lines += [
        f"  {json.dumps(name, ensure_ascii=False)}: {_flow(entry)}" for name, entry in described["columns"].items()
    ]
    if schema.constraints:
        lines += ["constraints:", *(f"  - {json.dumps(rule.text, ensure_ascii=False)}" for rule in schema.constraints)]
    return "\n".join(lines) + "\n"


def _flow(entry: Mapping[str, Any]) -> str:
    line = yaml.safe_dump(dict(entry), default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True)
    return str(line).strip()


def _described(column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": column.kind}
    if column.named:
        entry["categories"] = list(column.categories)
    else:
        entry["range"] = [_shown(column, bound) for bound in (column.low, column.high)]
    if column.unit:
        entry["unit"] = column.unit
    return entry | {key: True for key in ("nullable", "peeked") if getattr(column, key)}


def _shown(column: Column, bound: float) -> float | int | str:
    if column.kind == "date":
        return str(np.datetime64(int(bound), "D"))
    return int(bound) if bound == round(bound) and abs(bound) < 1e15 else float(bound)


def _column(name: str, entry: Any, where: str, problems: Problems) -> Column | None:
    if not isinstance(entry, Mapping) or entry.get("kind") not in KINDS or set(entry) - _KEYS:
        mend = "write, say, {kind: integer, range: [0, 110]} or {kind: categorical, categories: [F, M]}"
        problems.add(where, repr(entry)[:80], f"a kind ({', '.join(KINDS)}) and {', '.join(sorted(_KEYS))}", mend)
        return None
    nullable, peeked = bool(entry.get("nullable")), bool(entry.get("peeked"))
    unit, kind = str(entry.get("unit") or ""), entry["kind"]
    if kind in {"ordinal", "categorical"}:
        categories = entry.get("categories")
        if not isinstance(categories, list):
            problems.add(where, f"categories {categories!r}", "a list of values", "write categories: [A, B, C]")
            return None
        names = tuple(word(category) for category in categories)
        ordered = kind == "ordinal"
        return Column.of_categories(name, names, ordered=ordered, nullable=nullable, unit=unit, peeked=peeked)
    try:
        low, high = (_bound(kind, bound) for bound in entry["range"])
    except (KeyError, TypeError, ValueError):
        found = repr(entry.get("range"))
        problems.add(where, f"range {found}", "[LOW, HIGH], dates as YYYY-MM-DD", "write, say, range: [0, 110]")
        return None
    return Column(name, kind, low, high, nullable=nullable, unit=unit, peeked=peeked)


def _bound(kind: str, bound: Any) -> float:
    if isinstance(bound, bool):
        raise TypeError("true and false are no bounds")
    if kind == "date":
        return float(np.datetime64(str(bound), "D").astype(np.int64))
    if kind == "integer" and float(bound) != round(float(bound)):
        raise ValueError("whole numbers have whole bounds")
    return float(bound)
