"""Small circuits: feed-forward loops with their types, and feedback loops with their signs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from heapq import nsmallest
from typing import Any, TypeVar

from kg.grn import GRN
from kg.model import Edge, Effect, Gene
from kg.queries._network import Network
from kg.queries.filters import EVERYTHING, EdgeFilter
from kg.queries.paths import sign_product


class LoopType(StrEnum):
    """The eight signed types of a feed-forward loop (Mangan & Alon 2003): C coherent, I incoherent.

    In a coherent one the way over Y has the sign of the direct one. `unsigned`: an edge of it has no sign.
    """

    C1 = "C1"
    C2 = "C2"
    C3 = "C3"
    C4 = "C4"
    I1 = "I1"
    I2 = "I2"
    I3 = "I3"
    I4 = "I4"
    UNSIGNED = "unsigned"

    @property
    def coherent(self) -> bool | None:
        """Whether both ways agree; None where a sign is missing."""
        return None if self is LoopType.UNSIGNED else self.value.startswith("C")


_UP, _DOWN = Effect.ACTIVATION, Effect.REPRESSION
_TYPES = {
    (_UP, _UP, _UP): LoopType.C1,
    (_DOWN, _UP, _DOWN): LoopType.C2,
    (_UP, _DOWN, _DOWN): LoopType.C3,
    (_DOWN, _DOWN, _UP): LoopType.C4,
    (_UP, _DOWN, _UP): LoopType.I1,
    (_DOWN, _DOWN, _DOWN): LoopType.I2,
    (_UP, _UP, _DOWN): LoopType.I3,
    (_DOWN, _UP, _UP): LoopType.I4,
}
"""By the effects of X on Y, of Y on Z, and of X on Z."""


@dataclass(frozen=True, slots=True)
class FeedForwardLoop:
    """Three genes X, Y, Z and the edges X to Y (`first`), Y to Z (`second`) and X to Z (`direct`)."""

    first: Edge
    second: Edge
    direct: Edge

    @property
    def genes(self) -> tuple[Gene, Gene, Gene]:
        """X, Y and Z."""
        return self.first.regulator, self.first.target, self.second.target

    @property
    def type(self) -> LoopType:
        """Its type by the effects of its edges."""
        return _TYPES.get((self.first.effect, self.second.effect, self.direct.effect), LoopType.UNSIGNED)

    @property
    def belief(self) -> float:
        """The belief in its weakest edge: at least this doubtful is the loop."""
        return min(self.first.belief, self.second.belief, self.direct.belief)


@dataclass(frozen=True, slots=True)
class FeedbackLoop:
    """One to three edges that lead back to where they start; the gene of the first CURIE comes first."""

    edges: tuple[Edge, ...]

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The genes along it, each once."""
        return tuple(edge.regulator for edge in self.edges)

    @property
    def effect(self) -> Effect:
        """The product of the signs: activation is positive feedback, repression negative."""
        return sign_product([edge.effect for edge in self.edges])

    @property
    def belief(self) -> float:
        """The belief in its weakest edge."""
        return min(edge.belief for edge in self.edges)


def feed_forward_loops(
    grn: GRN,
    *,
    gene: str | Gene | None = None,
    types: Iterable[LoopType] = (),
    most: int | None = None,
    where: EdgeFilter = EVERYTHING,
) -> tuple[FeedForwardLoop, ...]:
    """Feed-forward loops of three different genes, signed ones first, then by the belief in the weakest edge.

    Optionally only those that hold `gene`, in any place, or are of `types`. The cost is that of intersecting the
    targets of both ends of every edge between regulators. Raises KeyError for a gene that is not in the graph.
    """
    network, wanted = Network.of(grn, where), frozenset(types)
    found = _loops(network) if gene is None else _loops_of(network, _curie(grn, gene))
    kept = (loop for loop in found if not wanted or loop.type in wanted)
    return _first(kept, most, _order)


