"""Regulation out of databases: every row becomes evidence, or is listed as refused with the reason.

A database is one module with a function registered under its name; add it to the list at the end of this file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grn_extract.databases._rows import DatabaseResult, RefusedRow
from prisyn_base import InputError, Problem

Database = Callable[..., DatabaseResult]

_BY_NAME: dict[str, Database] = {}


def register(name: str) -> Callable[[Database], Database]:
    """Register a database: called with a path, `species=` and options of its own."""

    def add(database: Database) -> Database:
        _BY_NAME[name] = database
        return database

    return add


def database_names() -> tuple[str, ...]:
    """The databases that can be read, sorted."""
    return tuple(sorted(_BY_NAME))


def read_database(
    name: str, path: str | os.PathLike[str], /, *, species: str = "human", **options: Any
) -> DatabaseResult:
    """The rows of a database file as evidence. Raises InputError for an unknown database or an unreadable file."""
    if name not in _BY_NAME:
        expected = "one of " + ", ".join(database_names())
        raise InputError([Problem("database", repr(name), expected, "choose one of those, or `table` for your own")])
    return _BY_NAME[name](Path(path), species=species, **options)


from grn_extract.databases import collectri, dorothea, omnipath, signor, table, trrust  # noqa: E402, F401  (each registers)

__all__ = ["DatabaseResult", "RefusedRow", "database_names", "read_database", "register"]
