"""What every reader is: documents in, evidence out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from grn_extract.document import Document
from kg import Evidence

Progress = Callable[[int], None]
"""Told the number of documents finished so far."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A statement that a model made and its reader does not stand behind: as the model gave it (JSON), and why."""

    document: str
    statement: str
    reasons: tuple[str, ...]


Quarantine = Callable[[Dropped], None]
"""Told of every statement that a reader drops; several threads may do so at once."""


class UnreadableDocument(Exception):
    """One document could not be read. Others can; this one is set aside with the reason.

    `retryable` says whether the same document may well be read another time (a server that kept failing, answers that
    were no answers), as against one that never will (too long).
    """

    def __init__(self, reason: str, *, retryable: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross processes; the default would forget the keyword.
        return (_unreadable, (self.reason, self.retryable))


def _unreadable(reason: str, retryable: bool) -> UnreadableDocument:
    return UnreadableDocument(reason, retryable=retryable)


@runtime_checkable
class Reader(Protocol):
    """Reads documents one at a time; what it says of a document depends on that document alone."""

    @property
    def name(self) -> str:
        """The name that evidence carries and that reliabilities are kept under."""
        ...

    @property
    def concurrent(self) -> bool:
        """Whether several threads may call `read` at once."""
        ...

    @property
    def calls(self) -> int:
        """How often a model was asked so far; what a log answered does not count."""
        ...

    @property
    def tokens(self) -> int:
        """Tokens read and written by the model so far; what a log answered does not count."""
        ...

    @property
    def cost(self) -> float:
        """US dollars spent so far; 0 for a reader that runs in this process."""
        ...

    def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
        """The statements found, in order of documents and, within one, of passages.

        Raises UnreadableDocument where one cannot be read, BudgetSpent where the next call may not be paid for, and
        InputError where nothing can be read until a person has mended something.
        """
        ...