def count_feed_forward_loops(grn: GRN, where: EdgeFilter = EVERYTHING) -> dict[LoopType, int]:
    """How many feed-forward loops of each type there are, without listing them."""
    network = Network.of(grn, where)
    signed = {
        node: {effect: {t for t, edge in targets.items() if edge.effect is effect and t != node} for effect in Effect}
        for node, targets in network.targets.items()
    }
    counts = dict.fromkeys(LoopType, 0)
    for edge in network.edges:
        x, y = edge.regulator.curie, edge.target.curie
        if x == y or y not in signed:
            continue
        for second, indirect in signed[y].items():
            for direct, targets in signed[x].items():
                counts[_TYPES.get((edge.effect, second, direct), LoopType.UNSIGNED)] += len(indirect & targets)
    return counts


def feedback_loops(
    grn: GRN,
    *,
    gene: str | Gene | None = None,
    longest: int = 3,
    most: int | None = None,
    where: EdgeFilter = EVERYTHING,
) -> tuple[FeedbackLoop, ...]:
    """Loops of one (self-regulation), two or three edges, the shortest and then the best believed first.

    Optionally only those that hold `gene`. Raises ValueError where `longest` is not 1, 2 or 3, KeyError for a gene
    that is not in the graph.
    """
    if longest not in (1, 2, 3):
        raise ValueError(f"feedback loops of {longest} edges: ask for 1, 2 or 3")
    network = Network.of(grn, where)
    node = None if gene is None else _curie(grn, gene)
    kept = (
        FeedbackLoop(edges)
        for edges in _cycles(network)
        if len(edges) <= longest and (node is None or any(edge.regulator.curie == node for edge in edges))
    )
    return _first(kept, most, lambda loop: (len(loop.edges), -loop.belief, [(g.symbol, g.curie) for g in loop.genes]))


Loop = TypeVar("Loop", FeedForwardLoop, FeedbackLoop)


def _first(loops: Iterator[Loop], most: int | None, key: Callable[[Loop], Any]) -> tuple[Loop, ...]:
    return tuple(sorted(loops, key=key) if most is None else nsmallest(most, loops, key=key))


def _order(loop: FeedForwardLoop) -> tuple[Any, ...]:
    return (loop.type is LoopType.UNSIGNED, -loop.belief, *((gene.symbol, gene.curie) for gene in loop.genes))


def _curie(grn: GRN, gene: str | Gene) -> str:
    return grn.find(gene).curie if isinstance(gene, str) else gene.curie


def _loops(network: Network) -> Iterator[FeedForwardLoop]:
    for edge in network.edges:
        yield from _over(network, edge)


def _over(network: Network, first: Edge) -> Iterator[FeedForwardLoop]:
    """The loops of which X to Y is this edge."""
    x, y = first.regulator.curie, first.target.curie
    if x == y or y not in network.targets:
        return
    direct, second = network.targets[x], network.targets[y]
    for z in direct.keys() & second.keys() - {x, y}:
        yield FeedForwardLoop(first, second[z], direct[z])


def _loops_of(network: Network, node: str) -> Iterator[FeedForwardLoop]:
    into = network.regulators.get(node, {})
    for first in [*network.targets.get(node, {}).values(), *(edge for x, edge in into.items() if x != node)]:
        yield from _over(network, first)
    for x, direct in into.items():
        for y in network.targets[x].keys() & into.keys() - {x, node}:
            if x != node:
                yield FeedForwardLoop(network.targets[x][y], into[y], direct)


def _cycles(network: Network) -> Iterator[tuple[Edge, ...]]:
    """Each loop once, from the gene with the first CURIE."""
    none: dict[str, Edge] = {}
    for one in sorted(network.targets):
        into = network.regulators.get(one, none)
        for other, out in network.targets[one].items():
            if other == one:
                yield (out,)
            if other <= one or other not in network.targets:
                continue
            on = network.targets[other]
            if one in on:
                yield (out, on[one])
            for third in on.keys() & into.keys():
                if third > one and third != other:
                    yield (out, on[third], into[third])
