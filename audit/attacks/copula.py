"""How far a donor's cells lie from what a copula fitted to the synthetic set expects, type by type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from audit.attacks._marginals import levels, most_varied, summed
from audit.attacks._protocol import AttackView, register
from audit.neighbours import Floats
from audit.statistics import group_means

CORRELATED = 100
FEWEST = 20


@register
@dataclass(frozen=True)
class CopulaDistance:
    """score(x) = [d_R(x)^2 - d_S(x)^2] / 2 + sum over genes of log p_S(x_g) - log p_R(x_g), within the type of x.

    u = Phi^-1(F(x)), F the marginals of a set; d^2 = u' C^-1 u, C the set's correlation of u (Ledoit-Wolf), both on the
    100 genes that vary most; the sum over all genes, in quartile levels. Together: the log likelihood ratio of two
    Gaussian copulas, up to a constant. It is standardised within the type, brought into (-1, 1) by z / (1 + |z|), and
    averaged over the donor's records where donors are known. R is the reference, or the queries without one. Types
    with fewer than 20 records in S or R are judged by all records together.

    The paper fits zero-inflated negative binomials and adds log distances to log ratios in a fixed proportion;
    empirical marginals and the likelihood's own proportion need no such choices.
    """

    name: str = "copula"
    label: str = "Copula distance"
    explanation: str = "Fits how features vary together in the synthetic set and asks which donors that suits too well."
    reference: str = "Golob et al., scMAMA-MIA (privacy vulnerabilities in synthetic single-cell data), bioRxiv 2026"
    needs_reference: bool = False

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        queries, synthetic = view.all_genes
        scores = np.empty(len(queries))
        for rows, made, real in _types(view):
            score = _log_ratio(queries[rows], synthetic[made], view.population[real])
            spread = float(score.std())
            z = (score - score.mean()) / (spread if spread > 0 else 1.0)
            scores[rows] = z / (1 + np.abs(z))
        if view.query_donors is None:
            return scores
        means, donor = group_means(scores, view.query_donors)
        return np.asarray(means[donor])


Rows = npt.NDArray[np.bool_]


def _types(view: AttackView) -> list[tuple[Rows, Rows, Rows]]:
    """Rows of queries, synthetic and population of each type that has enough; the other queries against all rows."""
    labels = view.query_labels, view.synthetic_labels, view.population_labels
    counts = len(view.queries), len(view.synthetic), len(view.population)
    groups, rest = [], np.ones(counts[0], dtype=bool)
    if not any(each is None for each in labels):
        for kind in np.unique(np.asarray(labels[0])):
            asked, made, real = (np.asarray(each) == kind for each in labels)
            if min(made.sum(), real.sum()) >= FEWEST:
                groups.append((asked, made, real))
                rest &= ~asked
    if rest.any():
        groups.append((rest, np.ones(counts[1], dtype=bool), np.ones(counts[2], dtype=bool)))
    return groups


def _log_ratio(queries: Floats, synthetic: Floats, population: Floats) -> npt.NDArray[np.float64]:
    sets = levels(queries, synthetic, population)
    genes = most_varied(sets.population, CORRELATED)
    made, real = (_copula(queries[:, genes], each[:, genes]) for each in (synthetic, population))
    return np.asarray(summed(sets) + made - real)


def _copula(queries: Floats, fitted: Floats) -> npt.NDArray[np.float64]:
    """log density of the Gaussian copula of `fitted` (n, g) at each query (q, g), up to a constant; shape (q,).

    -u' (C^-1 - 1) u / 2: what the marginals already say is taken off.
    """
    from sklearn.covariance import ledoit_wolf

    own = _normal_scores(fitted, fitted)
    spread = own.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    covariance, _ = ledoit_wolf(own / spread)
    u = _normal_scores(queries, fitted) / spread
    distance = np.einsum("qg,qg->q", u @ np.linalg.inv(covariance), u)
    return np.asarray(-0.5 * (distance - (u * u).sum(axis=1)))


def _normal_scores(values: Floats, fitted: Floats) -> npt.NDArray[np.float64]:
    """Phi^-1 of the middle of the step of each column's distribution in `fitted`, shape of `values`."""
    count = len(fitted)
    ranks = np.empty(values.shape)
    for column, steps in enumerate(np.sort(fitted, axis=0).T):
        below, upto = (np.searchsorted(steps, values[:, column], side=side) for side in ("left", "right"))
        ranks[:, column] = (below + upto + 1) / 2
    return np.asarray(ndtri(ranks / (count + 1)))
