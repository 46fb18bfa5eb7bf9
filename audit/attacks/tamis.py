"""The likelihood of a record under a graphical model that the synthetic set itself gives away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._marginals import LEVELS, dependence_tree, levels, most_varied, summed
from audit.attacks._protocol import AttackView, register

VARIED = 200


@register
@dataclass(frozen=True)
class Tamis:
    """score(x) = log p_S(x) - log p_R(x), both under the tree of dependences recovered from S alone.

    p(x) = prod over features of p(x_g) times prod over tree edges of p(x_g, x_h) / (p(x_g) p(x_h)), in quartile levels.
    The tree (Chow and Liu) spans the 200 features that vary most in S; features beyond it count alone. R is the
    reference, or the queries themselves without one. No shadow model is trained: the graph is post-processing of S.
    """

    name: str = "tamis"
    label: str = "Recovered graphical model"
    explanation: str = "Recovers from the synthetic set which features depend on which, and weighs each record by it."
    reference: str = "Andrey, Le Bars and Tommasi, TAMIS, 2025"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        sets = levels(*view.all_genes, view.population)
        inner = sets.of(most_varied(sets.synthetic, VARIED))
        edges = dependence_tree(inner.synthetic)
        # Each edge brings the single marginals of both its ends along, which the features already count.
        return summed(sets) + summed(inner.pairs(edges), LEVELS**2) - summed(inner.of(edges.ravel()))
