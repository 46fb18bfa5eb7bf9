"""RON-Gauss: a Gaussian for each type in a random subspace of few dimensions.

Chanyaswad, Liu and Mittal (2019). Most projections of high-dimensional data are nearly Gaussian (Diaconis and Freedman
1984), so records are projected onto p random orthonormal directions, in which the mean and the covariance of each type
are released and Gaussians drawn. The way back is the pseudo-inverse, which for orthonormal rows is the transpose: what
is orthogonal to the subspace is the same for all synthetic records, so types differ in p directions alone.

Theirs are centred and scaled by private means and norms. Here vectors are bounded by the representation's own theorem,
and centred at the mean of public records or, where there are none, at a released one.
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

from cohort import Cohort, Table
from conditioned_gen.barrier import Block, PrivateCohort, Records, Release
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import RON_GAUSS
from conditioned_gen.ledger import Ledger
from conditioned_gen.representation import Representation, saved_representation
from conditioned_gen.sampling import draw_labels, positions, refuse_do
from conditioned_gen.storage import read_arrays, read_ledger, write_model
from kg import GRN

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RonGauss:
    """Settings of the method; constants all of them, so that none has to be paid for.

    A random projection shortens vectors by sqrt(p / width) (Johnson and Lindenstrauss 1984), so records up to `reach`
    away from the middle are clipped at `reach` times that. `centre_share` of the budget goes into the middle where no
    public records tell it.
    """

    method: ClassVar[Method] = RON_GAUSS
    dimensions: int = 120
    reach: float = 1.0
    centre_share: float = 0.15

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> RonGaussFitted:
        """Release moments in a subspace that `seed` draws. The graph is not used by this method."""
        representation = private.representation
        middle = _public_middle(private, public)
        if middle is None:
            middle = _released_middle(private, share=self.centre_share * private.share_left)
        projection = orthonormal(min(self.dimensions, representation.width), representation.width, seed=seed)
        radius = self.reach * math.sqrt(len(projection) / representation.width)
        release = private.release_sum(
            "moments", moment_blocks(representation, middle, projection, radius), share=private.share_left
        )
        counts = np.maximum(release.sums["counts"].ravel(), 1.0)
        means, roots = _gaussians(release, counts)
        if progress is not None:
            progress(1, 1)
        return RonGaussFitted(
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            representation=representation,
            middle=middle,
            projection=projection,
            means=means,
            roots=roots,
            counts=counts,
            settings={"dimensions": len(projection), "reach": self.reach},
        )


def orthonormal(rows: int, columns: int, *, seed: int) -> Floats:
    """Random orthonormal rows, shape (rows, columns): the Q of a Gaussian matrix, which is uniform up to signs."""
    gaussian = np.random.default_rng(seed).standard_normal((columns, rows))
    return np.ascontiguousarray(np.linalg.qr(gaussian)[0].T)


def moment_blocks(representation: Representation, middle: Floats, projection: Floats, radius: float) -> list[Block]:
    """Within each type: ones, projected deviations x, and the upper triangle of x x' with sqrt(2) off its diagonal.

    |x| is clipped at `radius`, and the triangle so weighted has norm |x|^2, clipped at its square.
    """
    size = len(projection)
    first, second = np.triu_indices(size)
    scale = np.where(first == second, 1.0, math.sqrt(2))

    def projected(records: Records) -> Floats:
        deviations = representation.vectors(records.values) - middle
        # A row must not depend on how many rows there are, which a matrix product does not promise.
        return np.column_stack([(deviations * axis).sum(axis=1) for axis in projection])

    def products(records: Records) -> Floats:
        rows = projected(records)
        return rows[:, first] * rows[:, second] * scale

    return [
        Block("counts", lambda r: np.ones((len(r.types), 1)), width=1, radius=1.0, weight=0.2, per_type=True),
        Block("means", projected, width=size, radius=radius, per_type=True),
        Block("products", products, width=len(first), radius=radius**2, weight=0.5, per_type=True),
    ]


def _public_middle(private: PrivateCohort, public: Cohort | None) -> Floats | None:
    """The mean vector of public cells, shape (width,); genes that they lack count as zero."""
    if public is None:
        return None
    there = {gene: place for place, gene in enumerate(public.genes)}
    columns = [there.get(gene, len(there)) for gene in private.genes]
    private.take_as_public(f"cells of other people ({len(public)})")
    counts = sp.hstack([public.counts, sp.csr_matrix((len(public), 1), dtype=np.float32)], format="csc")
    vectors = private.representation.vectors(counts[:, columns].tocsr())
    return np.asarray(vectors.mean(axis=0), dtype=np.float64)


def _released_middle(private: PrivateCohort, *, share: float) -> Floats:
    """The released mean vector, shape (width,): a record adds a vector of norm at most 1 and a one."""
    representation = private.representation
    release = private.release_sum(
        "middle",
        [
            Block("vectors", lambda r: representation.vectors(r.values), width=representation.width, radius=1.0),
            Block("units", lambda r: np.ones((len(r.types), 1)), width=1, radius=1.0, weight=0.2),
        ],
        share=share,
    )
    middle = release.sums["vectors"] / max(float(release.sums["units"][0]), 1.0)
    return np.asarray(middle / max(float(np.linalg.norm(middle)), 1.0))


def _gaussians(release: Release, counts: Floats) -> tuple[Floats, Floats]:
    """Means (types, p) and symmetric roots of covariances (types, p, p), without negative eigenvalues.

    A type's covariance is drawn towards that of all, weighted by cells, as far as its noise asks for (parametric
    empirical Bayes, Morris 1983).
    """
    means = release.sums["means"] / counts[:, None]
    size = means.shape[1]
    upper = np.triu_indices(size)
    seconds = np.zeros((len(counts), size, size))
    triangles = release.sums["products"] / counts[:, None] / np.where(upper[0] == upper[1], 1.0, math.sqrt(2))
    seconds[:, upper[0], upper[1]] = seconds[:, upper[1], upper[0]] = triangles
    own = seconds - means[:, :, None] * means[:, None, :]
    pooled = np.tensordot(counts / counts.sum(), own, axes=1)
    noise = (release.noise["products"] / counts) ** 2
    away = np.mean((own - pooled) ** 2, axis=(1, 2))
    trust = np.maximum(1 - noise / np.maximum(away, noise), 0.0)
    values, vectors = np.linalg.eigh(pooled + trust[:, None, None] * (own - pooled))
    roots = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :] @ vectors.swapaxes(1, 2)
    return means, roots


@dataclass(frozen=True, eq=False)
class RonGaussFitted:
    """Vectors of type t are middle + projection' (means[t] + roots[t] z) with z normal, p numbers."""

    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger
    representation: Representation
    middle: Floats
    projection: Floats
    means: Floats
    roots: Floats
    counts: Floats
    settings: dict[str, Any] = field(default_factory=dict)
    method: ClassVar[Method] = RON_GAUSS

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Cohort | Table:
        """As `conditioned_gen.Fitted.sample`; interventions are refused, since a covariance knows no direction."""
        refuse_do(do, self.genes, method=self.method.name)
        drawn = draw_labels(n, labels, self.types, self.counts, unit=self.ledger.unit)
        codes = positions(drawn, self.types)
        rng = np.random.default_rng(seed)
        normal = rng.standard_normal((len(codes), len(self.projection)))
        inside = self.means[codes]
        for code in np.unique(codes):
            inside[codes == code] += normal[codes == code] @ self.roots[code]
        vectors = np.asarray(self.middle + inside @ self.projection, dtype=np.float32)
        return self.representation.cohort(vectors, drawn, label=self.label, rng=rng, expected=True)

    def save(self, folder: str | Path) -> None:
        """As `conditioned_gen.Fitted.save`."""
        write_model(
            folder,
            method=self.method.name,
            genes=self.genes,
            types=self.types,
            label=self.label,
            ledger=self.ledger,
            settings={**self.settings, **self.representation.to_json()},
            arrays={name: getattr(self, name) for name in ("middle", "projection", "means", "roots", "counts")},
        )


def load_fitted(folder: Path, description: Mapping[str, Any]) -> RonGaussFitted:
    """Read what `save` wrote."""
    types, settings = tuple(description["types"]), dict(description["settings"])
    representation = saved_representation(description["genes"], settings, where=str(folder / "model.json"))
    size = int(settings["dimensions"])
    shapes = {
        "middle": (representation.width,),
        "projection": (size, representation.width),
        "means": (len(types), size),
        "roots": (len(types), size, size),
        "counts": (len(types),),
    }
    arrays = read_arrays(folder, description, shapes)
    return RonGaussFitted(
        genes=tuple(description["genes"]),
        types=types,
        label=str(description["label"]),
        ledger=read_ledger(folder, description),
        representation=representation,
        settings={key: value for key, value in settings.items() if key not in representation.to_json()},
        **{name: arrays[name] for name in shapes},
    )


GENERATOR = RonGauss()
