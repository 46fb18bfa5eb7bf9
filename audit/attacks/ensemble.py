"""Several attacks, weighed by what each is worth on a split of the reference whose answer the attacker made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from scipy.special import ndtri
from scipy.stats import rankdata

from audit.attacks._protocol import ATTACKS, AttackView, register
from audit.neighbours import Floats, nearest

STACKED = ("calibrated", "copula", "dcr", "density", "domias", "dpi", "gen_lra", "monte_carlo", "tamis")
SHADOW = 0.4
PARTNERS = 5
FLOOR = 1e-6
Rows = npt.NDArray[np.intp]


@register
@dataclass(frozen=True)
class Ensemble:
    """score(x) = sum over base scores j of w_j z_j(x), z_j the normal score of x's rank by j among the queries.

    Base scores: nine attacks and four distance ratios. The weights are learned where the attacker knows the answer:
    the reference is split into shadow members (40 %), shadow outsiders (40 %) and a shadow reference, and a shadow
    synthetic set is made of the shadow members by interpolation between neighbours (SMOTE, Chawla et al. 2002). The
    weights, none below 0, are the least-squares fit of shadow membership (Breiman, stacked regressions, 1996). Nothing
    is learned from who the true members are. Ranks make rehearsal and truth comparable, and weights without a minus
    keep each attack's sign.
    """

    name: str = "ensemble"
    label: str = "Stacked ensemble"
    explanation: str = "Weighs the other attacks by what each found in a rehearsal on the reference alone."
    reference: str = "Breiman 1996; as in the MIDST challenge's black-box entries, SaTML 2025"
    needs_reference: bool = True
    seed: int = 0

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        shadow, inside = rehearsal(view, seed=self.seed)
        weights, _ = nnls(_base_scores(shadow), np.where(inside, 1.0, -1.0))
        if not weights.any():
            weights = np.ones_like(weights)
        return np.asarray(_base_scores(view) @ weights, dtype=np.float64)


def rehearsal(view: AttackView, *, seed: int) -> tuple[AttackView, npt.NDArray[np.bool_]]:
    """A view of the reference alone, and which of its queries the shadow synthetic set was made from.

    Raises ValueError without a reference.
    """
    if view.reference is None:
        raise ValueError("this attack needs a reference set")
    rng = np.random.default_rng(seed)
    # Sorted first, so that the split does not depend on the order in which records were handed over.
    order = np.lexsort(view.reference.T)[rng.permutation(len(view.reference))]
    size = max(int(SHADOW * len(order)), 2)
    members, queries, rest = order[:size], order[: 2 * size], order[2 * size :]
    parents, partners, share = _parents(view.reference[members], len(view.synthetic), rng)
    inside = np.arange(2 * size) < size

    def of(values: Floats) -> tuple[Floats, Floats, Floats]:
        own = values[members]
        return values[queries], own[parents] + share * (own[partners] - own[parents]), values[rest]

    shadow = AttackView(*of(view.reference))
    if view.reference_genes is not None and view.query_genes is not None:
        asked, made, real = of(view.reference_genes)
        shadow = replace(shadow, query_genes=asked, synthetic_genes=made, reference_genes=real)
    kinds = view.reference_labels
    if kinds is None:
        return shadow, inside
    made_kinds = kinds[members][parents]
    labelled = replace(shadow, query_labels=kinds[queries], synthetic_labels=made_kinds, reference_labels=kinds[rest])
    return labelled, inside


def _parents(members: Floats, count: int, rng: np.random.Generator) -> tuple[Rows, Rows, Floats]:
    """For each of `count` shadow records: a member, one of its nearest, and how far to go towards it, (count, 1)."""
    near = nearest(members, members, PARTNERS, skip_self=True).indices
    parents = rng.integers(len(members), size=count)
    return parents, near[parents, rng.integers(near.shape[1], size=count)], rng.random((count, 1))


def _base_scores(view: AttackView) -> npt.NDArray[np.float64]:
    """The normal score of each query's rank by each base score, shape (q, j)."""
    columns = [ATTACKS[name].scores(view) for name in STACKED] + _distance_ratios(view)
    ranks = np.column_stack([rankdata(column) for column in columns])
    return np.asarray(ndtri((ranks - 0.5) / len(ranks)))


def _distance_ratios(view: AttackView) -> list[npt.NDArray[np.float64]]:
    """How much nearer the closest synthetic record is: than the second, the tenth, the mean, and the reference's."""
    made, real = (np.log(np.maximum(near.distances, FLOOR)) for near in (view.near_synthetic, view.near_reference))
    first, second, tenth = (made[:, min(place, made.shape[1] - 1)] for place in (0, 1, 9))
    return [second - first, tenth - first, made.mean(axis=1) - first, real[:, 0] - first]
