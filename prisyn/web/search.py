"""Finding a gene of the graph by whatever a person types."""

from __future__ import annotations

from dataclasses import dataclass

from kg import GRN, Gene, genes_alike, resolve, suggest

MOST = 8
"""Suggestions given at once."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A gene of the graph, how many edges it has, and the name it was found by where that is not its symbol."""

    gene: Gene
    edges: int
    named: str = ""


def find(grn: GRN, name: str) -> tuple[Gene | None, str]:
    """The gene of the graph that a name stands for, or None and why."""
    if not name.strip():
        return None, ""
    try:
        return grn.find(name.strip()), ""
    except KeyError as error:
        return None, str(error.args[0])


def suggestions(grn: GRN, typed: str) -> tuple[Suggestion, ...]:
    """Up to `MOST` genes: the one the text is a name of, those whose symbol begins so, then those spelled alike."""
    typed = typed.strip()
    if not typed:
        return ()
    meant, _ = find(grn, typed)
    key = typed.casefold()
    begun = [gene for gene in grn.genes if gene.symbol.casefold().startswith(key)]
    found = dict.fromkeys(
        [*([meant] if meant else []), *sorted(begun, key=lambda gene: (len(gene.symbol), gene.symbol))]
    )
    if len(found) < MOST and len(typed) > 2:
        curies = {gene.curie: gene for gene in grn.genes}
        alike = (resolve(name).gene for name in suggest(typed, MOST))
        found |= dict.fromkeys(genes_alike(typed, grn.genes, MOST))
        found |= dict.fromkeys(curies[gene.curie] for gene in alike if gene and gene.curie in curies)
    return tuple(_suggestion(grn, gene, typed if gene == meant else "") for gene in list(found)[:MOST])


def _suggestion(grn: GRN, gene: Gene, named: str) -> Suggestion:
    edges = len(grn.regulators(gene)) + len(grn.targets(gene))
    return Suggestion(gene, edges, "" if named.casefold() == gene.symbol.casefold() else named)
