"""Readers by name. None of them imports a language model before it reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grn_extract.reader import Reader
from grn_extract.readers.cooccurrence import CooccurrenceReader
from grn_extract.readers.embedded import QUESTIONS_PER_PAIR, EmbeddedReader
from prisyn_base import InputError, Problem

_READERS: dict[str, Callable[..., Reader]] = {
    "cooccurrence": CooccurrenceReader,
    "embedded": EmbeddedReader,
}


def reader_names() -> tuple[str, ...]:
    """The readers there are, sorted."""
    return tuple(sorted(_READERS))


def open_reader(name: str, **options: Any) -> Reader:
    """The reader of that name. Raises InputError for an unknown one, naming those there are."""
    if name not in _READERS:
        expected = "one of " + ", ".join(reader_names())
        raise InputError([Problem("reader", repr(name), expected, "choose one of those")])
    return _READERS[name](**options)


__all__ = ["QUESTIONS_PER_PAIR", "CooccurrenceReader", "EmbeddedReader", "open_reader", "reader_names"]
