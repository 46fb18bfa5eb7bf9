"""SIGNOR (Lo Surdo et al. 2023): causal relations, each curated from a sentence; those of transcription are read.

SIGNOR names the human protein whatever the organism of the experiment, whose taxonomy number stays in the quote.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grn_extract.databases import Address, register
from grn_extract.databases._rows import DatabaseResult, Fact, Row, collect, open_table, usable
from kg import Effect, GeneKind, resolve

_COLUMNS = "ENTITYA", "TYPEA", "ENTITYB", "TYPEB", "EFFECT", "MECHANISM", "PMID"
_EFFECTS = {"up-regulates": Effect.ACTIVATION, "down-regulates": Effect.REPRESSION, "unknown": Effect.UNKNOWN}
_GENES = "protein", "gene", "mirna", "ncrna"
_GROUPS = "complex", "proteinfamily"
_NOT_IN_PUBMED = "Other"


_FORM = {"organism": "human", "format": "csv", "submit": "Download"}


@register("signor", human=Address("https://signor.uniroma2.it/download_entity.php", _FORM, "CC BY 4.0", ".csv"))
def read_signor(path: Path, *, species: str = "human") -> DatabaseResult:
    """The rows of SIGNOR's own table whose mechanism is transcriptional, separated by semicolons, tabs or commas.

    Its score for the row is the statement's. A complex or family is read where it is one on file; it is never a gene.
    Raises InputError for a file of other columns, and for one without a usable row.
    """
    mend = "download the relations from SIGNOR, all columns, and check the species"
    _, rows = open_table(path, {"signor": _COLUMNS}, mend=mend)
    result = collect(_facts(rows, species), database="signor", species=species)
    return usable(result, path, expected="rows of transcriptional regulation between two genes", mend=mend)


def _facts(rows: Iterator[Row], species: str) -> Iterator[Fact]:
    for row in rows:
        regulator, regulator_type, target, target_type, effect, mechanism, paper = (
            row.cells.get(column, "") for column in _COLUMNS
        )
        sign = next((sign for start, sign in _EFFECTS.items() if effect.startswith(start)), None)
        refused = (
            row.problem
            or _no_transcription(mechanism)
            or _no_gene(regulator, regulator_type, species)
            or _no_gene(target, target_type, species)
        )
        papers = "" if paper == _NOT_IN_PUBMED else paper
        yield Fact(row.line, row.fields, regulator, target, sign, papers, _score(row), refused)


def _no_transcription(mechanism: str) -> str:
    """Why a mechanism is not regulation of transcription; `post transcriptional regulation` is not."""
    if mechanism.startswith("transcriptional"):
        return ""
    return f"{mechanism or 'no mechanism'}: not transcriptional regulation"


def _no_gene(name: str, kind: str, species: str) -> str:
    """Why an entity is no gene or family; one of a kind that can be is left to be grounded by its name."""
    if kind in _GENES:
        return ""
    if kind not in _GROUPS:
        return f"{name!r} is a {kind or 'thing of no kind'}, not a gene"
    gene = resolve(name, species).gene
    return "" if gene and gene.kind is GeneKind.FAMILY else f"the {kind} {name!r} is no family on file"


def _score(row: Row) -> float | None:
    """SIGNOR's own score in [0, 1], where the row has one."""
    try:
        score = float(row.cells.get("SCORE", ""))
    except ValueError:
        return None
    return score if 0.0 <= score <= 1.0 else None
