"""Genes that somebody marked in a text, by their numbers in NCBI Gene, as BioC and PubTator files carry them.

The packaged names know the numbers of human genes alone. A number they do not know is a mouse gene's where the file
marks mouse, and no species but mouse and human, in the same text, and the marked words name one; any other is left
out and counted in the document's notes. A family has no number: marked words that name one stay the family, whatever
number stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from grn_extract.document import Document, GivenMention
from kg import Gene, GeneKind, gene_by_entrez, resolve

_GENES = frozenset({"gene", "geneorgeneproduct", "gene/protein", "gene_or_gene_product"})
_SPECIES = frozenset({"species", "organismtaxon"})
_HUMAN, _MOUSE = "9606", "10090"
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark as the file has it: offsets into the document, the words it says are there, a type and identifiers."""

    start: int
    end: int
    text: str
    type: str
    identifier: str


def with_annotations(document: Document, annotations: Sequence[Annotation]) -> Document:
    """The document with its marked genes; one without any mark of a gene as it is, its genes still to be found."""
    genes = [mark for mark in annotations if mark.type.lower() in _GENES]
    if not genes:
        return document
    placed = [mark for mark in genes if document.text[mark.start : mark.end] == mark.text]
    mouse = _mouse_only(annotations)
    found: dict[GivenMention, None] = {}
    unknown = 0
    for mark in placed:
        known = [gene for number in _NUMBER.findall(mark.identifier) if (gene := _gene(number, mark.text, mouse))]
        unknown += not known
        found.update(dict.fromkeys(GivenMention(mark.start, mark.end, gene) for gene in known))
    return replace(document, mentions=tuple(found), notes=(*document.notes, *_notes(len(genes) - len(placed), unknown)))


def _mouse_only(annotations: Iterable[Annotation]) -> bool:
    species = {
        number for mark in annotations if mark.type.lower() in _SPECIES for number in _NUMBER.findall(mark.identifier)
    }
    return _MOUSE in species and species <= {_MOUSE, _HUMAN}


def _gene(number: str, words: str, mouse: bool) -> Gene | None:
    human = gene_by_entrez(number)
    if human is None and not mouse:
        return None
    named = resolve(words, "human" if human else "mouse").gene
    if named is not None and (named.kind is GeneKind.FAMILY or human is None):
        return named
    return human


def _notes(misplaced: int, unknown: int) -> Iterable[str]:
    if misplaced:
        yield f"{misplaced} marks of genes stand where the text says otherwise, and are left out"
    if unknown:
        yield f"{unknown} marks of genes are of no human or mouse gene on file, and are left out"
