"""A judged candidate becomes evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grn_extract.candidates import Candidate, Passage
from grn_extract.cues import Span, find_cues, goes_on
from grn_extract.document import Document, GivenMention
from kg import Effect, Evidence, Gene, Provenance, SourceKind, is_retracted


def state(document: Document, candidate: Candidate, effect: Effect, provenance: Provenance) -> Evidence:
    """The evidence for one candidate: its passage is the quote, cues between and around the two names set the flags."""
    passage = candidate.passage
    paper = document.id if document.id.startswith("PMID:") else ""
    negated, hypothetical = _flags(candidate)
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
        negated=negated,
        hypothetical=hypothetical,
        retracted=document.retracted or is_retracted(paper),
    )


def find_flags(
    quote: str, start: int, mentions: Sequence[GivenMention], regulator: Gene, target: Gene
) -> tuple[bool, bool]:
    """Whether a quote that begins at `start` of its document denies that one gene regulates the other, or supposes it.

    `mentions` are those inside the quote. The two names nearest to each other decide; (False, False) where there are
    no two.
    """
    pairs = [
        (one, other)
        for one in mentions
        if one.gene == regulator
        for other in mentions
        if other.gene == target and (one.end <= other.start or other.end <= one.start)
    ]
    if not pairs:
        return (False, False)
    one, other = min(pairs, key=lambda pair: abs(pair[0].start - pair[1].start))
    return _flags(Candidate(Passage(start, start + len(quote), quote, tuple(mentions)), one, other))


def _flags(candidate: Candidate) -> tuple[bool, bool]:
    cues = [find_cues(candidate.passage.text, names) for names in _names(candidate)]
    return any(found.negated for found in cues), any(found.hypothetical for found in cues)


def _names(candidate: Candidate) -> Iterator[list[Span]]:
    """The two names in their passage, and one of them where a later clause of the same subject names it again."""
    passage = candidate.passage
    genes = (candidate.regulator.gene, candidate.target.gene)

    def span(mention: GivenMention) -> Span:
        return mention.start - passage.start, mention.end - passage.start

    both = sorted(map(span, (candidate.regulator, candidate.target)))
    yield both
    end = both[-1][1]
    for mention in passage.mentions:
        start, stop = span(mention)
        if start >= end and mention.gene in genes and goes_on(passage.text, end, start):
            yield [(start, stop)]
