"""What a text with answers is made of."""

from __future__ import annotations

from dataclasses import dataclass

from grn_extract.document import Document
from kg import Effect, Gene

GIVEN = "GIVEN"
"""CURIE prefix of a gene known only by the name an annotator marked."""

Pair = tuple[str, str]
"""Regulator and target, by CURIE."""


@dataclass(frozen=True, slots=True)
class GoldEdge:
    """A regulation a document speaks of, genes by CURIE; denied or merely supposed ones are marked."""

    regulator: str
    target: str
    effect: Effect
    negated: bool = False
    hypothetical: bool = False

    @property
    def asserted(self) -> bool:
        return not (self.negated or self.hypothetical)


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A document and every regulation it speaks of; `phenomenon` says what its wording tests, `split` which half.

    `judged` are the only ordered pairs the annotators looked at (None: they looked at all, so what is not an edge is
    wrong). `unjudged` are pairs that are neither right nor wrong to state. Where not `directed`, the annotators say
    that two genes are related and not which acts on which; a pair then matches in either order. Where not
    `marks_flagged`, they count a denied or supposed regulation like any other, so a reader's flagged statements count.
    """

    document: Document
    edges: tuple[GoldEdge, ...]
    phenomenon: str = ""
    split: str = ""
    judged: frozenset[Pair] | None = None
    unjudged: frozenset[Pair] = frozenset()
    directed: bool = True
    marks_flagged: bool = True
    prefix: str = ""


def given_gene(name: str) -> Gene:
    """A gene known only by its name."""
    return Gene(f"{GIVEN}:{name}", name, "any")
