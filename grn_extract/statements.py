"""A judged candidate becomes evidence."""

from __future__ import annotations

from collections.abc import Iterator

from grn_extract.candidates import Candidate
from grn_extract.cues import find_cues, goes_on
from grn_extract.document import Document
from kg import Effect, Evidence, Provenance, SourceKind, is_retracted


def state(document: Document, candidate: Candidate, effect: Effect, provenance: Provenance) -> Evidence:
    """The evidence for one candidate: its passage is the quote, cues between and around the two names set the flags."""
    passage = candidate.passage
    paper = document.id if document.id.startswith("PMID:") else ""
    cues = [find_cues(passage.text, *span) for span in _spans(candidate)]
    return Evidence(
        regulator=candidate.regulator.gene,
        target=candidate.target.gene,
        effect=effect,
        document=document.id,
        quote=passage.text,
        provenance=provenance,
        kind=SourceKind.TEXT,
        start=passage.start,
        end=passage.end,
        paper=paper,
        negated=any(found.negated for found in cues),
        hypothetical=any(found.hypothetical for found in cues),
        retracted=document.retracted or is_retracted(paper),
    )


def _spans(candidate: Candidate) -> Iterator[tuple[int, int]]:
    """From the one name to the other, and where a later clause of the same subject names one of them again."""
    passage = candidate.passage
    genes = (candidate.regulator.gene, candidate.target.gene)
    first, last = sorted((candidate.regulator, candidate.target), key=lambda mention: mention.start)
    end = last.end - passage.start
    yield first.start - passage.start, end
    for mention in passage.mentions:
        start = mention.start - passage.start
        if start >= end and mention.gene in genes and goes_on(passage.text, end, start):
            yield start, mention.end - passage.start
