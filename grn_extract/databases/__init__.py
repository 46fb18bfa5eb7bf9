"""Regulation out of databases: every row becomes evidence, or is listed as refused with the reason.

A database is one module with a function registered under its name; add it to the list at the end of this file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grn_extract.databases._address import Address
from grn_extract.databases._rows import DatabaseResult, RefusedRow
from grn_extract.models import cache_folder
from prisyn_base import InputError, Problem

Database = Callable[..., DatabaseResult]

_BY_NAME: dict[str, Database] = {}
_ADDRESSES: dict[tuple[str, str], Address] = {}


def register(name: str, **addresses: Address) -> Callable[[Database], Database]:
    """Register a database: called with a path, `species=` and options of its own.

    `addresses` say where the file for a species can be had (`human=Address(...)`).
    """

    def add(database: Database) -> Database:
        _BY_NAME[name] = database
        _ADDRESSES.update({(name, species): address for species, address in addresses.items()})
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


def download_database(
    name: str,
    *,
    species: str = "human",
    url: str = "",
    sha256: str = "",
    cache: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Path:
    """The file of a database in the user's cache, downloaded unless it is there and unchanged.

    `url` names another place that has the file. With `sha256` any other file is refused; without it the checksum of
    the first download is recorded, and the file checked against it each time. Raises InputError for a database whose
    address is not known, and for a download that fails.
    """
    # Whoever reads a file does without an HTTP client.
    from grn_extract.databases._download import fetch

    address = Address(url) if url else _ADDRESSES.get((name, species))
    if address is None:
        known = ", ".join(sorted({f"{known} ({of})" for known, of in _ADDRESSES}))
        found = f"no address of {name} for {species}"
        raise InputError([Problem("--download", found, f"one of {known}", "download it yourself and give the file")])
    folder = cache_folder(cache) / "databases"
    return fetch(address, folder / f"{name}-{species}{address.suffix}", sha256=sha256, tell=tell)


from grn_extract.databases import collectri, dorothea, omnipath, regulondb, signor, table, trrust  # noqa: E402, F401  (each registers)

__all__ = [
    "Address",
    "DatabaseResult",
    "RefusedRow",
    "database_names",
    "download_database",
    "read_database",
    "register",
]
