"""RegulonDB (Salgado et al. 2024): curated regulation in Escherichia coli K-12, as a network of regulators and genes.

The packaged names are of human and mouse; `crp` is not to become human CRP. So genes of E. coli keep the names that
RegulonDB gives them, as `REGULONDB:crp` of species `ecoli`: an identifier by name, since the network has accessions
for its targets alone. They form a graph of their own beside human and mouse genes, and are found in it by symbol.

Two layouts are read: release 12 and later (`NetworkRegulatorGene.tsv`, seven columns, the regulator's genes among
them) and earlier ones (`network_tf_gene.txt`: factor, gene, effect, evidence), where a factor is the protein of the
gene that it is named for (AraC of araC). A regulator of several genes (IHF) stays one node, of kind family.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from grn_extract.databases import register
from grn_extract.databases._rows import DatabaseResult, Fact, collect, read_rows, usable
from kg import Effect, Gene, GeneKind
from prisyn_base import InputError, Problem

SPECIES = "ecoli"
_EFFECTS = {
    **dict.fromkeys(("+", "activator"), Effect.ACTIVATION),
    **dict.fromkeys(("-", "repressor"), Effect.REPRESSION),
    **dict.fromkeys(("+-", "-+", "dual", "?", "unknown", ""), Effect.UNKNOWN),
}
_NAMED_FOR_ITS_GENE = re.compile(r"[A-Z][a-z]{2}[A-Z]?")
_GENE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9'_.-]*")
_COLUMNS_OF_12 = 7

_Row = tuple[int, tuple[str, ...]]


@register("regulondb")
def read_regulondb(path: Path, *, species: str = "human") -> DatabaseResult:
    """The rows of either layout; effects by both directions (dual) or unknown are of unknown sign.

    `species` is whose genes are asked for: `human`, which every database has for a default, is read as E. coli.
    Raises InputError for mouse, and for a file without a usable row.
    """
    if species not in ("human", SPECIES):
        raise InputError([Problem("species", species, "E. coli: RegulonDB has no other", "leave --species out")])
    rows = [(line, fields) for line, fields in read_rows(path, "\t") if not _no_row(fields)]
    result = collect(_facts(rows), database="regulondb", species=SPECIES, ground=_gene)
    mend = "download NetworkRegulatorGene.tsv, or network_tf_gene.txt of an earlier release, from RegulonDB"
    return usable(result, path, expected="rows of regulator, gene and effect, separated by tabs", mend=mend)


def _no_row(fields: Sequence[str]) -> bool:
    """Whether a line is a comment, or the header, whose names are numbered: `1)regulatorId`."""
    return fields[0].startswith("#") or bool(re.match(r"\(?1\)", fields[0]))


def _facts(rows: Sequence[_Row]) -> Iterator[Fact]:
    targets = {fields[1] for _, fields in rows if 2 < len(fields) < _COLUMNS_OF_12}
    for line, fields in rows:
        if len(fields) >= _COLUMNS_OF_12:
            _, name, genes, _, target, effect = fields[:6]
            regulator, refused = _of_genes(name, genes)
        elif len(fields) > 2:
            name, target, effect = fields[:3]
            regulator, refused = _of_factor(name, targets)
        else:
            regulator = target = effect = ""
            refused = f"{len(fields)} fields, where a regulation has at least three"
        yield Fact(line, fields, regulator, target, _EFFECTS.get(effect.lower()), "", refused=refused)


def _of_genes(name: str, genes: str) -> tuple[str, str]:
    """The gene of a regulator, or itself where it is made of several; why it is neither."""
    named = [gene for gene in re.split(r"[;,\s]+", genes) if gene]
    if not named:
        return name, f"the regulator {name!r} has no gene"
    return (named[0], "") if len(set(named)) == 1 else (f"{name}={'-'.join(named)}", "")


def _of_factor(name: str, targets: set[str]) -> tuple[str, str]:
    """The gene a factor is named for: by the rule of names, or one of the file's own genes."""
    if _NAMED_FOR_ITS_GENE.fullmatch(name):
        return name[0].lower() + name[1:], ""
    if name.lower() in targets:
        return name.lower(), ""
    return name, f"the regulator {name!r} is named for no gene of the file"


def _gene(name: str) -> tuple[Gene | None, str]:
    complex_, _, parts = name.partition("=")
    if not all(map(_GENE_NAME.fullmatch, filter(None, (complex_, parts)))):
        return None, f"{name!r} is no name of a gene"
    kind = GeneKind.FAMILY if parts else GeneKind.GENE
    return Gene(f"REGULONDB:{complex_}", complex_, SPECIES, kind), ""
