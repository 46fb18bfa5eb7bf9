"""Ordered pairs of genes that a text may relate: what the reader is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grn_extract.document import Document, GivenMention
from grn_extract.mentions import gene_mentions
from grn_extract.sentences import Sentence, split_sentences
from kg import Gene

LONGEST_SENTENCE = 1200
"""Characters; a longer one is a table or a list of names that has lost its line breaks."""

MOST_GENES = 12
"""Distinct genes; a sentence with more is a list (132 ordered pairs at 12), and is left alone."""

_ANAPHOR = re.compile(
    r"(?:(?:In turn|There|Then|Moreover|Furthermore|In addition|Also|Here),?\s+)?"
    r"(?:it|its|they|the (?:factor|protein|repressor|activator|regulator)|(?:this|that|the same|these|both)\s+"
    r"(?:transcription\s+|transcriptional\s+|zinc[- ]finger\s+|nuclear\s+)?"
    r"(?:factors?|proteins?|regulators?|repressors?|activators?|complex|complexes|genes?|molecules?|family))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that may state regulation: one sentence, or two where the second leans on the first.

    `mentions` have offsets into the document and lie inside the passage. In a passage of two sentences `antecedent` is
    the gene the second one leans on, and only pairs with it are taken.
    """

    start: int
    end: int
    text: str
    mentions: tuple[GivenMention, ...]
    antecedent: Gene | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One ordered pair in a passage; each gene by its mention nearest to the other's."""

    passage: Passage
    regulator: GivenMention
    target: GivenMention


def find_passages(document: Document) -> list[Passage]:
    """The passages of a document that hold two different genes, in order.

    A sentence that begins with an anaphor ("It", "This factor") is also read together with the one before.
    """
    mentions = gene_mentions(document)
    sentences = split_sentences(document.text)
    passages = []
    for number, sentence in enumerate(sentences):
        own = _within(mentions, sentence.start, sentence.end)
        passages.append(Passage(sentence.start, sentence.end, sentence.text, own))
        if number and own and _ANAPHOR.match(sentence.text):
            passages.extend(_joined(document, sentences[number - 1], sentence, mentions))
    return [passage for passage in passages if _is_readable(passage)]


def find_candidates(passage: Passage) -> Iterator[Candidate]:
    """Every ordered pair of different genes of a passage, in order of mention; families count as genes."""
    genes = list(dict.fromkeys(mention.gene for mention in passage.mentions))
    for regulator in genes:
        for target in genes:
            if regulator == target or (passage.antecedent and passage.antecedent not in (regulator, target)):
                continue
            if pair := _nearest(passage.mentions, regulator, target):
                yield Candidate(passage, *pair)


def _within(mentions: Sequence[GivenMention], start: int, end: int) -> tuple[GivenMention, ...]:
    return tuple(mention for mention in mentions if start <= mention.start and mention.end <= end)


def _joined(
    document: Document, first: Sentence, second: Sentence, mentions: Sequence[GivenMention]
) -> Iterator[Passage]:
    """The two sentences as one passage, with the one antecedent: the first gene named in the first sentence."""
    earlier = _within(mentions, first.start, first.end)[:1]
    if earlier and "\n" not in document.text[first.end : second.start]:
        later = _within(mentions, second.start, second.end)
        kept = tuple(mention for mention in later if mention.gene != earlier[0].gene)
        yield Passage(first.start, second.end, document.text[first.start : second.end], earlier + kept, earlier[0].gene)


def _is_readable(passage: Passage) -> bool:
    return len(passage.text) <= LONGEST_SENTENCE and 2 <= len({m.gene for m in passage.mentions}) <= MOST_GENES


def _nearest(
    mentions: Sequence[GivenMention], regulator: Gene, target: Gene
) -> tuple[GivenMention, GivenMention] | None:
    pairs = [
        (one, other)
        for one in mentions
        if one.gene == regulator
        for other in mentions
        if other.gene == target and (one.end <= other.start or other.end <= one.start)
    ]
    return min(pairs, key=lambda pair: abs(pair[0].start - pair[1].start), default=None)
