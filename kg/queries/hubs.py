"""The genes with the most edges."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from kg.grn import GRN
from kg.model import Edge, Effect, Gene
from kg.queries._network import Network
from kg.queries.filters import EVERYTHING, EdgeFilter


@dataclass(frozen=True, slots=True)
class Hub:
    """A gene and how many edges it has: to targets, of which it activates and represses some, and from regulators.

    Self-regulation counts in both. `expected_targets` is the sum of the beliefs in its targets.
    """

    gene: Gene
    targets: int
    regulators: int
    activates: int
    represses: int
    expected_targets: float


def hubs(
    grn: GRN,
    *,
    by: Literal["targets", "regulators"] = "targets",
    most: int = 20,
    where: EdgeFilter = EVERYTHING,
) -> tuple[Hub, ...]:
    """The `most` genes with most targets (or most regulators), first the greatest, ties by name."""
    network = Network.of(grn, where)
    counted = getattr(network, by)
    nodes = sorted(counted, key=lambda node: (-len(counted[node]), network.genes[node].symbol, node))
    return tuple(_hub(network, node) for node in nodes[:most])


def _hub(network: Network, node: str) -> Hub:
    targets: Collection[Edge] = network.targets.get(node, {}).values()
    effects = [edge.effect for edge in targets]
    return Hub(
        gene=network.genes[node],
        targets=len(targets),
        regulators=len(network.regulators.get(node, {})),
        activates=effects.count(Effect.ACTIVATION),
        represses=effects.count(Effect.REPRESSION),
        expected_targets=sum(edge.belief for edge in targets),
    )
