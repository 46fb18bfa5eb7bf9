"""What every reader is: documents in, evidence out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, runtime_checkable

from grn_extract.document import Document
from kg import Evidence

Progress = Callable[[int], None]
"""Told the number of documents finished so far."""


@runtime_checkable
class Reader(Protocol):
    """Reads documents one at a time; what it says of a document depends on that document alone."""

    @property
    def name(self) -> str:
        """The name that evidence carries and that reliabilities are kept under."""
        ...

    @property
    def calls(self) -> int:
        """How often a model was asked so far."""
        ...

    @property
    def cost(self) -> float:
        """US dollars spent so far; 0 for a reader that runs in this process."""
        ...

    def read(self, documents: Iterable[Document], progress: Progress | None = None) -> Iterator[Evidence]:
        """The statements found, in order of documents and, within one, of passages."""
        ...
