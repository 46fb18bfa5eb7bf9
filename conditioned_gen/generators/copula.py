"""A Gaussian copula of count distributions within each type, without privacy, in the manner of scDesign2.

Sun, Song, Li and Li (2021): each gene's counts are Poisson, negative binomial or zero-inflated negative binomial,
whichever the data ask for; counts are turned into normal scores by the distributional transform (Rueschendorf 2009: a
count k stands for a uniform number between F(k - 1) and F(k)), and the scores' correlations are kept. Library sizes are
not modelled by themselves: they are what makes all genes of a cell correlate.

Here correlations are shrunk as eigenvalues of random matrices ask for (Donoho, Gavish and Johnstone 2018): what does
not rise above the edge of pure noise, (1 + sqrt(g / n))^2, is dropped, the rest is taken down to its true size. So a
type costs genes x factors, not genes squared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import ndtr, ndtri

from cohort import Cohort, to_dense
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import COPULA
from conditioned_gen.generators._gene_counts import Marginals, marginals
from conditioned_gen.generators._open import open_records
from conditioned_gen.ledger import Ledger
from conditioned_gen.sampling import draw_labels, positions, refuse_do, synthetic_cohort
from conditioned_gen.storage import read_arrays, read_ledger, write_model
from kg import GRN

Floats = npt.NDArray[np.float64]
_CHUNK = 2048


@dataclass(frozen=True)
class Copula:
    """Settings of the method. Types of fewer than `least` cells have no correlations, absent ones all cells' counts."""

    method: ClassVar[Method] = COPULA
    least: int = 10
    most_factors: int = 50

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> CopulaFitted:
        """Take the records themselves, which a finite epsilon refuses; `seed` draws within a count's interval."""
        records, rng = open_records(private), np.random.default_rng(seed)
        found, factors = [], []
        for code in range(len(private.types)):
            inside = np.flatnonzero(records.types == code)
            counts = records.values[inside] if len(inside) else records.values
            found.append(marginals(counts))
            known = self.most_factors if len(inside) >= self.least else 0
            factors.append(shrunk_factors(scores(counts, found[-1], rng))[:, :known])
            if progress is not None:
                progress(code + 1, len(private.types))
        return CopulaFitted(
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            marginals=tuple(found),
            factors=tuple(factors),
            counts=records.counts,
            settings={"least": self.least, "most_factors": self.most_factors},
        )


def scores(counts: sp.csr_matrix, marginal: Marginals, rng: np.random.Generator) -> Floats:
    """Normal scores (n, g) of counts by the distributional transform, each row with draws of its own."""
    dense = to_dense(counts, np.float64)
    low, high = marginal.cumulative(dense - 1), marginal.cumulative(dense)
    return np.asarray(ndtri(np.clip(low + rng.random(dense.shape) * (high - low), 1e-9, 1 - 1e-9)))


def shrunk_factors(normal: Floats) -> Floats:
    """Loadings (g, k) of the correlation matrix loadings loadings' + diagonal that scores (n, g) are evidence of.

    An eigenvalue l of the sample correlation matrix above (1 + sqrt(c))^2, c = g / n, stems from a spike s with
    l = s (1 + c / (s - 1)); the optimal shrinkage for Frobenius loss is 1 + (s - 1) cos^2 of the angle between both
    eigenvectors, cos^2 = (1 - c / (s - 1)^2) / (1 + c / (s - 1)).
    """
    n, g = normal.shape
    centred = normal - normal.mean(axis=0)
    centred /= np.maximum(centred.std(axis=0), 1e-9)
    _, singular, rows = np.linalg.svd(centred, full_matrices=False)
    values, c = singular**2 / n, g / n
    above = values > (1 + math.sqrt(c)) ** 2 * (1 + 1e-6)
    kept = values[above]
    half = (kept + 1 - c) / 2
    spike = half + np.sqrt(np.maximum(half**2 - kept, 0.0))
    cosine = (1 - c / (spike - 1) ** 2) / (1 + c / (spike - 1))
    loadings = rows[above].T * np.sqrt(np.maximum((spike - 1) * cosine, 0.0))
    # A correlation matrix has ones on its diagonal: no gene may owe more than its variance to factors.
    most = np.maximum((loadings**2).sum(axis=1, keepdims=True) / 0.98, 1.0)
    return np.asarray(loadings / np.sqrt(most))


@dataclass(frozen=True, eq=False)
class CopulaFitted:
    """For each type, marginals of genes and loadings (g, k) of their correlations, and the cells by type."""

    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    marginals: tuple[Marginals, ...]
    factors: tuple[Floats, ...]
    counts: Floats
    settings: dict[str, Any] = field(default_factory=dict)
    method: ClassVar[Method] = COPULA

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Cohort:
        """As `conditioned_gen.Fitted.sample`; interventions are refused, since correlations know no direction."""
        refuse_do(do, self.genes, method=self.method.name)
        drawn = draw_labels(n, labels, self.types, self.counts, unit=self.ledger.unit)
        codes = positions(drawn, self.types)
        counts = np.empty((len(codes), len(self.genes)), dtype=np.float32)
        rng = np.random.default_rng(seed)
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            for start in range(0, len(rows), _CHUNK):
                chunk = rows[start : start + _CHUNK]
                counts[chunk] = self._draw(int(code), len(chunk), rng)
        return synthetic_cohort(counts, genes=self.genes, labels=drawn, label=self.label)

    def _draw(self, code: int, n: int, rng: np.random.Generator) -> Floats:
        loadings = self.factors[code]
        own = np.sqrt(1 - (loadings**2).sum(axis=1))
        normal = rng.standard_normal((n, loadings.shape[1])) @ loadings.T
        normal += own * rng.standard_normal((n, len(self.genes)))
        return self.marginals[code].quantile(ndtr(normal))

    def save(self, folder: str | Path) -> None:
        """As `conditioned_gen.Fitted.save`."""
        whole = {name: np.array([getattr(one, name) for one in self.marginals]) for name in _PARAMETERS}
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings={**self.settings, "factors": [factors.shape[1] for factors in self.factors]},
            arrays={**whole, "counts": self.counts, "loadings": np.hstack(self.factors)},
        )


_PARAMETERS = ("means", "dispersions", "zeros")


def load_fitted(folder: Path, description: Mapping[str, Any]) -> CopulaFitted:
    """Read what `save` wrote."""
    genes, types, settings = tuple(description["genes"]), tuple(description["types"]), dict(description["settings"])
    sizes = [int(size) for size in settings.pop("factors")]
    shapes = {name: (len(types), len(genes)) for name in _PARAMETERS}
    arrays = read_arrays(folder, description, {**shapes, "counts": (len(types),), "loadings": (len(genes), sum(sizes))})
    return CopulaFitted(
        genes=genes,
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        marginals=tuple(Marginals(*rows) for rows in zip(*(arrays[name] for name in _PARAMETERS), strict=True)),
        factors=tuple(np.split(arrays["loadings"], np.cumsum(sizes)[:-1], axis=1)),
        counts=arrays["counts"],
        settings=settings,
    )


GENERATOR = Copula()
