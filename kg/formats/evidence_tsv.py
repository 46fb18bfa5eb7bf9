"""Evidence as a table: one row a statement, every field a column, text as JSON strings where it needs quoting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kg._record import SCHEMA, from_record, to_record
from kg.formats._format import Format, ImportResult
from kg.formats._names import Names
from kg.formats._text import lines, read_lines
from kg.grn import GRN
from kg.model import Evidence
from prisyn_base import InputError, Problem

_NESTED = {
    "regulator": ("curie", "symbol", "species", "kind"),
    "target": ("curie", "symbol", "species", "kind"),
    "provenance": ("reader", "model", "prompt", "prompt_hash", "score", "tokens", "cost", "time"),
}
_PLAIN = ("effect", "document", "quote", "kind", "start", "end", "paper", "negated", "hypothetical", "retracted")
COLUMNS = (*_PLAIN, *(f"{group}.{name}" for group, names in _NESTED.items() for name in names))
_HEADER = f"# prisyn evidence {SCHEMA}"


def write(grn: GRN, path: Path) -> None:
    """A line with the schema version, a line of column names, and every statement, sorted by id."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f"{_HEADER}\n" + "\t".join(COLUMNS) + "\n")
        for item in grn.evidence:
            flat = _flat(to_record(item))
            stream.write("\t".join(json.dumps(flat[name], ensure_ascii=False) for name in COLUMNS) + "\n")


def read(path: Path, names: Names) -> ImportResult:
    """The statements of a file; malformed rows are refused. Raises InputError where the two head lines differ."""
    head = [line for _, line in zip(range(2), (line for _, line in lines(path)), strict=False)]
    if [(line or "").rstrip("\r\n") for line in head] != [_HEADER, "\t".join(COLUMNS)]:
        expected = f"the head lines of an evidence table, schema {SCHEMA}"
        raise InputError([Problem(str(path), repr((head or [""])[0])[:80], expected, "name the file's own format")])
    return read_lines(path, lambda line: names.statement(_parse(line)), "rows of evidence", start=3)


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    nested = {f"{group}.{name}": record[group][name] for group, names in _NESTED.items() for name in names}
    return {name: record[name] for name in _PLAIN} | nested


def _parse(line: str) -> Evidence:
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} columns, expected {len(COLUMNS)}")
    flat = dict(zip(COLUMNS, map(_value, cells), strict=True))
    groups = {group: {name: flat[f"{group}.{name}"] for name in names} for group, names in _NESTED.items()}
    return from_record({name: flat[name] for name in _PLAIN} | groups)


def _value(cell: str) -> Any:
    try:
        return json.loads(cell)
    except json.JSONDecodeError as error:
        raise ValueError(f"cell {cell[:40]!r} is not a JSON value") from error


FORMAT = Format("evidence-tsv", "PriSyn, spreadsheets", write=write, read=read)
