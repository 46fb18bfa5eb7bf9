"""A judged candidate becomes evidence."""

from __future__ import annotations

from grn_extract.candidates import Candidate
from grn_extract.cues import find_cues
from grn_extract.document import Document
from kg import Effect, Evidence, Provenance, SourceKind, is_retracted


def state(document: Document, candidate: Candidate, effect: Effect, provenance: Provenance) -> Evidence:
    """The evidence for one candidate: its passage is the quote, cues between and around the two names set the flags."""
    passage = candidate.passage
    paper = document.id if document.id.startswith("PMID:") else ""
    first, last = sorted((candidate.regulator, candidate.target), key=lambda mention: mention.start)
    cues = find_cues(passage.text, first.start - passage.start, last.end - passage.start)
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
        negated=cues.negated,
        hypothetical=cues.hypothetical,
        retracted=document.retracted or is_retracted(paper),
    )
