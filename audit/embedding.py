"""One coordinate system for all sets: log-normalised, one PCA, fitted once and never on the members.

Fitting a PCA per set gives coordinates that cannot be compared, and hides an overfit generator completely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.neighbours import Floats
from audit.target import AuditTarget, SetName

COMPONENTS = 50
EXACT_UP_TO = 3000


@dataclass(frozen=True, eq=False)
class Space:
    """The sets in shared coordinates, float32, shapes (n, d); `fitted_on` names the set whose axes these are."""

    members: npt.NDArray[np.float32]
    nonmembers: npt.NDArray[np.float32]
    synthetic: npt.NDArray[np.float32]
    reference: npt.NDArray[np.float32] | None
    fitted_on: str
    explained: float

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

    def project(self, values: Floats) -> npt.NDArray[np.float32]:
        """Coordinates (n, d) of log-normalised values (n, g)."""
        return np.asarray((values - self.mean) @ self.loadings, dtype=np.float32)


def embed(target: AuditTarget, *, seed: int, components: int = COMPONENTS) -> Space:
    """Fit the axes on the reference if there is one, else on the synthetic set, and project every set on them."""
    base: SetName = "synthetic" if target.reference is None else "reference"
    axes = fit_axes(target.values(base), seed=seed, components=components)
    return Space(
        members=axes.project(target.values("members")),
        nonmembers=axes.project(target.values("nonmembers")),
        synthetic=axes.project(target.values("synthetic")),
        reference=None if target.reference is None else axes.project(target.values("reference")),
        fitted_on=base,
        explained=axes.explained,
    )


def fit_axes(values: Floats, *, seed: int, components: int = COMPONENTS) -> Axes:
    """Principal axes of values (n, g): exact up to 3,000 rows or genes, randomised (Halko 2011) beyond.

    Axes without variance are dropped. Raises ValueError where no axis has any.
    """
    mean = values.mean(axis=0, dtype=np.float64)
    centred = values - mean
    wanted = min(components, *centred.shape)
    loadings, variances = _leading(centred, wanted, seed)
    total = float((centred**2).sum())
    useful = variances > 1e-7 * max(total, 1e-300)
    if not useful.any():
        raise ValueError("all records are the same: there is no axis to lay through them")
    loadings = loadings[:, useful]
    # The sign of an axis is arbitrary; the largest loading is made positive so that runs agree.
    signs = np.sign(loadings[np.abs(loadings).argmax(axis=0), np.arange(loadings.shape[1])])
    explained = float(variances[useful].sum() / total)
    return Axes(mean.astype(np.float32), (loadings * signs).astype(np.float32), min(explained, 1.0))


def _leading(centred: Floats, wanted: int, seed: int) -> tuple[Floats, Floats]:
    """The leading loadings (g, d) and sums of squares along them (d,)."""
    rows, genes = centred.shape
    if min(rows, genes) > EXACT_UP_TO:
        from sklearn.utils.extmath import randomized_svd

        _, singular, right = randomized_svd(centred, n_components=wanted, random_state=seed)
        return right.T, singular**2
    if genes <= rows:
        values, vectors = np.linalg.eigh(centred.T @ centred)
        return vectors[:, ::-1][:, :wanted], values[::-1][:wanted]
    values, vectors = np.linalg.eigh(centred @ centred.T)
    values, vectors = values[::-1][:wanted], vectors[:, ::-1][:, :wanted]
    return centred.T @ vectors / np.sqrt(np.maximum(values, 1e-300)), values
