"""Exchange formats: one file each and one line in `_FORMATS`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from kg.formats import decoupler, evidence_tsv, graphml, jsonl, tsv
from kg.formats._format import Format, ImportResult, Refused
from kg.grn import GRN
from prisyn_base import InputError, Problem, Problems, atomic_path

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
    write = _FORMATS[format].write if format in _FORMATS else None
    if write is None:
        can = ", ".join(name for name, each in _FORMATS.items() if each.write)
        raise InputError([Problem("format", repr(format), f"a format that can be written: {can}", "name one of these")])
    if Path(path).is_dir():
        raise InputError([Problem(str(path), "a folder", "a path to a file", "name a file in it")])
    try:
        with atomic_path(path) as temporary:
            write(grn, temporary)
    except OSError as error:
        found = error.strerror or str(error)
        raise InputError([Problem(str(path), found, "a file that can be written", "name another path")]) from error


def read(format: str, path: str | Path) -> ImportResult:
    """The evidence in a file, and each row that was refused with its line and reason.

    Raises InputError for an unknown format, and for a file that is missing, empty or of another kind.
    """
    problems, source = Problems(), Path(path)
    reader = _FORMATS[format].read if format in _FORMATS else None
    if reader is None:
        can = ", ".join(name for name, each in _FORMATS.items() if each.read)
        mend = "name one of these; `prisyn extract databases table` reads any table of regulations"
        problems.add("format", repr(format), f"a format that can be read: {can}", mend)
    if not source.is_file():
        found = "a folder" if source.is_dir() else "no such file"
        problems.add(str(source), found, "a file of evidence", "check the path")
    elif source.stat().st_size == 0:
        problems.add(str(source), "an empty file", "a file of evidence", "export it again")
    problems.raise_if_any()
    assert reader is not None, "a format without a reader is a problem"
    return reader(source)
