"""A model says that a text states a regulation; this finds out whether the text does say it, and of which genes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from grn_extract.candidates import Candidate, Passage, find_candidates
from grn_extract.chat.answers import Statement
from grn_extract.document import Document, GivenMention
from grn_extract.mentions import gene_mentions, resolve_in
from grn_extract.sentences import split_sentences
from kg import Gene

MOST_SENTENCES = 3
"""That a quote may touch; whoever quotes more has not said where it stands."""

_SMALL = re.compile(r"[\W_]+")
_WORDS_AFTER = re.compile(r"\s+(?:genes?|proteins?|mRNAs?|promoters?|transcripts?|expression)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement whose quote and genes were found in the document. `candidate` holds both, at their true offsets."""

    statement: Statement
    candidate: Candidate

    @property
    def place(self) -> tuple[Gene, Gene, int, int]:
        """What makes two claims the same: who regulates whom, and where that is said."""
        passage = self.candidate.passage
        return (self.candidate.regulator.gene, self.candidate.target.gene, passage.start, passage.end)

    @property
    def names(self) -> tuple[str, str]:
        """Regulator and target as the passage spells them, each on one line."""
        text, start = self.candidate.passage.text, self.candidate.passage.start
        spans = (self.candidate.regulator, self.candidate.target)
        regulator, target = (" ".join(text[item.start - start : item.end - start].split()) for item in spans)
        return regulator, target


class Groundless(ValueError):
    """A statement that the text does not bear out; `reasons` says in what ways."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def find_quote(text: str, quote: str) -> list[tuple[int, int]]:
    """Where `quote` stands in `text`, to the letter but for white space; half-open offsets, in order."""
    words = quote.split()
    if not words:
        return []
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    return [match.span() for match in pattern.finditer(text)]


def ground(statement: Statement, document: Document) -> Claim:
    """The claim that a statement makes about a document. Raises Groundless.

    A quote is widened to the whole sentences it touches, so that a denial at their beginning is not cut off. Both
    names must be names, in those sentences, of genes that the document mentions there. Where the quote stands more
    than once, the first place that names both counts.
    """
    spans = find_quote(document.text, statement.quote)
    if not spans:
        raise Groundless("the quote is not in the text")
    faults: list[Groundless] = []
    for start, end in spans:
        try:
            return Claim(statement, _candidate(statement, document, start, end))
        except Groundless as fault:
            faults.append(fault)
    raise faults[0]


def _candidate(statement: Statement, document: Document, start: int, end: int) -> Candidate:
    touched = [item for item in split_sentences(document.text) if item.start < end and start < item.end]
    if len(touched) > MOST_SENTENCES:
        raise Groundless(f"the quote is {len(touched)} sentences long; at most {MOST_SENTENCES} say where it stands")
    start, end = min(start, touched[0].start), max(end, touched[-1].end)
    mentions = tuple(m for m in gene_mentions(document) if start <= m.start and m.end <= end)
    regulator, target = _both(statement, mentions, document)
    passage = Passage(start, end, document.text[start:end], mentions)
    if regulator == target:
        mention = next(item for item in mentions if item.gene == regulator)
        return Candidate(passage, mention, mention)
    for candidate in find_candidates(passage):
        if (candidate.regulator.gene, candidate.target.gene) == (regulator, target):
            return candidate
    raise Groundless("the two genes have one name in the quote")


def _both(statement: Statement, mentions: Sequence[GivenMention], document: Document) -> tuple[Gene, Gene]:
    reasons, genes = [], []
    for role, name in (("regulator", statement.regulator), ("target", statement.target)):
        gene = _gene(name, mentions, document)
        if gene is None:
            reasons.append(f"the {role} {name!r} is no gene that the quote names")
        else:
            genes.append(gene)
    if reasons:
        raise Groundless(*reasons)
    return genes[0], genes[1]


def _gene(name: str, mentions: Sequence[GivenMention], document: Document) -> Gene | None:
    """The mentioned gene that `name` stands for: by its spelling there, else by what the text has the name mean."""
    for spelled in dict.fromkeys((name, _WORDS_AFTER.sub("", name))):
        for mention in mentions:
            if _same(document.text[mention.start : mention.end], spelled):
                return mention.gene
        there = {mention.gene for mention in mentions}
        resolution = resolve_in(document.text, spelled)
        if resolution.gene in there:
            return resolution.gene
        # An ambiguous name is decided by the quote where that mentions just one of the genes it may be.
        possible = {candidate.gene for candidate in resolution.candidates} & there
        if len(possible) == 1:
            return possible.pop()
    return None


def _same(one: str, other: str) -> bool:
    return bool(_small(one)) and _small(one) == _small(other)


def _small(name: str) -> str:
    return _SMALL.sub("", name).casefold()
