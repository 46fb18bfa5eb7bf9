"""Multivariate adaptive shrinkage: taking noise of known size out of a matrix of noisy deviations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_START = (0.0, 0.5, 10.0)
"""Prior variances that the components start from, in units of the noise variance: none, weak, strong."""


def shrink(deviations: Floats, *, rounds: int = 80) -> Floats:
    """Posterior means of `deviations` (types, columns), which carry Gaussian noise of variance 1 in each entry.

    A column (a gene, or an axis) is drawn from a mixture of N(0, K_j) over types: one component is exactly zero,
    the others have full covariances between types, so that related types lend each other strength and most genes
    may deviate nowhere. Weights and covariances are fitted by expectation-maximisation to the noisy matrix itself,
    which costs no privacy. This is the model of mash (Urbut et al., 2019) with components learned from the data.
    """
    types, columns = deviations.shape
    if types < 2 or columns < 2:
        return deviations * max(1.0 - 1.0 / max(float(np.mean(deviations**2)), 1.0), 0.0)
    covariances = [np.eye(types) * start for start in _START]
    weights = np.array([0.6, 0.3, 0.1])
    for _ in range(rounds):
        means, spreads, member = _expect(deviations, covariances, weights)
        weights = np.clip(member.mean(axis=1), 1e-3, None)
        weights /= weights.sum()
        for j in range(1, len(covariances)):
            scatter = (means[j] * member[j]) @ means[j].T + member[j].sum() * spreads[j]
            covariances[j] = (scatter + 0.1 * np.eye(types)) / (member[j].sum() + 0.1)
    means, _, member = _expect(deviations, covariances, weights)
    shrunk: Floats = np.sum([member[j] * means[j] for j in range(1, len(covariances))], axis=0)
    return shrunk


def shrink_along(deviations: Floats, axes: Floats | None) -> Floats:
    """`shrink` along orthonormal public `axes` (columns, k) and in what they leave over, separately.

    Axes that public cells or regulons span carry much of the signal in few coordinates, where it stands out of the
    noise; what lies off them is left to the sparse part.
    """
    if axes is None or axes.shape[1] < 2:
        return shrink(deviations)
    along = deviations @ axes
    return shrink(along) @ axes.T + shrink(deviations - along @ axes.T)


def shrink_towards(observed: Floats, prior: Floats, noise: float, *, bins: int = 20) -> Floats:
    """Noisy `observed` (n,) drawn towards a `prior` (n,); where that is NaN they stay.

    How far truth lies from the prior is fitted, as a variance, in bins of equal counts by the prior's size, so that it
    is trusted for the small ones, of which noise leaves nothing, and hardly for the large (parametric empirical Bayes,
    Morris 1983). `noise` is the standard deviation of the noise in each.
    """
    drawn = observed.copy()
    known = np.flatnonzero(np.isfinite(prior))
    for chunk in np.array_split(known[np.argsort(prior[known], kind="stable")], bins):
        if len(chunk):
            away = observed[chunk] - prior[chunk]
            drawn[chunk] = prior[chunk] + away * max(1.0 - noise**2 / max(float(np.mean(away**2)), noise**2), 0.0)
    return drawn


def _expect(
    deviations: Floats, covariances: list[Floats], weights: Floats
) -> tuple[list[Floats], list[Floats], Floats]:
    """Posterior mean (types, columns) and covariance of each component, and each column's memberships."""
    identity = np.eye(len(deviations))
    means, spreads, scores = [], [], []
    for covariance, weight in zip(covariances, weights, strict=True):
        total = covariance + identity
        gain = np.linalg.solve(total, covariance).T
        residual = np.linalg.solve(total, deviations)
        means.append(gain @ deviations)
        spreads.append(covariance - gain @ covariance)
        scores.append(np.log(weight) - 0.5 * np.linalg.slogdet(total)[1] - 0.5 * np.sum(deviations * residual, axis=0))
    stacked = np.array(scores)
    member = np.exp(stacked - stacked.max(axis=0))
    return means, spreads, member / member.sum(axis=0)
