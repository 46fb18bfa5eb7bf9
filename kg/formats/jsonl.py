"""JSON lines: one statement a line, every field kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kg._record import SCHEMA, from_record, to_record
from kg.formats._format import Format, ImportResult
from kg.formats._names import Names
from kg.formats._text import read_lines
from kg.grn import GRN
from kg.model import Evidence


def write(grn: GRN, path: Path) -> None:
    """Every statement, sorted by id, each line with the schema version so that files can be joined."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for item in grn.evidence:
            record = {"schema": SCHEMA} | to_record(item)
            stream.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")


def read(path: Path, names: Names) -> ImportResult:
    """The statements of a file; malformed lines, and lines of a newer schema, are refused."""
    return read_lines(path, lambda line: names.statement(_parse(line)), "JSON lines of evidence")


def _parse(line: str) -> Evidence:
    try:
        record: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at column {error.colno}") from error
    if not isinstance(record, dict):
        raise ValueError("is not a record")
    schema = record.pop("schema", None)
    if schema != SCHEMA:
        raise ValueError(f"schema {schema!r}, expected {SCHEMA}")
    return from_record(record)


FORMAT = Format("jsonl", "PriSyn, scripts, jq", write=write, read=read)
