"""Which documents have been met, for tens of millions of them, in little memory."""

from __future__ import annotations

import sqlite3
from typing import Self

from prisyn_base import sha256_text

_PMID = "PMID:"
_LARGEST = 1_000_000_000
"""PubMed's numbers have eight digits today; at nine, all of them take 125 MB as a bit each."""


class Seen:
    """Documents by id. PubMed's numbers take a bit each (5 MB for all there are), other ids a row of a temporary file.

    SQLite keeps that file, spills it to disk as it grows, and removes it when this is closed.
    """

    def __init__(self) -> None:
        self._numbers = bytearray()
        self._others: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._others is not None:
            self._others.close()

    def add(self, name: str, text: str) -> bool:
        """Take note of a document; False where its id has been met."""
        number = name.removeprefix(_PMID)
        if number != name and number.isascii() and number.isdecimal() and int(number) < _LARGEST:
            return self._add_number(int(number))
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (name, _digest(text)))
        return added.rowcount > 0

    def is_same(self, name: str, text: str) -> bool:
        """Whether a document that has been met had this text. An article of PubMed may have: its versions differ."""
        if name.startswith(_PMID):
            return True
        row = self._database.execute("SELECT digest FROM seen WHERE name = ?", (name,)).fetchone()
        return row is not None and row[0] == _digest(text)

    def _add_number(self, number: int) -> bool:
        place, bit = number >> 3, 1 << (number & 7)
        if place >= len(self._numbers):
            self._numbers.extend(bytes(place + 1 - len(self._numbers)))
        if self._numbers[place] & bit:
            return False
        self._numbers[place] |= bit
        return True

    @property
    def _database(self) -> sqlite3.Connection:
        if self._others is None:
            # A database without a name is a private temporary file; nothing in it outlives the connection.
            self._others = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._others.execute("PRAGMA journal_mode = OFF")
            self._others.execute("CREATE TABLE seen (name TEXT PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID")
            self._others.execute("BEGIN")
        return self._others


def _digest(text: str) -> bytes:
    return bytes.fromhex(sha256_text(text))[:16]
