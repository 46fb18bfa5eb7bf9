"""The nouns of the graph: genes, effects, evidence and the edges that are views over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from kg.curation import Curation, claim_key
from kg.support import Support, edge_support
from prisyn_base import sha256_text


class Effect(StrEnum):
    """What a regulator does to the expression of its target."""

    ACTIVATION = "activation"
    REPRESSION = "repression"
    UNKNOWN = "unknown"


class GeneKind(StrEnum):
    """A family (NF-kB, GATA) or complex (AP-1) stays one node; its members are known to `kg.names`."""

    GENE = "gene"
    FAMILY = "family"


class SourceKind(StrEnum):
    """Where a statement came from: read in a text, a row of a database, or recalled by a model without text."""

    TEXT = "text"
    DATABASE = "database"
    KNOWLEDGE = "knowledge"


@dataclass(frozen=True, slots=True, order=True)
class Gene:
    """A gene or family by its CURIE (`HGNC:4170`, `MGI:95661`, `FPLX:NFkappaB`)."""

    curie: str
    symbol: str
    species: str
    kind: GeneKind = GeneKind.GENE


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a statement was obtained.

    `reader` names the program that read it (`embedded`, `trrust`), `model` the weights behind it, `prompt` and
    `prompt_hash` what was asked. `score` is the reader's own figure, in [0, 1]; it is *not* a belief.
    `cost` is in US dollars. `time` is ISO 8601 in UTC, empty where a run must be reproducible to the byte.
    """

    reader: str
    model: str = ""
    prompt: str = ""
    prompt_hash: str = ""
    score: float | None = None
    tokens: int = 0
    cost: float = 0.0
    time: str = ""


@dataclass(frozen=True)
class Evidence:
    """One statement from one place: this regulator, this target, this effect, says this quote of this document.

    `start` and `end` are character offsets of `quote` in the document's text (0 and 0 for a database row, whose
    quote is the row itself). `paper` is what counts as one witness: a PMID (`PMID:20154215`) wherever one is known,
    so that a database row citing a paper and the paper itself are the same witness; otherwise the document.
    """

    regulator: Gene
    target: Gene
    effect: Effect
    document: str
    quote: str
    provenance: Provenance
    kind: SourceKind = SourceKind.TEXT
    start: int = 0
    end: int = 0
    paper: str = ""
    negated: bool = False
    hypothetical: bool = False
    retracted: bool = False

    @cached_property
    def id(self) -> str:
        """16 hex digits of what was said, where, and for which witness; the same statement read again has the same id.

        The witness belongs to it because one database row may cite several papers: each is a statement of its own.
        """
        parts = (
            self.regulator.curie,
            self.target.curie,
            self.effect,
            self.document,
            self.paper or self.document,
            f"{self.start}\x1f{self.end}",
            self.quote,
            self.provenance.reader,
            f"{self.negated}\x1f{self.hypothetical}",
        )
        return sha256_text("\x1f".join(parts))[:16]

    @cached_property
    def claim(self) -> str:
        """The key by which people judge it (see `kg.curation`): neither reader nor offsets, only what is said where."""
        return claim_key(
            self.regulator.curie,
            self.target.curie,
            self.effect,
            self.witness,
            self.quote,
            negated=self.negated,
            hypothetical=self.hypothetical,
        )

    @property
    def witness(self) -> str:
        """The independent source this statement counts for."""
        return self.paper or self.document

    @property
    def marks(self) -> tuple[str, ...]:
        """What lowers the statement's weight, in words: `negated`, `hedged` (hypothetical), `retracted`, `recalled`."""
        marked = (
            ("negated", self.negated),
            ("hedged", self.hypothetical),
            ("retracted", self.retracted),
            ("recalled", self.kind is SourceKind.KNOWLEDGE),
        )
        return tuple(word for word, there in marked if there)


@dataclass(frozen=True, slots=True)
class Beliefs:
    """Probabilities in [0, 1], given the evidence: that there is regulation at all, and of either sign.

    `witnesses` is the number of independent papers behind `regulation`.
    """

    regulation: float
    activation: float
    repression: float
    witnesses: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A view over all the evidence for one ordered pair of genes."""

    regulator: Gene
    target: Gene
    effect: Effect
    beliefs: Beliefs
    evidence: tuple[Evidence, ...] = field(repr=False)
    curation: Curation = field(default_factory=Curation)

    @property
    def belief(self) -> float:
        """The probability that the regulation exists, whatever its sign."""
        return self.beliefs.regulation

    @property
    def support(self) -> Support:
        """What kinds of papers stand behind it: asserting, supposing, denying, retracted, and of which sign."""
        return edge_support(self.evidence)

    @property
    def papers(self) -> tuple[str, ...]:
        """The distinct witnesses, sorted."""
        return tuple(sorted({item.witness for item in self.evidence}))

    @property
    def best(self) -> Evidence:
        """The statement to show first: it says what the edge says, plainly; a sentence before a row, then the surer."""

        def rank(item: Evidence) -> tuple[bool, bool, bool, bool, float, str]:
            doubtful = (item.retracted or item.negated, item.hypothetical, item.effect != self.effect)
            return (*doubtful, item.kind != SourceKind.TEXT, -(item.provenance.score or 0.0), item.id)

        return min(self.evidence, key=rank)
