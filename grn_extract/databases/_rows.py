"""What all databases share: rows in, evidence or a reason out."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kg import Effect, Evidence, Gene, GeneKind, Provenance, SourceKind, is_retracted, resolve
from prisyn_base import InputError, Problem

_PMID = re.compile(r"(?:PMID:?\s*)?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that became no evidence: its line in the file, its text, and why."""

    line: int
    row: str
    reason: str


@dataclass(frozen=True, slots=True)
class DatabaseResult:
    """`evidence` in the order of the file; `rows` counts the rows read, each either in evidence or in `refused`."""

    evidence: tuple[Evidence, ...]
    refused: tuple[RefusedRow, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Fact:
    """One row, named: what it says of whom, and the papers it cites. `effect` None is a word nobody knows."""

    line: int
    fields: tuple[str, ...]
    regulator: str
    target: str
    effect: Effect | None
    papers: str


def collect(facts: Iterator[Fact], *, database: str, species: str) -> DatabaseResult:
    """Ground every fact; one evidence per paper it cites, or one without a paper where it cites none.

    The quote is the row with the one paper cited, so that two papers of a row are two statements.
    """
    evidence: list[Evidence] = []
    refused: list[RefusedRow] = []
    rows = 0
    for fact in facts:
        rows += 1
        reasons = _reasons(fact, species)
        if reasons:
            refused.append(RefusedRow(fact.line, "\t".join(fact.fields), "; ".join(reasons)))
        else:
            evidence.extend(_evidence(fact, database, species))
    return DatabaseResult(tuple(evidence), tuple(refused), rows)


def read_rows(path: Path, delimiter: str | None = None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(line, fields) of a delimited text file, gzipped or not, blank lines left out; the header is a row too.

    `delimiter` None is a comma for `.csv` and a tab for everything else. Raises InputError for an unreadable file.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    delimiter = delimiter or ("," if ".csv" in suffixes else "\t")
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    line = 0
    try:
        opener = gzip.open if suffixes[-1:] == [".gz"] else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, quoting=quoting)
            for fields in reader:
                line = reader.line_num
                if any(field.strip() for field in fields):
                    yield line, tuple(field.strip() for field in fields)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        mend = "check the path, or download the file again"
        raise InputError([Problem(f"{path}:{line + 1}", str(error), "rows of text in UTF-8", mend)]) from error


def pmids(text: str) -> tuple[str, ...] | None:
    """`PMID:n` of each paper in a list separated by `;`, `,` or `|`, once each; None where something else is in it."""
    found: dict[str, None] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[;,|]", text))):
        match = _PMID.fullmatch(part)
        if match is None:
            return None
        found[f"PMID:{int(match.group(1))}"] = None
    return tuple(found)


def _reasons(fact: Fact, species: str) -> Sequence[str]:
    reasons = []
    for role, name in (("regulator", fact.regulator), ("target", fact.target)):
        if not name:
            reasons.append(f"no {role}")
        elif _gene(name, species) is None:
            reasons.append(f"{role} {name!r} not grounded: {resolve(name, species).reason}")
    if fact.effect is None:
        reasons.append("an unknown word for the effect")
    if pmids(fact.papers) is None:
        reasons.append(f"{fact.papers!r} is no list of PubMed numbers")
    return reasons


def _evidence(fact: Fact, database: str, species: str) -> Iterator[Evidence]:
    regulator, target = _gene(fact.regulator, species), _gene(fact.target, species)
    assert regulator is not None, "rows whose regulator is not grounded have been refused"
    assert target is not None, "rows whose target is not grounded have been refused"
    kept = [field for field in fact.fields if field != fact.papers]
    for paper in pmids(fact.papers) or ("",):
        yield Evidence(
            regulator=regulator,
            target=target,
            effect=fact.effect or Effect.UNKNOWN,
            document=f"{database}:{regulator.symbol}>{target.symbol}",
            quote="\t".join([*kept, paper.removeprefix("PMID:")] if paper else kept),
            provenance=Provenance(reader=database),
            kind=SourceKind.DATABASE,
            paper=paper,
            retracted=is_retracted(paper),
        )


def _gene(name: str, species: str) -> Gene | None:
    """Databases write approved symbols, so of several candidates (FOS the gene, FOS the family) the symbol wins."""
    resolution = resolve(name, species)
    exact = [found.gene for found in resolution.candidates if found.gene.symbol == name]
    genes = [gene for gene in exact if gene.kind is GeneKind.GENE and gene.species == species]
    return resolution.gene or (genes[0] if len(genes) == 1 else None)
