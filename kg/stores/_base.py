"""What both stores do alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Self, TypeVar

from kg.curation import Decision
from kg.grn import GRN, GrnStats
from kg.model import Evidence

Item = TypeVar("Item")


class BaseStore(ABC):
    """The part of a `GraphStore` that follows from the rest of it."""

    @abstractmethod
    def evidence(self, regulator: str | None = None, target: str | None = None) -> Iterator[Evidence]: ...

    @abstractmethod
    def decisions(self, claim: str | None = None) -> Iterator[Decision]: ...

    @abstractmethod
    def close(self) -> None: ...

    def grn(self) -> GRN:
        """The network of everything kept, judged by every decision."""
        return GRN.from_evidence(self.evidence(), self.decisions())

    def stats(self) -> GrnStats:
        """Counts of that network."""
        return self.grn().stats()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of `size` items; the last one may be shorter."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
