"""What all databases share: rows in, evidence or a reason out."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from grn_extract.sources._lines import BrokenLine, numbered_lines
from kg import Effect, Evidence, Gene, GeneKind, Provenance, SourceKind, is_retracted, resolve
from prisyn_base import InputError, Problem

_DELIMITERS = "\t,;"
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
    """One row, named: what it says of whom, and the papers it cites. `effect` None is a word nobody knows.

    `score` is the database's own figure for the row, in [0, 1]. `refused` says why the row is no regulation between
    two genes, whatever it names.
    """

    line: int
    fields: tuple[str, ...]
    regulator: str
    target: str
    effect: Effect | None
    papers: str
    score: float | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row under a header: `cells` by the name of the column. `problem` says that it has more fields than that."""

    line: int
    fields: tuple[str, ...]
    cells: Mapping[str, str]
    problem: str = ""


_Ground = Callable[[str], tuple[Gene | None, str]]


def collect(facts: Iterator[Fact], *, database: str, species: str, ground: _Ground | None = None) -> DatabaseResult:
    """Ground every fact; one evidence per paper it cites, or one without a paper where it cites none.

    `ground` is the gene of a name or why it is none; without it the packaged names of `species` decide. The quote is
    the row with the one paper cited, so that two papers of a row are two statements.
    """
    evidence: list[Evidence] = []
    refused: list[RefusedRow] = []
    rows = 0

    named = cache(ground or (lambda name: _gene(name, species)))
    for fact in facts:
        rows += 1
        reasons = [fact.refused] if fact.refused else _reasons(fact, named)
        if reasons:
            refused.append(RefusedRow(fact.line, "\t".join(fact.fields), "; ".join(reasons)))
        else:
            evidence.extend(_evidence(fact, database, named))
    return DatabaseResult(tuple(evidence), tuple(refused), rows)


def usable(result: DatabaseResult, path: Path, *, expected: str, mend: str) -> DatabaseResult:
    """The result itself. Raises InputError when not one row of the file became evidence."""
    if result.evidence:
        return result
    first = f"; the first is refused: {result.refused[0].reason}" if result.refused else ""
    raise InputError([Problem(str(path), f"{result.rows} rows, none usable{first}", expected, mend)])


def open_table(path: Path, layouts: Mapping[str, Sequence[str]], *, mend: str) -> tuple[str, Iterator[Row]]:
    """The name of the layout whose columns are all in the header, and the rows below it.

    Tabs, commas and semicolons are told apart by the header. Raises InputError naming the columns of every layout
    where the header has those of none.
    """
    _, first = next(read_rows(path, "\t"), (0, ()))
    for delimiter in _DELIMITERS:
        header = [name.strip() for name in next(csv.reader(["\t".join(first)], delimiter=delimiter), [])]
        for name, columns in layouts.items():
            if set(columns) <= set(header):
                return name, _under(header, read_rows(path, delimiter))
    found = " ".join(first)[:100] if first else "an empty file"
    expected = " or ".join(dict.fromkeys(", ".join(columns) for columns in layouts.values()))
    raise InputError([Problem(str(path), found, f"a header with the columns {expected}", mend)])


def read_rows(path: Path, delimiter: str | None = None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(line, fields) of a delimited text file, gzipped or not, blank lines left out; the header is a row too.

    `delimiter` None is a comma for `.csv` and a tab for everything else. Raises InputError for an unreadable file.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    delimiter = delimiter or ("," if ".csv" in suffixes else "\t")
    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    try:
        with path.open("rb"):
            reader = csv.reader((text for _, text in numbered_lines(path)), delimiter=delimiter, quoting=quoting)
            for fields in reader:
                if any(field.strip() for field in fields):
                    yield reader.line_num, tuple(field.strip() for field in fields)
    except BrokenLine as broken:
        raise InputError([Problem(f"{path}:{broken.number}", broken.found, broken.expected, broken.mend)]) from None
    except csv.Error as error:
        raise _unreadable(f"{path}:{reader.line_num}", str(error)) from error
    except OSError as error:
        raise _unreadable(str(path), error.strerror or str(error)) from error


def _unreadable(where: str, found: str) -> InputError:
    return InputError([Problem(where, found, "rows of text in UTF-8", "check the path, or download the file again")])


def pmids(text: str) -> tuple[str, ...] | None:
    """`PMID:n` of each paper in a list separated by `;`, `,` or `|`, once each; None where something else is in it."""
    found: dict[str, None] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[;,|]", text))):
        match = _PMID.fullmatch(part)
        if match is None:
            return None
        found[f"PMID:{int(match.group(1))}"] = None
    return tuple(found)


def signed(number: str) -> Effect | None:
    """The effect that the sign of a number stands for, 0 for an unknown one; None where it is no number."""
    try:
        value = float(number)
    except ValueError:
        return None
    if math.isnan(value):
        return None
    return Effect.ACTIVATION if value > 0 else Effect.REPRESSION if value < 0 else Effect.UNKNOWN


def _under(header: Sequence[str], rows: Iterator[tuple[int, tuple[str, ...]]]) -> Iterator[Row]:
    next(rows)
    for line, fields in rows:
        problem = f"{len(fields)} fields, the header has {len(header)}" if len(fields) > len(header) else ""
        yield Row(line, fields, dict(zip(header, fields, strict=False)), problem)


def _reasons(fact: Fact, ground: _Ground) -> Sequence[str]:
    reasons = []
    for role, name in (("regulator", fact.regulator), ("target", fact.target)):
        if not name:
            reasons.append(f"no {role}")
            continue
        gene, why_not = ground(name)
        if gene is None:
            reasons.append(f"{role} {name!r} not grounded: {why_not}")
    if fact.effect is None:
        reasons.append("an unknown word for the effect")
    if pmids(fact.papers) is None:
        reasons.append(f"{fact.papers!r} is no list of PubMed numbers")
    return reasons


def _evidence(fact: Fact, database: str, ground: _Ground) -> Iterator[Evidence]:
    (regulator, _), (target, _) = ground(fact.regulator), ground(fact.target)
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
            provenance=Provenance(reader=database, score=fact.score),
            kind=SourceKind.DATABASE,
            paper=paper,
            retracted=is_retracted(paper),
        )


def _gene(name: str, species: str) -> tuple[Gene | None, str]:
    """The gene and why none: of several candidates (FOS the gene, FOS the family) the approved symbol wins."""
    resolution = resolve(name, species)
    exact = [found.gene for found in resolution.candidates if found.gene.symbol == name]
    genes = [gene for gene in exact if gene.kind is GeneKind.GENE and gene.species == species]
    return resolution.gene or (genes[0] if len(genes) == 1 else None), resolution.reason
