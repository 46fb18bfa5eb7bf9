"""CollecTRI (Müller-Dott et al. 2023): signed regulons of human TFs, as decoupler or OmniPath hand them out.

Where CollecTRI found no sign it writes an activation. Only decoupler's `sign_decision` column tells those rows
(`default activation`) from the others; with that column they are read as of unknown sign, without it as written.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grn_extract.databases import Address, register
from grn_extract.databases._rows import DatabaseResult, Fact, Row, collect, open_table, signed, usable
from grn_extract.databases.omnipath import LAYOUTS, cited, omnipath_facts
from kg import Effect

_DECOUPLER = "source", "target", "weight"
_NO_SIGN = "default activation"


_AT = "https://omnipathdb.org/interactions?genesymbols=1&fields=sources,references,type&license=academic"


@register(
    "collectri", human=Address(f"{_AT}&datasets=collectri&organisms=9606", licence="of each source; academic use")
)
def read_collectri(path: Path, *, species: str = "human") -> DatabaseResult:
    """The rows of decoupler's table, or of OmniPath's with the PubMed numbers that stand for CollecTRI.

    Rows of OmniPath that do not name CollecTRI among their sources are refused; for its complexes see `omnipath`.
    Raises InputError for a file of other columns, and for one without a usable row.
    """
    mend = "write decoupler's collectri table as CSV, or download the collectri dataset from OmniPath as TSV"
    layout, rows = open_table(path, {"decoupler": _DECOUPLER, **LAYOUTS}, mend=mend)
    facts = _facts(rows) if layout == "decoupler" else omnipath_facts(rows, species=species, resource="CollecTRI")
    result = collect(facts, database="collectri", species=species)
    return usable(result, path, expected="rows that name two genes, and CollecTRI as their source", mend=mend)


def _facts(rows: Iterator[Row]) -> Iterator[Fact]:
    for row in rows:
        cell = row.cells.get
        effect = Effect.UNKNOWN if cell("sign_decision", "").lower() == _NO_SIGN else signed(cell("weight", ""))
        fields, papers = cited(row, "references", "CollecTRI")
        yield Fact(row.line, fields, cell("source", ""), cell("target", ""), effect, papers, refused=row.problem)
