"""OmniPath's interactions, as its web service hands them out (Türei et al. 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kg.formats._edges import Claim, evidence_of, papers_of, supported, supporting_papers
from kg.formats._format import STATEMENTS, Format, ImportResult, Loss
from kg.formats._names import TAXA, Names
from kg.formats._text import one_line, read_table
from kg.grn import GRN
from kg.model import Edge, Effect, Evidence, Gene

COLUMNS = (
    "source",
    "target",
    "source_genesymbol",
    "target_genesymbol",
    "is_directed",
    "is_stimulation",
    "is_inhibition",
    "consensus_direction",
    "consensus_stimulation",
    "consensus_inhibition",
    "sources",
    "references",
    "type",
    "ncbi_tax_id_source",
    "ncbi_tax_id_target",
)
_NEEDED = (*COLUMNS[:4], "consensus_stimulation", "consensus_inhibition")
_TRUTH = {"1": True, "true": True, "0": False, "false": False}
_EFFECTS = {(True, False): Effect.ACTIVATION, (False, True): Effect.REPRESSION}
_OF_NO_SPECIES = "-1"


def write(grn: GRN, path: Path) -> None:
    """Edges sorted by symbols; `source` and `target` are CURIEs, since accessions of UniProt are not on file.

    `references` are the PubMed numbers as `PriSyn:123;PriSyn:456`; truths are `1` and `0`.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(COLUMNS) + "\n")
        stream.writelines("\t".join(map(one_line, _row(edge))) + "\n" for edge in supported(grn))


def read(path: Path, names: Names) -> ImportResult:
    """One statement for each PubMed number of a row.

    Genes are known by their symbols unless `source` and `target` are CURIEs on file. Complexes, which OmniPath
    writes as the list of their members, are refused: `prisyn extract databases omnipath` reads them as families.
    """

    def parse(row: Mapping[str, str]) -> list[Evidence]:
        if (kind := row.get("type", "")) not in ("", "transcriptional"):
            raise ValueError(f"{kind} is no transcriptional interaction")
        references = (part.rpartition(":")[2] for part in row.get("references", "").split(";"))
        regulator, target = _genes(row, names)
        claim = Claim(regulator, target, _effect(row), papers_of(references))
        return list(evidence_of(claim, "omnipath"))

    return read_table(path, _NEEDED, parse, "OmniPath's columns")


def _row(edge: Edge) -> tuple[str, ...]:
    regulator, target = edge.regulator, edge.target
    up, down = (str(int(edge.effect is effect)) for effect in (Effect.ACTIVATION, Effect.REPRESSION))
    references = ";".join(f"PriSyn:{paper.removeprefix('PMID:')}" for paper in supporting_papers(edge))
    taxa = (TAXA.get(gene.species, _OF_NO_SPECIES) for gene in (regulator, target))
    names = regulator.curie, target.curie, regulator.symbol, target.symbol
    return (*names, "1", up, down, "1", up, down, "PriSyn", references, "transcriptional", *taxa)


def _genes(row: Mapping[str, str], names: Names) -> tuple[Gene, Gene]:
    curies, symbols = (row["source"], row["target"]), (row["source_genesymbol"], row["target_genesymbol"])
    for curie, symbol in zip(curies, symbols, strict=True):
        if curie.startswith("COMPLEX:"):
            raise ValueError(
                f"{symbol} is a complex given by its members; `prisyn extract databases omnipath` reads it"
            )
    regulator, target = (names.on_file(curie) for curie in curies)
    if regulator is None or target is None:
        if foreign := [curie for curie in curies if ":" in curie and names.on_file(curie) is None]:
            raise ValueError(f"{foreign[0][:60]} is not on file")
        return names.pair(*symbols)
    return names.checked(regulator, "regulator"), names.checked(target, "target")


def _effect(row: Mapping[str, str]) -> Effect:
    """The sign by consensus; both or none where OmniPath's databases disagree or say nothing."""
    given = [row[f"consensus_{name}"] for name in ("stimulation", "inhibition")]
    truths = [_TRUTH.get(text.lower()) for text in given]
    if None in truths:
        raise ValueError(f"consensus {given} is not 1 or 0")
    return _EFFECTS.get((bool(truths[0]), bool(truths[1])), Effect.UNKNOWN)


FORMAT = Format("omnipath", "OmniPath's clients, pandas", (Loss.IDENTIFIERS, *STATEMENTS, Loss.BELIEFS), write, read)
