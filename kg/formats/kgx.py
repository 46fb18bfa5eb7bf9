"""KGX, knowledge graphs in the terms of the Biolink model: a table of edges and, beside it, one of nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from kg._lookup import is_retracted
from kg.formats._edges import number_of, papers_of, score_of
from kg.formats._format import Companion, Format, ImportResult, Loss
from kg.formats._names import TAXA, Names
from kg.formats._text import lines, one_line, open_table, read_table
from kg.grn import GRN
from kg.model import Edge, Effect, Evidence, Gene, GeneKind, Provenance, SourceKind

NODE_COLUMNS = ("id", "category", "name", "in_taxon", "in_taxon_label")
EDGE_COLUMNS = (
    "id",
    "category",
    "subject",
    "predicate",
    "object",
    "qualified_predicate",
    "object_aspect_qualifier",
    "object_direction_qualifier",
    "negated",
    "publications",
    "supporting_text",
    "primary_knowledge_source",
    "knowledge_level",
    "agent_type",
    "has_confidence_score",
)
_NEEDED = ("subject", "predicate", "object")
_CATEGORIES = {GeneKind.GENE: "biolink:Gene", GeneKind.FAMILY: "biolink:GeneFamily"}
_DIRECTIONS = {Effect.ACTIVATION: "increased", Effect.REPRESSION: "decreased"}
_EFFECTS = {
    "increased": Effect.ACTIVATION,
    "upregulated": Effect.ACTIVATION,
    "decreased": Effect.REPRESSION,
    "downregulated": Effect.REPRESSION,
    "": Effect.UNKNOWN,
}
_ASPECTS = ("", "expression", "abundance", "activity_or_abundance", "synthesis", "transcription")
_PREDICATES = ("biolink:regulates", "biolink:affects", "biolink:causes")
_AGENTS = {
    SourceKind.TEXT: ("knowledge_assertion", "text_mining_agent"),
    SourceKind.DATABASE: ("knowledge_assertion", "manual_agent"),
    SourceKind.KNOWLEDGE: ("prediction", "computational_model"),
}
_KINDS = {agent: kind for kind, (_, agent) in _AGENTS.items()}


def nodes_path(edges: Path) -> Path:
    """Where the nodes of a table of edges lie: `grn_nodes.tsv` beside `grn_edges.tsv`, or beside `grn.tsv`."""
    stem = edges.stem.removesuffix("_edges")
    return edges.with_name(f"{stem}_nodes{edges.suffix}")


def write(grn: GRN, path: Path) -> None:
    """One row a statement, sorted by edge; `has_confidence_score` is the belief in the edge.

    A signed statement is a GeneRegulatesGeneAssociation; one of unknown sign a GeneToGeneAssociation, as the first
    has to have a direction. Statements of retracted papers are left out, and white space in a sentence becomes spaces.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(EDGE_COLUMNS) + "\n")
        for edge in grn.edges():
            items = (item for item in edge.evidence if not item.retracted)
            stream.writelines("\t".join(map(one_line, _row(edge, item))) + "\n" for item in items)


def write_nodes(grn: GRN, path: Path) -> None:
    """The genes and families, sorted by CURIE, with their taxon; families have none."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(NODE_COLUMNS) + "\n")
        for gene in sorted(grn.genes):
            taxon = f"NCBITaxon:{TAXA[gene.species]}" if gene.species in TAXA else ""
            label = "" if gene.species == "any" else gene.species
            cells = gene.curie, _CATEGORIES[gene.kind], gene.symbol, taxon, label
            stream.write("\t".join(map(one_line, cells)) + "\n")


def read(path: Path, names: Names) -> ImportResult:
    """One statement for each publication of a row. Genes that are not on file are as the table of nodes has them.

    Without that table they are refused. Rows of other predicates than `regulates`, `affects` and `causes`, and of
    other aspects than expression or an amount, are refused.
    """
    nodes = _Nodes(nodes_path(path), names)
    return read_table(path, _NEEDED, lambda row: list(_evidence(row, nodes)), "rows of subject, predicate and object")


class _Nodes:
    """The genes of a table of nodes, by identifier."""

    def __init__(self, path: Path, names: Names) -> None:
        self._names = names
        self._rows: dict[str, Mapping[str, str]] = {}
        if not path.is_file():
            return
        table = open_table(path, ("id",))
        for number, line in lines(path):
            if line is not None and number > table.line:
                with suppress(ValueError):  # An edge of a node whose row cannot be read is refused, by its own line.
                    row = table.row(line)
                    self._rows[row["id"]] = row

    def gene(self, curie: str, role: str) -> Gene:
        row = self._rows.get(curie, {})
        family = "Family" in row.get("category", "") or curie.startswith("FPLX:")
        kind = GeneKind.FAMILY if family else GeneKind.GENE
        species = row.get("in_taxon_label", "") or ("any" if family else "")
        return self._names.identified(curie, role, symbol=row.get("name", ""), species=species, kind=kind)


def _row(edge: Edge, item: Evidence) -> tuple[str, ...]:
    direction = _DIRECTIONS.get(item.effect, "")
    level, agent = _AGENTS[item.kind]
    source = item.provenance.reader if item.kind is SourceKind.DATABASE else "prisyn"
    return (
        item.id,
        "biolink:GeneRegulatesGeneAssociation" if direction else "biolink:GeneToGeneAssociation",
        edge.regulator.curie,
        "biolink:regulates",
        edge.target.curie,
        "biolink:causes" if direction else "",
        "expression",
        direction,
        str(item.negated).lower(),
        item.paper,
        " ".join(item.quote.split()),
        f"infores:{source}",
        level,
        agent,
        f"{edge.belief:.6f}",
    )


def _evidence(row: Mapping[str, str], nodes: _Nodes) -> Iterator[Evidence]:
    cell = row.get
    if row["predicate"] not in _PREDICATES:
        raise ValueError(f"{row['predicate'][:60]!r} is no regulation")
    if cell("object_aspect_qualifier", "") not in _ASPECTS:
        raise ValueError(f"aspect {row['object_aspect_qualifier'][:60]!r} is no amount")
    direction = cell("object_direction_qualifier", "")
    if direction not in _EFFECTS:
        raise ValueError(f"direction {direction[:60]!r} is none of the Biolink model")
    regulator, target = nodes.gene(row["subject"], "regulator"), nodes.gene(row["object"], "target")
    source = cell("primary_knowledge_source", "").removeprefix("infores:")
    confidence = cell("has_confidence_score", "")
    score = score_of(number_of(confidence, "has_confidence_score")) if confidence else None
    for paper in papers_of(cell("publications", "").split("|")) or ("",):
        place = f"kgx:{regulator.symbol}>{target.symbol}"
        yield Evidence(
            regulator=regulator,
            target=target,
            effect=_EFFECTS[direction],
            document=paper or place,
            quote=cell("supporting_text", "") or f"{regulator.symbol}\t{_EFFECTS[direction]}\t{target.symbol}",
            provenance=Provenance(reader=source if source not in ("", "prisyn") else "kgx", score=score),
            kind=_KINDS.get(cell("agent_type", ""), SourceKind.DATABASE),
            paper=paper,
            negated=cell("negated", "").lower() in ("true", "1"),
            retracted=is_retracted(paper),
        )


FORMAT = Format(
    "kgx",
    "KGX, Biolink and Translator tools",
    (Loss.HEDGES, Loss.RETRACTIONS, Loss.DOCUMENTS, Loss.READERS),
    write,
    read,
    companion=Companion(nodes_path, write_nodes),
)
