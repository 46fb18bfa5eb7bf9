"""Lines of gold files, and the errors of a file that is none."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from grn_extract.sources._lines import BrokenLine, numbered_lines
from prisyn_base import InputError, Problem, Problems

Row = TypeVar("Row")
Made = TypeVar("Made")


def gold_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file, gzipped or not, with their numbers from 1. Raises InputError for no such file."""
    line = 0
    try:
        with path.open("rb"):
            for line, text in numbered_lines(path):
                yield line, text
    except BrokenLine as broken:
        raise InputError([Problem(f"{path}:{broken.number}", broken.found, broken.expected, broken.mend)]) from None
    except OSError as error:
        found = error.strerror or str(error)
        raise InputError([Problem(str(path), found, "a file of texts with answers", "check the path")]) from error
    if not line:
        raise InputError([Problem(str(path), "an empty file", "texts with answers", "name another file")])


def json_rows(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """The objects of a JSON Lines file with their line numbers. Raises InputError listing every line that is none."""
    rows: list[tuple[int, Mapping[str, Any]]] = []
    problems = Problems()
    for line, text in gold_lines(path):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            problems.add(f"{path}:{line}", str(error), "one JSON object a line", "mend or remove the line")
            continue
        if isinstance(row, dict):
            rows.append((line, row))
        else:
            problems.add(f"{path}:{line}", "not a JSON object", "one JSON object a line", "mend or remove the line")
    problems.raise_if_any()
    return rows


def table_rows(path: Path) -> list[tuple[int, Mapping[str, str]]]:
    """The rows of a tab-separated table with a header, by column, with their line numbers."""
    lines = [text for _, text in gold_lines(path)]
    reader = csv.DictReader(lines, delimiter="\t")
    return [(reader.line_num, row) for row in reader]


def convert(
    rows: list[tuple[int, Row]], make: Callable[[Row], Made], *, path: str | os.PathLike[str], form: str
) -> list[Made]:
    """`make` of every row. Raises InputError listing every row it refused, by line."""
    made, problems = [], Problems()
    for line, row in rows:
        try:
            made.append(make(row))
        except KeyError as error:
            problems.add(f"{path}:{line}", f"no {error.args[0]!r}", f"a row of {form}", "mend the line")
        except (TypeError, ValueError, AttributeError) as error:
            problems.add(f"{path}:{line}", str(error), f"a row of {form}", "mend the line")
    problems.raise_if_any()
    return made
