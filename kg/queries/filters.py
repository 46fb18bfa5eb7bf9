"""Which edges a question is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self, TypeVar

from kg._index import ANY_SPECIES
from kg.curation import Standing
from kg.grn import GRN
from kg.model import Edge, Effect, SourceKind
from prisyn_base import Problems

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class EdgeFilter:
    """Edges to keep; what is left empty keeps all.

    `min_belief` is in [0, 1]. An edge has an effect of `effects`; both its genes are of `species` (families are of
    every species); one of its statements, at least, comes from a reader of `readers` or is of a kind of `kinds`; and
    its curation stands as one of `curation`. Belief and effect are those of the whole edge, whatever its sources.

    >>> EdgeFilter.of(min_belief=0.5, effect=["activation"], source=["trrust", "text"])
    ... # doctest: +ELLIPSIS
    EdgeFilter(min_belief=0.5, effects=frozenset({<Effect.ACTIVATION: 'activation'>}), ...
    """

    min_belief: float = 0.0
    effects: frozenset[Effect] = frozenset()
    species: str = ""
    readers: frozenset[str] = frozenset()
    kinds: frozenset[SourceKind] = frozenset()
    curation: frozenset[Standing] = frozenset()

    @classmethod
    def of(
        cls,
        *,
        min_belief: float = 0.0,
        effect: Iterable[str] = (),
        species: str = "",
        source: Iterable[str] = (),
        curation: Iterable[str] = (),
    ) -> Self:
        """The filter in words as people write them; `source` mixes names of readers and kinds (`text`, `database`).

        Raises InputError with every word that is none.
        """
        problems = Problems()
        if not 0.0 <= min_belief <= 1.0:
            problems.add("min_belief", f"{min_belief}", "a number in [0, 1]", "write, say, 0.5")
        effects = _chosen("effect", effect, Effect, problems)
        standings = _chosen("curation", curation, Standing, problems)
        words = frozenset(source)
        kinds = frozenset(kind for kind in SourceKind if kind.value in words)
        problems.raise_if_any()
        return cls(min_belief, effects, species, words - {kind.value for kind in kinds}, kinds, standings)

    def keeps(self, edge: Edge) -> bool:
        """Whether the edge passes."""
        return (
            edge.belief >= self.min_belief
            and (not self.effects or edge.effect in self.effects)
            and (not self.species or {edge.regulator.species, edge.target.species} <= {self.species, ANY_SPECIES})
            and self._from_source(edge)
            and (not self.curation or edge.curation.standing in self.curation)
        )

    def _from_source(self, edge: Edge) -> bool:
        if not self.readers and not self.kinds:
            return True
        return any(item.provenance.reader in self.readers or item.kind in self.kinds for item in edge.evidence)


EVERYTHING = EdgeFilter()
"""Keeps every edge."""


def filtered(grn: GRN, where: EdgeFilter = EVERYTHING) -> tuple[Edge, ...]:
    """The edges of a network that pass, in the network's order."""
    return tuple(edge for edge in grn.edges(where.min_belief) if where.keeps(edge))


def _chosen(name: str, words: Iterable[str], choices: type[Choice], problems: Problems) -> frozenset[Choice]:
    known: Collection[Any] = [choice.value for choice in choices]
    found = list(words)
    for word in found:
        if word not in known:
            problems.add(name, repr(word), f"one of {', '.join(known)}", "choose one of them, or leave it out")
    return frozenset(choices(word) for word in found if word in known)
