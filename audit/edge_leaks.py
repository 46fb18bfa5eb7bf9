"""Which edges of the graph leak: membership read off one regulation at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln
from scipy.stats import norm, rankdata

from audit.attacks import AttackView
from audit.attacks.edges import contributions, known_edges
from audit.neighbours import Floats
from audit.statistics import Estimate, holm

LEVEL = 0.95
Groups = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class EdgeLeak:
    """What the pair of levels of one regulator and its target says about who was a member.

    `auc` is that of log p_S(x_e) - log p_R(x_e); `p_value` one-sided that it exceeds one half, `adjusted` the same
    after Holm's correction over all edges.
    """

    regulator: str
    target: str
    auc: Estimate
    p_value: float
    adjusted: float


@dataclass(frozen=True, slots=True)
class EdgeLeaks:
    """All edges between features, the most telling first; `unknown` edges name something that is no feature."""

    edges: tuple[EdgeLeak, ...]
    unknown: int
    clustered: bool

    def leaking(self, level: float = 0.05) -> tuple[EdgeLeak, ...]:
        """The edges that leak, with an error of `level` over all of them together."""
        return tuple(edge for edge in self.edges if edge.adjusted <= level)


def edge_leaks(view: AttackView, members: int, *, donors: tuple[Groups, Groups] | None = None) -> EdgeLeaks:
    """The AUC of each edge's own term in the attack on edges; the first `members` queries are the members.

    Intervals and p-values are normal, with the variance of DeLong, DeLong and Clarke-Pearson (1988), and with donors
    that of Obuchowski (1997); with fewer than about ten donors a side intervals are too narrow. No p-value is below
    that of the rarest of all divisions of the records, or donors, into two sides, so few donors prove nothing and an
    AUC of 1, which has no variance, is significant. Memory grows with
    records times a block of edges. Raises ValueError where no edge joins two features.
    """
    if not len(known_edges(view)):
        raise ValueError("no edge of the graph joins two features")
    counts = members, len(view.queries) - members
    groups = donors or (np.arange(counts[0]).astype(str), np.arange(counts[1]).astype(str))
    pairs, found = [], []
    for block, terms in contributions(view):
        pairs += [(view.features[a], view.features[b]) for a, b in block]
        found.append(_areas(terms[:members], terms[members:], groups))
    area, error = np.concatenate(found, axis=1)
    certain = np.where(area > 0.5, 0.0, 1.0)
    p_values = np.where(error > 0, norm.sf((area - 0.5) / np.where(error > 0, error, 1.0)), certain)
    p_values = np.maximum(p_values, _rarest(*(len(np.unique(group)) for group in groups)))
    adjusted = holm(p_values.tolist())
    reach = norm.isf((1 - LEVEL) / 2) * error
    leaks = [
        EdgeLeak(
            *pair, Estimate(float(a), max(float(a - r), 0.0), min(float(a + r), 1.0), sum(counts), LEVEL), float(p), q
        )
        for pair, a, r, p, q in zip(pairs, area, reach, p_values, adjusted, strict=True)
    ]
    named = {(a, b) for a, b, _ in view.edges if a != b}
    ordered = sorted(leaks, key=lambda leak: (leak.p_value, leak.regulator, leak.target))
    return EdgeLeaks(tuple(ordered), len(named) - len(leaks), donors is not None)


def _rarest(n: int, m: int) -> float:
    """One in the number of ways to divide n + m units into n and m: the least p-value of any permutation test."""
    return float(np.exp(gammaln(n + 1) + gammaln(m + 1) - gammaln(n + m + 1)))


def _areas(members: Floats, others: Floats, groups: tuple[Groups, Groups]) -> npt.NDArray[np.float64]:
    """The AUC of each column and its standard error, shape (2, columns).

    The placement of a member is the share of others below it (ties half), and the other way round; an AUC is the mean
    placement, and its variance that of group sums of placements on both sides.
    """
    n, m = len(members), len(others)
    together = rankdata(np.concatenate([members, others]), axis=0)
    above = (together[:n] - rankdata(members, axis=0)) / m
    below = 1 - (together[n:] - rankdata(others, axis=0)) / n
    area = above.mean(axis=0)
    variance = sum(_variance(each - area, group) for each, group in zip((above, below), groups, strict=True))
    return np.stack([area, np.sqrt(variance)])


def _variance(deviations: Floats, groups: Groups) -> npt.NDArray[np.float64]:
    """The variance of the mean of `deviations` (n, columns) when groups are drawn, not records; shape (columns,)."""
    names, at = np.unique(groups, return_inverse=True)
    sums = np.zeros((len(names), deviations.shape[1]))
    np.add.at(sums, at, deviations)
    count = len(names)
    return np.asarray(count / max(count - 1, 1) * (sums**2).sum(axis=0) / len(deviations) ** 2)
