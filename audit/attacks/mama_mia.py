"""Marginals that a generator is likely to have measured, weighed by how likely."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._marginals import (
    LEVELS,
    Levels,
    Pairs,
    dependence_tree,
    levels,
    log_ratios,
    most_varied,
)
from audit.attacks._protocol import AttackView, register
from audit.neighbours import Floats

VARIED = 200
SHADOWS = 5


@register
@dataclass(frozen=True)
class MamaMia:
    """score(x) = sum over focal cliques c of w_c p_S(x_c) / p_R(x_c).

    Focal cliques are the marginals that a generator measures: every feature (w = 1), and pairs chosen by a tree of
    dependences on R, the attacker's auxiliary data, w being the share of 5 shadow runs on random halves of R that
    chose the pair. In quartile levels; trees over the 200 features that vary most. R is the reference, or the queries
    themselves without one.
    """

    name: str = "mama_mia"
    label: str = "Focal marginals"
    explanation: str = "Compares how common a record's low-order combinations are in the synthetic set and outside it."
    reference: str = "Golob, Pentyala, Maratkhan and De Cock, MAMA-MIA, 2024 (arXiv 2410.05506)"
    needs_reference: bool = False
    seed: int = 0

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        sets = levels(*view.all_genes, view.population)
        inner = sets.of(most_varied(sets.population, VARIED))
        pairs, weights = self._focal(inner)
        return _ratios(sets, LEVELS, np.ones(sets.queries.shape[1])) + _ratios(inner.pairs(pairs), LEVELS**2, weights)

    def _focal(self, sets: Levels) -> tuple[Pairs, Floats]:
        """Pairs (e, 2) that shadow runs choose, and the share of the runs that chose each."""
        rng = np.random.default_rng(self.seed)
        records = sets.population[np.lexsort(sets.population.T)]
        chosen: Counter[tuple[int, int]] = Counter()
        for _ in range(SHADOWS):
            half = records[rng.permutation(len(records))[: (len(records) + 1) // 2]]
            chosen.update((int(first), int(second)) for first, second in dependence_tree(half))
        pairs = sorted(chosen)
        return np.array(pairs, dtype=np.intp).reshape(-1, 2), np.array([chosen[pair] / SHADOWS for pair in pairs])


def _ratios(cliques: Levels, size: int, weights: Floats) -> npt.NDArray[np.float64]:
    total = np.zeros(len(cliques.queries))
    for columns, block in log_ratios(cliques, size):
        total += np.exp(block) @ weights[columns]
    return total
