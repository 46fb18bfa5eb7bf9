"""Exchange formats: one file each and one line in `_FORMATS`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

from kg.formats import (
    bel,
    cx2,
    decoupler,
    evidence_tsv,
    gmt,
    graphml,
    groundgan,
    indra,
    jsonl,
    kgx,
    omnipath,
    pyscenic,
    sif,
    tsv,
)
from kg.formats._format import Format, ImportResult, Loss, Refused
from kg.formats._names import Names
from kg.grn import GRN
from prisyn_base import InputError, Problem, Problems, atomic_path

__all__ = ["Format", "ImportResult", "Loss", "Refused", "export", "formats", "read"]

_FORMATS = {
    "bel": bel.FORMAT,
    "cx2": cx2.FORMAT,
    "decoupler": decoupler.FORMAT,
    "evidence-tsv": evidence_tsv.FORMAT,
    "gmt": gmt.FORMAT,
    "graphml": graphml.FORMAT,
    "groundgan": groundgan.FORMAT,
    "groundgan-pickle": groundgan.PICKLE,
    "indra": indra.FORMAT,
    "jsonl": jsonl.FORMAT,
    "kgx": kgx.FORMAT,
    "omnipath": omnipath.FORMAT,
    "pyscenic": pyscenic.FORMAT,
    "sif": sif.FORMAT,
    "tsv": tsv.FORMAT,
}
_SPECIES = ("human", "mouse")


def formats() -> Mapping[str, Format]:
    """Every exchange format by name, with what it loses and whether it is written, read or both."""
    return MappingProxyType(_FORMATS)


def export(grn: GRN, format: str, path: str | Path) -> tuple[Path, ...]:
    """Write a graph as `format` and return the files: `path`, and a second one beside it where the format has two.

    Each file appears whole or not at all. Raises InputError for an unknown format, and for a place that cannot be
    written.
    """
    chosen = _FORMATS.get(format)
    if chosen is None or chosen.write is None:
        can = ", ".join(name for name, each in _FORMATS.items() if each.write)
        raise InputError([Problem("format", repr(format), f"a format that can be written: {can}", "name one of these")])
    target, writers = Path(path), [(Path(path), chosen.write)]
    if chosen.companion:
        writers.append((chosen.companion.path(target), chosen.companion.write))
    for place, _ in writers:
        if place.is_dir():
            raise InputError([Problem(str(place), "a folder", "a path to a file", "name a file in it")])
    try:
        with ExitStack() as files:
            for place, write in writers:
                write(grn, files.enter_context(atomic_path(place)))
    except OSError as error:
        found = error.strerror or str(error)
        raise InputError([Problem(str(path), found, "a file that can be written", "name another path")]) from error
    return tuple(place for place, _ in writers)


def read(format: str, path: str | Path, *, species: str | None = None) -> ImportResult:
    """The evidence in a file, gzipped or not, and each row that was refused with its line and reason.

    With `species`, `human` or `mouse`, names are read as that species', and rows of another one's genes are refused;
    without it the names tell (see `kg.resolve`).

    Raises InputError for an unknown format, and for a file that is missing, empty, damaged or of another kind.
    """
    problems, source = Problems(), Path(path)
    reader = _FORMATS[format].read if format in _FORMATS else None
    if reader is None:
        can = ", ".join(name for name, each in _FORMATS.items() if each.read)
        mend = "name one of these; `prisyn extract databases table` reads any table of regulations"
        problems.add("format", repr(format), f"a format that can be read: {can}", mend)
    if species not in (None, *_SPECIES):
        problems.add("species", repr(species), " or ".join(_SPECIES), "name one of them, or leave it out")
    if not source.is_file():
        found = "a folder" if source.is_dir() else "no such file"
        problems.add(str(source), found, "a file of evidence", "check the path")
    elif source.stat().st_size == 0:
        problems.add(str(source), "an empty file", "a file of evidence", "export it again")
    problems.raise_if_any()
    assert reader is not None, "a format without a reader is a problem"
    return reader(source, Names(species))
