"""Exchange formats: one file each and one line in `_FORMATS`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from kg.formats import decoupler, evidence_tsv, graphml, jsonl, tsv
from kg.formats._format import Format, ImportResult, Refused
from kg.grn import GRN
from prisyn_base import InputError, Problem, atomic_path

__all__ = ["Format", "ImportResult", "Refused", "export", "formats", "read"]

_FORMATS = {
    "decoupler": decoupler.FORMAT,
    "evidence-tsv": evidence_tsv.FORMAT,
    "graphml": graphml.FORMAT,
    "jsonl": jsonl.FORMAT,
    "tsv": tsv.FORMAT,
}


def formats() -> Mapping[str, Format]:
    """Every exchange format by name, with what it loses and whether it is written, read or both."""
    return MappingProxyType(_FORMATS)


def export(grn: GRN, format: str, path: str | Path) -> None:
    """Write a graph as `format`; the file appears whole or not at all. Raises InputError for an unknown format."""
    write = _named(format).write
    if write is None:
        can = ", ".join(name for name, each in _FORMATS.items() if each.write)
        raise InputError([Problem("format", format, f"a format that can be written: {can}", "name one of these")])
    with atomic_path(path) as temporary:
        write(grn, temporary)


def read(format: str, path: str | Path) -> ImportResult:
    """The evidence in a file, and each row that was refused with its line and reason.

    Raises InputError for an unknown format, and for a file that is missing, empty or of another kind.
    """
    reader = _named(format).read
    if reader is None:
        can = ", ".join(name for name, each in _FORMATS.items() if each.read)
        raise InputError([Problem("format", format, f"a format that can be read: {can}", "name one of these")])
    source = Path(path)
    if not source.is_file():
        raise InputError([Problem(str(source), "no such file", f"a {format} file", "check the path")])
    if source.stat().st_size == 0:
        raise InputError([Problem(str(source), "an empty file", f"a {format} file", "export it again")])
    return reader(source)


def _named(format: str) -> Format:
    if format not in _FORMATS:
        raise InputError([Problem("format", repr(format), f"one of {', '.join(_FORMATS)}", "name one of these")])
    return _FORMATS[format]
