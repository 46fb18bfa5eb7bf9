"""One coordinate system for all sets: one PCA, fitted once and never on the members.

Fitting a PCA per set gives coordinates that cannot be compared, and hides an overfit generator completely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from audit.neighbours import Floats
from audit.target import AuditTarget, SetName

COMPONENTS = 50
EXACT_UP_TO = 500
GRAM_UP_TO = 4000
ROWS = 2048
PIECE = 1 << 20
TOLERANCE = 1e-4
Values: TypeAlias = Floats | sp.csr_matrix


@dataclass(frozen=True, eq=False)
class Space:
    """The sets in shared coordinates, float32, shapes (n, d); `fitted_on` names the set whose axes these are.

    `candidates` are members and non-members, one below the other: the records that an attacker has to judge.
    """

    candidates: npt.NDArray[np.float32]
    held: int
    synthetic: npt.NDArray[np.float32]
    reference: npt.NDArray[np.float32] | None
    fitted_on: str
    explained: float

    @property
    def members(self) -> npt.NDArray[np.float32]:
        """The first `held` candidates."""
        return self.candidates[: self.held]

    @property
    def nonmembers(self) -> npt.NDArray[np.float32]:
        """The other candidates."""
        return self.candidates[self.held :]

    @property
    def components(self) -> int:
        """The number of axes, d."""
        return int(self.synthetic.shape[1])


@dataclass(frozen=True, eq=False)
class Axes:
    """A fitted PCA: `mean` (g,), `loadings` (g, d), the share of variance `explained`."""

    mean: npt.NDArray[np.float32]
    loadings: npt.NDArray[np.float32]
    explained: float

    def project(self, values: Values) -> npt.NDArray[np.float32]:
        """Coordinates (n, d) of values (n, g), dense or sparse."""
        return np.asarray(values @ self.loadings - self.mean @ self.loadings, dtype=np.float32)


def embed(target: AuditTarget, *, seed: int, components: int = COMPONENTS) -> Space:
    """Fit the axes on the reference if there is one, else on the synthetic set, and project every set on them."""
    base: SetName = "synthetic" if target.reference is None else "reference"
    values = target.sparse_values if target.kind == "counts" else target.values
    axes = fit_axes(values(base), seed=seed, components=components)
    return Space(
        candidates=np.concatenate([axes.project(values("members")), axes.project(values("nonmembers"))]),
        held=len(target.members),
        synthetic=axes.project(values("synthetic")),
        reference=None if target.reference is None else axes.project(values("reference")),
        fitted_on=base,
        explained=axes.explained,
    )


def fit_axes(values: Values, *, seed: int, components: int = COMPONENTS) -> Axes:
    """Principal axes of values (n, g), dense or sparse, which are neither centred nor made dense as a whole.

    Up to 500 features all axes are worked out and the leading ones kept; beyond, Lanczos iterations (Lehoucq, Sorensen
    and Yang 1998) find the leading ones to four digits of their variance, from the features' covariances up to 4,000
    features and from the values themselves past that.

    Axes without variance are dropped. Raises ValueError where no axis has any.
    """
    rows, features = values.shape
    mean = np.asarray(values.mean(axis=0, dtype=np.float64)).ravel()
    total = _total(values, mean)
    if not total > 0:
        raise ValueError("all records are the same: there is no axis to lay through them")
    loadings, variances = _leading(values, mean, max(min(components, rows - 1, features), 1), seed)
    useful = variances > 1e-6 * total
    loadings = loadings[:, useful]
    # The sign of an axis is arbitrary; the largest loading is made positive so that runs agree.
    signs = np.sign(loadings[np.abs(loadings).argmax(axis=0), np.arange(loadings.shape[1])])
    explained = float(variances[useful].sum() / total)
    return Axes(mean.astype(np.float32), (loadings * signs).astype(np.float32), min(explained, 1.0))


def _total(values: Values, mean: npt.NDArray[np.float64]) -> float:
    """The sum of squares about the mean, zero where rounding leaves nothing else."""
    stored: Floats = np.asarray(values.data if sp.issparse(values) else values).reshape(-1)
    starts = range(0, len(stored), PIECE)
    squares = sum(float(np.square(stored[at : at + PIECE], dtype=np.float64).sum()) for at in starts)
    rest = squares - values.shape[0] * float(mean @ mean)
    return rest if rest > 1e-10 * squares else 0.0


def _leading(
    values: Values, mean: npt.NDArray[np.float64], wanted: int, seed: int
) -> tuple[Floats, npt.NDArray[np.float64]]:
    """The leading loadings (g, d) and sums of squares along them (d,), falling."""
    features = values.shape[1]
    if features <= EXACT_UP_TO:
        variances, vectors = np.linalg.eigh(_gram(values, mean, np.float64))
        return vectors[:, ::-1][:, :wanted], variances[::-1][:wanted]
    from scipy.sparse.linalg import LinearOperator, eigsh

    if features <= GRAM_UP_TO:
        operator = _gram(values, mean, np.float32)
    else:
        offset = mean.astype(np.float32)

        def apply(vector: Floats) -> Floats:
            along = values @ vector - offset @ vector
            return np.asarray(values.T @ along - offset * along.sum())

        operator = LinearOperator((features, features), matvec=apply, dtype=np.float32)
    start = np.random.default_rng(seed).standard_normal(features, dtype=np.float32)
    variances, vectors = eigsh(operator, k=wanted, v0=start, tol=TOLERANCE)
    return vectors[:, ::-1], np.asarray(variances[::-1], dtype=np.float64)


def _gram(values: Values, mean: npt.NDArray[np.float64], dtype: type[np.floating[Any]]) -> Floats:
    """Sums of squares and products of the centred features, (g, g), made from a few thousand rows at a time."""
    features = values.shape[1]
    sums: Floats = np.zeros((features, features), dtype=dtype)
    for start in range(0, values.shape[0], ROWS):
        block: Any = values[start : start + ROWS]
        centred = np.asarray((block.toarray() if sp.issparse(block) else block) - mean, dtype=dtype)
        sums += centred.T @ centred
    return sums
