"""Readers by name, or by a family's prefix. None of them imports a language model before it reads.

embedded, cooccurrence      in this process
openai:MODEL, ...           any chat model (see `grn_extract.chat.providers`)
knowledge:openai:MODEL      what a chat model recalls of a list of genes, without a text
replay:JOB                  what a chat model answered in a job, or in a file of recorded calls
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grn_extract.chat.providers import PROVIDERS
from grn_extract.reader import Reader
from grn_extract.readers.cooccurrence import CooccurrenceReader
from grn_extract.readers.embedded import EmbeddedReader
from prisyn_base import InputError, Problem


def _chat(name: str, **options: Any) -> Reader:
    from grn_extract.readers.chat import open_chat_reader

    return open_chat_reader(name, **options)


def _knowledge(name: str, **options: Any) -> Reader:
    from grn_extract.readers.knowledge import open_knowledge_reader

    return open_knowledge_reader(name.partition(":")[2], **options)


def _replay(name: str, **options: Any) -> Reader:
    from grn_extract.readers.replay import open_replay_reader

    return open_replay_reader(name.partition(":")[2], **options)


_READERS: dict[str, Callable[..., Reader]] = {
    "cooccurrence": CooccurrenceReader,
    "embedded": EmbeddedReader,
}
_FAMILIES: dict[str, tuple[str, Callable[..., Reader]]] = {
    **dict.fromkeys(PROVIDERS, ("MODEL", _chat)),
    "knowledge": ("PROVIDER:MODEL", _knowledge),
    "replay": ("JOB", _replay),
}


def reader_names() -> tuple[str, ...]:
    """The readers that need no further name, sorted."""
    return tuple(sorted(_READERS))


def reader_families() -> tuple[str, ...]:
    """How the readers that do are written (`openai:MODEL`), sorted."""
    return tuple(f"{prefix}:{rest}" for prefix, (rest, _) in sorted(_FAMILIES.items()))


def open_reader(name: str, **options: Any) -> Reader:
    """The reader of that name. Readers of a family take `log`, `budget` and `quarantine` among their options.

    Raises InputError for an unknown one, naming those there are, and for one that lacks a key, a package or a file.
    """
    if name in _READERS:
        return _READERS[name](**options)
    prefix, colon, _ = name.partition(":")
    if colon and prefix in _FAMILIES:
        return _FAMILIES[prefix][1](name, **options)
    expected = "one of " + ", ".join([*reader_names(), *reader_families()])
    mend = "choose one of those; any server that speaks OpenAI's API is openai:MODEL with a base URL"
    raise InputError([Problem("reader", repr(name), expected, mend)])


__all__ = [
    "CooccurrenceReader",
    "EmbeddedReader",
    "open_reader",
    "reader_families",
    "reader_names",
]
