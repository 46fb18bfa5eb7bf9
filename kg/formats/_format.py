"""What an exchange format is, and what one may lose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kg.formats._names import Names
from kg.grn import GRN
from kg.model import Evidence


class Loss(StrEnum):
    """What a graph may lose on its way through a file, in words for people.

    The first group costs edges: they are left out, or refused when the file is read back. The second costs what is
    known of the edges that remain.
    """

    IDENTIFIERS = "genes that have no name on file"
    SPECIES = "the species, where a name is one of two or an edge goes between them"
    UNSIGNED = "edges of unknown sign"
    INNER = "edges into genes that regulate others"

    SIGNS = "signs"
    CONFLICTS = "the other sign of an edge that has both"
    DENIALS = "negated statements"
    HEDGES = "which statements are hypothetical"
    RETRACTIONS = "statements of retracted papers"
    BELIEFS = "beliefs"
    PAPERS = "papers"
    SENTENCES = "sentences"
    DOCUMENTS = "documents without a PubMed number, and places in the text"
    READERS = "readers, models, prompts and costs"


STATEMENTS = (
    Loss.CONFLICTS,
    Loss.DENIALS,
    Loss.HEDGES,
    Loss.RETRACTIONS,
    Loss.SENTENCES,
    Loss.DOCUMENTS,
    Loss.READERS,
)
"""What is lost wherever one row stands for an edge and not for a statement."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not imported: its line number, counted from 1, why, and the beginning of its text."""

    line: int
    reason: str
    row: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file held: evidence, in the file's order, and the rows refused. `rows` counts both kinds of rows."""

    evidence: tuple[Evidence, ...]
    refused: tuple[Refused, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Companion:
    """A second file that a format writes: where it lies, given the path of the first, and how it is written."""

    path: Callable[[Path], Path]
    write: Callable[[GRN, Path], None]


@dataclass(frozen=True, slots=True)
class Format:
    """An exchange format: who reads it, what it loses, and how it is written and read (None where it is not).

    `write` is given the graph and a path whose suffix is that of the file asked for. `warning` is said whenever the
    format is written.
    """

    name: str
    readers: str
    loses: tuple[Loss, ...] = ()
    write: Callable[[GRN, Path], None] | None = None
    read: Callable[[Path, Names], ImportResult] | None = None
    companion: Companion | None = None
    warning: str = ""

    @property
    def loses_words(self) -> str:
        """What is lost as one line of text; `nothing` where nothing is."""
        return "; ".join(self.loses) or "nothing"
