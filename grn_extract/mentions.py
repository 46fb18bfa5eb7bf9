"""Where a document names genes, and of which species they are."""

from __future__ import annotations

import re
from functools import lru_cache

from grn_extract.document import Document, GivenMention
from kg import Context, GeneKind, Resolution, find_mentions

_MOUSE = re.compile(r"\b(?:mouse|mice|murine|mus musculus)\b", re.IGNORECASE)
_HUMAN = re.compile(
    r"\b(?:humans?|homo sapiens|patients?|wom[ae]n|men|children|infants?|volunteers|donors)\b", re.IGNORECASE
)
_GRAFTED = re.compile(r"\b(?:xenografts?|nude)\b", re.IGNORECASE)
_ENOUGH = 2
"""Genes written as mouse symbols; one alone may be a slip of the shift key."""


def gene_mentions(document: Document) -> tuple[GivenMention, ...]:
    """The genes named in a document, in order: those it was given with, else those found, of the document's species."""
    if document.mentions is not None:
        return tuple(sorted(document.mentions, key=lambda mention: (mention.start, mention.end)))
    return _found(document.text)


@lru_cache(maxsize=64)
def document_species(text: str) -> str | None:
    """`mouse` or `human` where a whole text speaks of one of them, else None, and each name decides for itself.

    A text with words for one (mice, murine; human, patient) and none for the other is of that species; mice that bear
    xenografts decide nothing. A text without such words is of mouse where at least two genes, and half of all it
    names, are written as mouse symbols are (`Gata1`), and else human where any gene is written otherwise: `Sp1` beside
    `VEGFA` is SP1. Human cells in a mouse are taken for mouse where nothing says human. Of the genes found in BioRED's
    train and dev abstracts (Luo et al. 2022), on which the words were chosen, .84 are put right as human or not, where
    each name by itself has .72 right (`test_mentions.py` counts them).
    """
    mouse, human = bool(_MOUSE.search(text)), bool(_HUMAN.search(text))
    if mouse and not human:
        return None if _GRAFTED.search(text) else "mouse"
    if human and not mouse:
        return "human"
    return None if mouse else _species_by_writing(text)


def _species_by_writing(text: str) -> str | None:
    found = {mention.gene for mention in find_mentions(text)}
    species = [gene.species for gene in found if gene is not None and gene.kind is GeneKind.GENE]
    mouse = species.count("mouse")
    if mouse >= max(_ENOUGH, len(species) / 2):
        return "mouse"
    return "human" if mouse < len(species) else None


def resolve_in(text: str, name: str) -> Resolution:
    """What a name stands for where a text uses it: of the text's species, by the long forms and words it holds."""
    return _context(text).resolve(name, document_species(text))


@lru_cache(maxsize=64)
def _context(text: str) -> Context:
    """Asked for by every statement of a text."""
    return Context(text)


@lru_cache(maxsize=64)
def _found(text: str) -> tuple[GivenMention, ...]:
    """Asked for by a reader and, for each of its statements, by the checks."""
    found = find_mentions(text, document_species(text))
    return tuple(GivenMention(m.start, m.end, m.gene) for m in found if m.gene is not None)
