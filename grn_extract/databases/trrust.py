"""TRRUST v2 (Han et al. 2018): TF, target, Activation / Repression / Unknown, PubMed numbers; human and mouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grn_extract.databases import Address, register
from grn_extract.databases._rows import DatabaseResult, Fact, collect, read_rows, usable
from kg import Effect

_EFFECTS = {"Activation": Effect.ACTIVATION, "Repression": Effect.REPRESSION, "Unknown": Effect.UNKNOWN}


_AT = "https://www.grnpedia.org/trrust/data/trrust_rawdata"
_LICENCE = "CC BY-SA 4.0"


@register(
    "trrust",
    human=Address(f"{_AT}.human.tsv", licence=_LICENCE),
    mouse=Address(f"{_AT}.mouse.tsv", licence=_LICENCE),
)
def read_trrust(path: Path, *, species: str = "human") -> DatabaseResult:
    """The rows of TRRUST's own TSV, with or without a header. Raises InputError when no row has its four columns."""
    mend = "download trrust_rawdata.human.tsv or .mouse.tsv from TRRUST, and check the species"
    result = collect(_facts(path), database="trrust", species=species)
    return usable(result, path, expected="TF, target, effect, PMIDs, separated by tabs", mend=mend)


def _facts(path: Path) -> Iterator[Fact]:
    for line, fields in read_rows(path, "\t"):
        if fields[0] == "TF":
            continue
        regulator, target, effect, papers = (*fields, "", "", "", "")[:4]
        yield Fact(line, fields, regulator, target, _EFFECTS.get(effect), papers)
