"""What every statement must pass before it enters a graph; what fails is kept apart with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grn_extract.document import Document
from grn_extract.mentions import gene_mentions
from kg import Evidence, Gene


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A statement that failed a check, and every reason."""

    evidence: Evidence
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """The statements that passed, and those that did not, each in the order given."""

    passed: tuple[Evidence, ...]
    quarantined: tuple[Quarantined, ...]


def check_statements(evidence: Iterable[Evidence], documents: Iterable[Document]) -> Checked:
    """Check every statement against the document it names."""
    by_id = {document.id: document for document in documents}
    passed: list[Evidence] = []
    quarantined: list[Quarantined] = []
    for item in evidence:
        reasons = find_faults(item, by_id)
        if reasons:
            quarantined.append(Quarantined(item, reasons))
        else:
            passed.append(item)
    return Checked(tuple(passed), tuple(quarantined))


def find_faults(item: Evidence, documents: Mapping[str, Document]) -> tuple[str, ...]:
    """Why a statement may not enter the graph: () when nothing is wrong.

    The quote must stand in the document at its offsets to the letter, name both genes, and both must be grounded to
    an identifier.
    """
    document = documents.get(item.document)
    if document is None:
        return (f"no document {item.document!r}",)
    reasons = []
    if not item.quote or document.text[item.start : item.end] != item.quote:
        reasons.append(f"the quote is not what {item.document} says at {item.start}-{item.end}")
    named = _named(document, item)
    for role, gene in (("regulator", item.regulator), ("target", item.target)):
        if ":" not in gene.curie:
            reasons.append(f"the {role} {gene.symbol!r} is not grounded")
        if gene not in named:
            reasons.append(f"the {role} {gene.symbol!r} is not named in the quote")
    return tuple(reasons)


def _named(document: Document, item: Evidence) -> set[Gene]:
    """The genes named inside the quote, as the whole document names them: its species is decided there."""
    return {m.gene for m in gene_mentions(document) if item.start <= m.start and m.end <= item.end}
