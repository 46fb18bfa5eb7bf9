"""Directions that are known without private data: where types of cells are likely to differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.utils.extmath import randomized_svd

from cohort import Cohort
from conditioned_gen.hellinger import root_proportions
from kg import GRN

Floats = npt.NDArray[np.float64]
PUBLIC_AXES = 20
REGULON_AXES = 40


@dataclass(frozen=True)
class PublicView:
    """What public cells say of root proportions: where the middle is, and along what cells differ, and how far.

    `axes` (g, <= 20) are principal axes, orthonormal columns, zero for genes of the panel that the public cells lack;
    `middle` (g,) is the mean, NaN for those; three quarters of public cells lie within `radius` of it along the axes.
    """

    axes: Floats
    middle: Floats
    radius: float


def public_view(public: Cohort, genes: Sequence[str]) -> PublicView:
    """What cells of other people say of a panel of genes."""
    there = set(public.genes)
    shared = [gene for gene in genes if gene in there]
    roots = root_proportions(public.select_genes(shared).counts)
    mean = roots.mean(axis=0)
    axes = _axes(roots - mean, PUBLIC_AXES)
    position = {gene: i for i, gene in enumerate(genes)}
    places = [position[gene] for gene in shared]
    loadings, middle = np.zeros((len(genes), axes.shape[1])), np.full(len(genes), np.nan)
    loadings[places], middle[places] = axes, mean
    return PublicView(loadings, middle, float(np.quantile(np.linalg.norm((roots - mean) @ axes, axis=1), 0.75)))


def regulon_axes(grn: GRN, genes: Sequence[str]) -> Floats | None:
    """Axes along which regulons of the graph move together, shape (g, <= 40); None if it has too few regulons.

    A regulon is a regulator's targets in the panel (and itself, if there), weighted by belief; regulators need not
    be in the panel.
    """
    position = {gene: i for i, gene in enumerate(genes)}
    members: dict[str, dict[int, float]] = {}
    for edge in grn.edges():
        target = position.get(edge.target.symbol)
        if target is None or edge.belief <= 0:
            continue
        regulon = members.setdefault(edge.regulator.curie, {})
        regulon[target] = max(regulon.get(target, 0.0), edge.belief)
        if edge.regulator.symbol in position:
            regulon[position[edge.regulator.symbol]] = 1.0
    regulons = [members[curie] for curie in sorted(members) if len(members[curie]) >= 2]
    if len(regulons) < 2:
        return None
    rows = np.repeat(np.arange(len(regulons)), [len(regulon) for regulon in regulons])
    columns = np.concatenate([list(regulon) for regulon in regulons])
    weights = [np.array(list(regulon.values())) for regulon in regulons]
    values = np.concatenate([weight / np.linalg.norm(weight) for weight in weights])
    return _axes(sp.csr_matrix((values, (rows, columns)), shape=(len(regulons), len(genes))), REGULON_AXES)


def _axes(matrix: Floats | sp.csr_matrix, count: int) -> Floats:
    count = min(count, min(matrix.shape) - 1)
    _, singular, rows = randomized_svd(matrix, n_components=count, random_state=0)
    axes: Floats = rows[singular > 1e-8 * max(singular[0], 1e-300)].T
    return np.ascontiguousarray(axes)
