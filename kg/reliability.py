"""How often a reader's statements are right, and how that is known: the table that beliefs are made from.

The packaged table (`_tables/reliability.json`) holds what was measured and, marked as such, priors. A lab that has
fitted its own (`prisyn kg curate reliability`) names its file in `PRISYN_RELIABILITY`.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from kg._lookup import TABLES
from prisyn_base import InputError, Problem, Problems, write_json

RELIABILITY_FILE = TABLES / "reliability.json"
OWN_TABLE = "PRISYN_RELIABILITY"
"""The environment variable that names a table to be used in place of the packaged one."""

CURATED = "curated"
"""The entry for a statement that a person accepted, and `ANYBODY` the one for readers without an entry."""
ANYBODY = "*"

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Reliability:
    """The probability that one statement of a reader is right, and how that number was obtained.

    `n` is the number of judged statements behind it; 0 marks a prior. `command` and `data` say how to measure it again.
    `curve`, where there is one, gives the probability by the reader's own score: points (score, probability) in
    ascending order of both, linear between them and flat beyond.
    """

    probability: float
    source: str
    command: str = ""
    data: str = ""
    n: int = 0
    curve: tuple[tuple[float, float], ...] = ()

    def of(self, score: float | None) -> float:
        """The probability for a statement with this score; without a score, or a curve, that of any statement."""
        if score is None or not self.curve:
            return self.probability
        at = bisect_right(self.curve, score, key=lambda point: point[0])
        if at in (0, len(self.curve)):
            return self.curve[max(at - 1, 0)][1]
        (left, low), (right, high) = self.curve[at - 1 : at + 1]
        return low + (high - low) * (score - left) / (right - left)


def reliability(reader: str) -> Reliability:
    """The reliability of a reader; one that nobody has measured gets the table's stated default.

    Raises InputError where `PRISYN_RELIABILITY` names a file that is no such table.
    """
    table = table_in_use()
    return table.get(reader) or table[ANYBODY]


def table_in_use() -> Mapping[str, Reliability]:
    """The table that `PRISYN_RELIABILITY` names, else the packaged one."""
    return _named(os.environ.get(OWN_TABLE, ""))


@cache
def _named(own: str) -> Mapping[str, Reliability]:
    return reliabilities(Path(own) if own else RELIABILITY_FILE)


@cache
def reliabilities(path: Path = RELIABILITY_FILE) -> Mapping[str, Reliability]:
    """A whole table, by reader. Raises InputError listing what is wrong with the file; it is read once."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError([Problem(str(path), str(error), "a table of reliabilities", _MEND)]) from error
    found = table.get("readers") if isinstance(table, dict) and table.get("schema") == _SCHEMA else None
    if not isinstance(found, dict):
        raise InputError([Problem(str(path), "another layout", f"a table of reliabilities, schema {_SCHEMA}", _MEND)])
    problems = Problems()
    readers = {}
    for name, entry in found.items():
        try:
            readers[name] = _entry(entry)
        except (TypeError, ValueError) as error:
            problems.add(f"{path}: {name}", str(error), "an entry of the table", _MEND)
    for name in (ANYBODY, CURATED):
        if name not in found:
            problems.add(str(path), f"no entry {name!r}", "all that the packaged table has", _MEND)
    problems.raise_if_any()
    return readers


def write_reliability(
    reader: str, entry: Reliability, *, path: Path = RELIABILITY_FILE, into: Path | None = None
) -> None:
    """Put an entry into the table at `path`, in place of an earlier one, and keep the table at `into` (or `path`).

    Raises InputError where the entry is none, or the table at `path` is none.
    """
    write_reliabilities({**reliabilities(path), reader: entry}, into or path)


def write_reliabilities(table: Mapping[str, Reliability], path: Path) -> None:
    """Write a table. Raises InputError listing the entries that are none."""
    problems = Problems()
    for reader, entry in table.items():
        try:
            _entry(asdict(entry))
        except (TypeError, ValueError) as error:
            mend = "give the share of its statements that are right"
            problems.add(f"reliability of {reader}", str(error), "a number in [0, 1] and how it was obtained", mend)
    problems.raise_if_any()
    readers = {name: _plain(table[name]) for name in sorted(table)}
    write_json(path, {"schema": _SCHEMA, "readers": readers})
    reliabilities.cache_clear()
    _named.cache_clear()


_MEND = "write it with `prisyn kg curate reliability --write FILE`"


def _plain(entry: Reliability) -> dict[str, Any]:
    """The entry for JSON; an empty curve is left out."""
    return {name: value for name, value in asdict(entry).items() if name != "curve" or value}


def _entry(values: Any) -> Reliability:
    """Raises TypeError or ValueError saying what is wrong with an entry."""
    if not isinstance(values, dict):
        raise TypeError("is no record")
    curve = tuple((float(score), float(right)) for score, right in values.get("curve", ()))
    entry = Reliability(**(values | {"curve": curve}))
    for number in (entry.probability, *(number for point in curve for number in point)):
        if not (isinstance(number, int | float) and 0.0 <= number <= 1.0):
            raise ValueError(f"{number!r} is not in [0, 1]")
    if any(a[0] >= b[0] or a[1] > b[1] for a, b in pairwise(curve)):
        raise ValueError("the points of its curve do not ascend")
    if not entry.source:
        raise ValueError("does not say how it was obtained")
    return entry
