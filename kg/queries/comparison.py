"""Two graphs side by side: what only one of them has, where their signs differ, how well one finds the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from kg.grn import GRN, Pair
from kg.model import Edge, Effect
from kg.queries.filters import EVERYTHING, EdgeFilter, filtered

_RESAMPLES = 2000
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `total`, and a 95 % interval of the share; nothing of nothing is 0, in [0, 1]."""

    right: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share."""
        return self.right / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A graph against a reference, by ordered pairs of genes. All edges are in the order of `GRN.edges`.

    `shared` and `flips` hold the graph's edge and then the reference's; flips are shared edges of opposite signs.
    `precision` is the share of the graph's edges that the reference has, `recall` the share of the reference's edges
    that the graph has, `sign_agreement` the share of edges signed in both that have the same sign.
    """

    only_graph: tuple[Edge, ...]
    only_reference: tuple[Edge, ...]
    shared: tuple[tuple[Edge, Edge], ...]
    flips: tuple[tuple[Edge, Edge], ...]
    precision: Share
    recall: Share
    sign_agreement: Share


def compare(
    grn: GRN,
    reference: GRN,
    *,
    shared_genes: bool = False,
    where: EdgeFilter = EVERYTHING,
    seed: int = 0,
) -> Comparison:
    """Compare two graphs; the filter is asked about the edges of `grn`, and of both graphs only believed edges count.

    With `shared_genes`, only pairs are compared whose regulator regulates something and whose target is a target in
    both: what is left out of a reference altogether is then no mistake. Edges of one regulator come from the same
    papers and curators; so an interval is the wider, on either side, of Wilson's (1927), which takes edges for
    independent, and the percentiles of a bootstrap over regulators.
    """
    ours = {_pair(edge): edge for edge in filtered(grn, where) if edge.belief > 0}
    theirs = {_pair(edge): edge for edge in reference.edges() if edge.belief > 0}
    if shared_genes:
        ours, theirs = _within(ours, theirs), _within(theirs, ours)
    shared = tuple((edge, theirs[pair]) for pair, edge in ours.items() if pair in theirs)
    signed = [(one, other) for one, other in shared if Effect.UNKNOWN not in (one.effect, other.effect)]
    flips = tuple((one, other) for one, other in signed if one.effect is not other.effect)
    rng = np.random.default_rng(seed)
    return Comparison(
        only_graph=tuple(edge for pair, edge in ours.items() if pair not in theirs),
        only_reference=tuple(edge for pair, edge in theirs.items() if pair not in ours),
        shared=shared,
        flips=flips,
        precision=_share({pair: pair in theirs for pair in ours}, rng),
        recall=_share({pair: pair in ours for pair in theirs}, rng),
        sign_agreement=_share({_pair(one): one.effect is other.effect for one, other in signed}, rng),
    )


def _pair(edge: Edge) -> Pair:
    return edge.regulator.curie, edge.target.curie


def _within(edges: Mapping[Pair, Edge], others: Collection[Pair]) -> dict[Pair, Edge]:
    regulators, targets = {regulator for regulator, _ in others}, {target for _, target in others}
    return {pair: edge for pair, edge in edges.items() if pair[0] in regulators and pair[1] in targets}


def _share(right: Mapping[Pair, bool], rng: np.random.Generator) -> Share:
    counts: dict[str, list[int]] = {}
    for (regulator, _), hit in right.items():
        count = counts.setdefault(regulator, [0, 0])
        count[0] += hit
        count[1] += 1
    hits, total = sum(right.values()), len(right)
    if not total:
        return Share(0, 0, 0.0, 1.0)
    low, high = _wilson(hits, total)
    table = np.array(list(counts.values()), dtype=float)
    draws = rng.multinomial(len(table), np.full(len(table), 1 / len(table)), size=_RESAMPLES) @ table
    quantiles = np.quantile(draws[:, 0] / draws[:, 1], [0.025, 0.975])
    return Share(hits, total, float(min(low, quantiles[0])), float(max(high, quantiles[1])))


def _wilson(hits: int, total: int) -> tuple[float, float]:
    share, z2 = hits / total, _Z**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z * np.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
