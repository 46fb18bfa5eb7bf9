"""Texts with answers: documents and the regulations they state, for measuring readers. A file here is a format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from grn_extract.gold import biored_pubtator, extri_tsv, ge_jsonl, own_jsonl
from grn_extract.gold._grounded import without_entities
from grn_extract.gold._model import GIVEN, GoldDocument, GoldEdge, Pair, given_gene
from grn_extract.gold._rows import gold_lines
from prisyn_base import InputError, Problem

__all__ = [
    "GIVEN",
    "GoldDocument",
    "GoldEdge",
    "Pair",
    "given_gene",
    "gold_formats",
    "guess_format",
    "read_gold",
    "without_entities",
]


class GoldFormat(Protocol):
    """What a module of this folder offers: whether a first line is its own, and the documents of a file."""

    def looks_like(self, head: str, /) -> bool: ...

    def read(self, path: Path, corpus: Path | None, /) -> list[GoldDocument]: ...


# In the order they are tried on a file whose format is not said.
_FORMATS: dict[str, GoldFormat] = {
    "ge-jsonl": ge_jsonl,
    "extri-tsv": extri_tsv,
    "biored-pubtator": biored_pubtator,
    "own-jsonl": own_jsonl,
}


def gold_formats() -> tuple[str, ...]:
    """The formats `read_gold` knows, sorted."""
    return tuple(sorted(_FORMATS))


def read_gold(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    corpus: str | os.PathLike[str] | None = None,
    split: str | None = None,
) -> list[GoldDocument]:
    """The gold documents of a file, gzipped or not. `format` None decides by the first line.

    `corpus` has the texts of `own-jsonl` lines without one. `split` keeps that half of a file that has halves
    (`train`, `devel` of GE). Raises InputError listing every bad line.
    """
    file = Path(path)
    name = guess_format(file) if format is None else format
    if name not in _FORMATS:
        raise InputError([Problem("gold format", repr(name), "one of " + ", ".join(gold_formats()), "choose one")])
    gold = _FORMATS[name].read(file, Path(corpus) if corpus is not None else None)
    return [item for item in gold if split is None or item.split == split]


def guess_format(path: str | os.PathLike[str]) -> str:
    """The format of a file by its first line. Raises InputError where it cannot be read."""
    head = next((line for _, line in gold_lines(Path(path)) if line.strip()), "")
    return next((name for name, form in _FORMATS.items() if form.looks_like(head)), "own-jsonl")
