"""One JSON object a line: `id` and `text`, and if known `title`, `year`, `retracted`, `source`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grn_extract.document import Document
from grn_extract.sources import register
from prisyn_base import Problems

LONGEST_LINE = 8 << 20
"""Characters; a longer line is not a document, and holding it would cost the memory of all others."""

_TYPES: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "text": (str,),
    "title": (str,),
    "source": (str,),
    "year": (int, type(None)),
    "retracted": (bool,),
}


@register(".jsonl", ".jsonl.gz")
def read_jsonl(path: Path, problems: Problems) -> Iterator[Document]:
    """The documents of a JSON Lines file; bad lines are collected with their numbers. Unknown keys are ignored."""
    number = 0
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as stream:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE:
                    problems.add(f"{path}:{number}", "a line that does not end", f"< {LONGEST_LINE} bytes", "split it")
                    return
                if line.strip() and (document := _document(line, f"{path}:{number}", problems)):
                    yield document
    except (OSError, EOFError) as error:
        problems.add(f"{path}:{number + 1}", str(error), "a whole file", "copy or download it again")


def _document(line: bytes, where: str, problems: Problems) -> Document | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        problems.add(where, f"not JSON ({error})", "one JSON object in UTF-8", "mend or remove the line")
        return None
    wrong = _wrong(row)
    if wrong:
        problems.add(where, wrong, "an object with strings `id` and `text`", "mend or remove the line")
        return None
    return Document(
        id=row["id"],
        title=row.get("title", ""),
        text=row["text"],
        source=row.get("source", "jsonl"),
        year=row.get("year"),
        retracted=row.get("retracted", False),
    )


def _wrong(row: Any) -> str:
    if not isinstance(row, dict):
        return f"a {type(row).__name__}"
    missing = [key for key in ("id", "text") if not row.get(key)]
    if missing:
        return "no " + " and no ".join(missing)
    bad = [key for key, kinds in _TYPES.items() if key in row and type(row[key]) not in kinds]
    return f"{bad[0]} of type {type(row[bad[0]]).__name__}" if bad else ""
