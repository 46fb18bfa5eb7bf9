"""A text to be read, and where names were marked in it when somebody marked them."""

from __future__ import annotations

from dataclasses import dataclass

from kg import Gene


@dataclass(frozen=True, slots=True)
class GivenMention:
    """A gene somebody already marked in a document: half-open character offsets into its text, and the gene."""

    start: int
    end: int
    gene: Gene


@dataclass(frozen=True, slots=True)
class Document:
    """One text with an identity. `source` says where it came from (`pubmed`, `text`, `jsonl`, `example`).

    `id` is `PMID:n` for an article of PubMed, so that two sources of one article are one document and one witness.
    Offsets in evidence count characters of `text`; a title that is to be read is part of `text`.
    `notes` are remarks of the source: a correction, an update, a language other than English.
    `mentions` is None where names are still to be found, and a tuple (also an empty one) where they are given.
    """

    id: str
    title: str
    text: str
    source: str
    year: int | None = None
    retracted: bool = False
    mentions: tuple[GivenMention, ...] | None = None
    notes: tuple[str, ...] = ()
