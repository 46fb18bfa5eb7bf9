"""What every statement must pass before it enters a graph; what fails is kept apart with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from grn_extract.document import Document, GivenMention
from grn_extract.mentions import gene_mentions
from grn_extract.sentences import split_sentences
from grn_extract.statements import find_flags
from kg import Evidence, Gene, GeneKind, SourceKind, is_tf

MOST_SENTENCES = 2
"""A statement stands in one sentence, or in one that leans on its neighbour."""

_ITSELF = re.compile(
    r"\b(?:auto-?(?:regulat|activat|repress|inhibit|induc|stimulat)\w*|self-?(?:regulat|activat|repress|inhibit)\w*|"
    r"itself|(?:its|their) own|autologous promoter|autoregulatory|autocrine)\b",
    re.IGNORECASE,
)


def speaks_of_itself(text: str) -> bool:
    """Whether a word such as `autoregulates` or `its own` says that something acts on itself."""
    return _ITSELF.search(text) is not None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A statement that failed a check, and every reason."""

    evidence: Evidence
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What is odd about a statement that passed; advice to a curator, no reason to keep it out."""

    evidence: Evidence
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The statements that passed, and those that did not, each in the order given; notes on those that passed."""

    passed: tuple[Evidence, ...]
    quarantined: tuple[Quarantined, ...]
    notes: tuple[Note, ...] = ()


def check_statements(evidence: Iterable[Evidence], documents: Iterable[Document]) -> Checked:
    """Check every statement against the document it names.

    Those that pass are flagged as denied or supposed where the words around the two names say so, whether or not
    their reader noticed. What a model recalled without a text has no words to be checked: its genes must be grounded.
    """
    by_id = {document.id: document for document in documents}
    passed: list[Evidence] = []
    quarantined: list[Quarantined] = []
    for item in evidence:
        reasons = find_faults(item, by_id)
        if reasons:
            quarantined.append(Quarantined(item, reasons))
        else:
            passed.append(item if item.kind is SourceKind.KNOWLEDGE else _flagged(item, by_id[item.document]))
    return Checked(tuple(passed), tuple(quarantined), tuple(note for item in passed for note in find_notes(item)))


def find_faults(item: Evidence, documents: Mapping[str, Document]) -> tuple[str, ...]:
    """Why a statement may not enter the graph: () when nothing is wrong.

    The quote must stand in the document at its offsets to the letter, be one sentence or two neighbouring ones, and
    name both genes; both must be grounded to an identifier. A gene said to regulate itself needs words for that.
    """
    ungrounded = [
        f"the {role} {gene.symbol!r} is not grounded"
        for role, gene in (("regulator", item.regulator), ("target", item.target))
        if ":" not in gene.curie
    ]
    if item.kind is SourceKind.KNOWLEDGE:
        return tuple(ungrounded)
    document = documents.get(item.document)
    if document is None:
        return (f"no document {item.document!r}",)
    return (*ungrounded, *_faults_of_quote(item, document))


def _faults_of_quote(item: Evidence, document: Document) -> list[str]:
    reasons = []
    if not item.quote or document.text[item.start : item.end] != item.quote:
        reasons.append(f"the quote is not what {item.document} says at {item.start}-{item.end}")
    elif (sentences := _sentences(document, item)) > MOST_SENTENCES:
        reasons.append(f"the quote runs over {sentences} sentences; a statement stands in one, or in two neighbours")
    named = {mention.gene for mention in _named(document, item)}
    for role, gene in (("regulator", item.regulator), ("target", item.target)):
        if gene not in named:
            reasons.append(f"the {role} {gene.symbol!r} is not named in the quote")
    if item.regulator == item.target and not _says_itself(document, item):
        reasons.append(f"nothing in the quote says that {item.regulator.symbol!r} regulates itself")
    return reasons


def _sentences(document: Document, item: Evidence) -> int:
    return sum(s.start < item.end and item.start < s.end for s in split_sentences(document.text))


def _named(document: Document, item: Evidence) -> tuple[GivenMention, ...]:
    """The genes named inside the quote, as the whole document names them: its species is decided there."""
    return tuple(m for m in gene_mentions(document) if item.start <= m.start and m.end <= item.end)


def _says_itself(document: Document, item: Evidence) -> bool:
    """A word such as `autoregulates`, or the gene named twice, as in `SPI1 binds the SPI1 promoter`."""
    times = sum(mention.gene == item.regulator for mention in _named(document, item))
    return times > 1 or speaks_of_itself(item.quote)


def _flagged(item: Evidence, document: Document) -> Evidence:
    negated, hypothetical = find_flags(item.quote, item.start, _named(document, item), item.regulator, item.target)
    if (negated and not item.negated) or (hypothetical and not item.hypothetical):
        return replace(item, negated=item.negated or negated, hypothetical=item.hypothetical or hypothetical)
    return item


def find_notes(item: Evidence) -> Iterator[Note]:
    """What is odd about a statement that passed; it depends on the statement alone."""
    if _is_listed(item.regulator) is False:
        yield Note(item, f"{item.regulator.symbol} is on no list of transcription factors")


def _is_listed(gene: Gene) -> bool | None:
    """None where the lists cannot know: families, and genes of neither human nor mouse."""
    if gene.kind is not GeneKind.GENE or gene.species not in ("human", "mouse"):
        return None
    return is_tf(gene, gene.species)
