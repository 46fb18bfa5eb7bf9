"""The flagship: one small set of noisy sums, decoded along the graph.

Three releases, of which the last is made only if the graph has edges inside the panel:

1. *centre*: the sum of all cells' root proportions (norm exactly 1), of their log library sizes and of ones;
2. *types*: within each type, the sum of deviations from the released centre, with counts and moments of the log
   library size. With public cells there are two such sums: of coordinates along the public axes, clipped at the
   radius within which public cells lie, and, where its planned noise leaves anything of a gene, of all genes,
   clipped at the radius that Poisson sampling predicts from the centre. Without, there is the second alone;
3. *edges*: one number, the sum over cells and edges of sign x belief x deviation(regulator) x deviation(target)
   from the released type means: how strongly the graph's edges show within types.

Everything after that is post-processing: shrinkage along public axes (of public cells, or of the graph's regulons),
inversion of the mean root to a proportion, and a causal network over the graph's edges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cohort import Cohort
from conditioned_gen.axes import PublicView, public_view, regulon_axes
from conditioned_gen.barrier import Block, PrivateCohort, Records, Release
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import GRN_SUBSPACE
from conditioned_gen.generators._subspace_fitted import SubspaceFitted, load_fitted
from conditioned_gen.hellinger import RootMeans, log_library, root_proportions
from conditioned_gen.networks import CausalNetwork, edge_signs, edges_within
from conditioned_gen.rare import borrowed_profiles
from conditioned_gen.shrinkage import shrink, shrink_along, shrink_towards
from kg import GRN, Edge

Floats = npt.NDArray[np.float64]
_LOG_RANGE = math.log(1e6)
_WINDOW = 1.5
_GENES_WEIGHT = 2.0
"""Of the sum over all genes, beside 1 of that along public axes: it has many more coordinates to tell from noise."""


@dataclass(frozen=True)
class _Centre:
    """What the first release gave: mean roots (g,), a typical log library size, the number of units."""

    roots: Floats
    log_library: float
    units: float

    @property
    def radius(self) -> float:
        """Clip radius of deviations: 1.1 times sqrt(sum of p - m^2), the spread of roots around their mean."""
        proportions = RootMeans(self.log_library, 0.35).proportions(self.roots)
        return 1.1 * math.sqrt(max(float(np.sum(np.maximum(proportions - self.roots**2, 0))), 0.05))


@dataclass(frozen=True)
class GrnSubspace:
    """Settings of the method; all of them are constants that no private record has influenced.

    `shares` divide the mu^2 that is left of the budget between the three releases. `spread` is the standard deviation
    of a gene's log level between cells of one type, a prior that the data do not update.
    """

    method: ClassVar[Method] = GRN_SUBSPACE
    shares: tuple[float, float, float] = (0.15, 0.8, 0.05)
    spread: float = 0.35
    prior_gain: float = 0.3
    prior_gain_sd: float = 0.3

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> SubspaceFitted:
        """Measure through the barrier and decode. `seed` is not used: fitting draws nothing but privacy noise."""
        tell = progress or (lambda done, total: None)
        private.take_as_public(f"the graph ({len(grn)} edges)")
        if public is not None:
            private.take_as_public(f"cells of other people ({len(public)})")
        genes = private.genes
        view = None if public is None else public_view(public, genes)
        axes = regulon_axes(grn, genes) if view is None else view.axes
        edges = edges_within(grn, genes)
        # Naming the types may have cost part of the budget already: shares are of what is left.
        left = private.share_left
        shares = [share * left for share in (self.shares if edges else (self.shares[0], 1 - self.shares[0], 0.0))]
        centre = _release_centre(private, view, share=shares[0])
        tell(1, 3)
        released = _release_types(private, centre, view, share=shares[1])
        tell(2, 3)
        counts = np.maximum(released.sums["counts"].ravel(), 1.0)
        means = _type_roots(centre, released, counts, axes)
        library_means, library_sd = _libraries(centre, released, counts)
        decode = RootMeans(float(np.average(library_means, weights=counts)), library_sd)
        proportions = decode.proportions(means)
        if public is not None and private.borrowed:
            places = [private.types.index(name) for name in private.borrowed]
            proportions[places] = borrowed_profiles(public, private.borrowed, genes, otherwise=proportions[places])
        proportions /= proportions.sum(axis=1, keepdims=True)
        gain = self.prior_gain
        if edges:
            gain = self._released_gain(private, edges, decode, proportions, counts, share=shares[2])
        tell(3, 3)
        return SubspaceFitted(
            genes=genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            proportions=proportions,
            counts=counts,
            library_means=library_means,
            library_sd=library_sd,
            network=CausalNetwork.from_grn(grn, genes, gain=gain, spread=self.spread),
            settings={
                "shares": shares,
                "gain": gain,
                "edges": len(edges),
                "axes": 0 if axes is None else int(axes.shape[1]),
                "axes_from": "public cells" if public is not None else "regulons of the graph",
            },
        )

    def _released_gain(
        self,
        private: PrivateCohort,
        edges: list[Edge],
        decode: RootMeans,
        proportions: Floats,
        counts: Floats,
        *,
        share: float,
    ) -> float:
        """Edge strength: the released co-deviation over what gain 1 would give, shrunk to its prior.

        With w = sign x belief and slopes f = d mean root / d log level, gain 1 makes a cell's expected
        co-deviation spread^2 x sum over edges of w^2 f_regulator f_target.
        """
        pairs = _Pairs.of(edges, private.genes)
        means = decode.expected(proportions)
        release = private.release_sum("edges", [pairs.block(means)], share=share)
        step = 0.05
        slopes = (decode.expected(proportions * (1 + step)) - means) / step
        per_cell = (slopes[:, pairs.regulators] * slopes[:, pairs.targets]) @ pairs.weights**2
        at_gain_one = self.spread**2 * float(counts @ per_cell)
        sampling = math.sqrt(counts.sum()) * pairs.expected_sd(means, proportions, counts)
        variance = release.noise["codeviation"] ** 2 + sampling**2
        precision = at_gain_one**2 / variance
        estimate = float(release.sums["codeviation"][0]) * at_gain_one / variance
        prior = 1 / self.prior_gain_sd**2
        gain = (estimate + prior * self.prior_gain) / (precision + prior)
        return float(np.clip(gain, 0.0, 1.0))


@dataclass(frozen=True)
class _Pairs:
    """The graph's edges inside the panel as positions, with weights sign x belief."""

    regulators: npt.NDArray[np.intp]
    targets: npt.NDArray[np.intp]
    weights: Floats

    @classmethod
    def of(cls, edges: list[Edge], genes: tuple[str, ...]) -> _Pairs:
        position = {gene: i for i, gene in enumerate(genes)}
        return cls(
            np.array([position[edge.regulator.symbol] for edge in edges], dtype=np.intp),
            np.array([position[edge.target.symbol] for edge in edges], dtype=np.intp),
            edge_signs(edges) * np.array([edge.belief for edge in edges]),
        )

    def expected_sd(self, means: Floats, proportions: Floats, counts: Floats) -> float:
        """Standard deviation of a cell's co-deviation if genes were independent, from released values."""
        variances = np.maximum(proportions - means**2, 0)
        per_type = (variances[:, self.regulators] * variances[:, self.targets]) @ self.weights**2
        return math.sqrt(float(np.average(per_type, weights=counts)) + 1e-18)

    def block(self, means: Floats) -> Block:
        """One number a cell; its clip radius is four standard deviations under independence."""
        variances = np.maximum(means.mean(axis=0) * (1 - means.mean(axis=0)), 1e-9)
        sd = math.sqrt(float((variances[self.regulators] * variances[self.targets]) @ self.weights**2) + 1e-18)

        def codeviation(records: Records) -> Floats:
            deviations = root_proportions(records.values) - means[records.types]
            products = deviations[:, self.regulators] * deviations[:, self.targets]
            # A row's sum must not depend on how many rows there are, which a matrix product does not promise.
            summed: Floats = (products * self.weights).sum(axis=1, keepdims=True)
            return summed

        return Block("codeviation", codeviation, width=1, radius=4 * sd)


def _release_centre(private: PrivateCohort, view: PublicView | None, *, share: float) -> _Centre:
    release = private.release_sum(
        "centre",
        [
            Block("roots", lambda r: root_proportions(r.values), width=len(private.genes), radius=1.0),
            Block("library", lambda r: log_library(r.values)[:, None], width=1, radius=_LOG_RANGE, weight=0.3),
            Block("units", lambda r: np.ones((len(r.types), 1)), width=1, radius=1.0, weight=0.2),
        ],
        share=share,
    )
    units = max(float(release.sums["units"][0]), 1.0)
    library = float(np.clip(release.sums["library"][0] / units, math.log(20), _LOG_RANGE))
    roots = release.sums["roots"] / units
    if view is not None:
        roots = shrink_towards(roots, view.middle, release.noise["roots"] / units)
    return _Centre(np.clip(roots, 0.0, 1.0), library, units)


def _release_types(private: PrivateCohort, centre: _Centre, view: PublicView | None, *, share: float) -> Release:
    def deviations(records: Records) -> Floats:
        return root_proportions(records.values) - centre.roots

    def library(records: Records) -> Floats:
        scaled = np.clip((log_library(records.values) - centre.log_library) / _WINDOW, -1, 1)
        return np.column_stack([scaled, scaled**2])

    blocks = [
        Block("counts", lambda r: np.ones((len(r.types), 1)), width=1, radius=1.0, weight=0.3, per_type=True),
        Block("library", library, width=2, radius=math.sqrt(2), weight=0.2, per_type=True),
    ]
    genes = Block("deviations", deviations, width=len(private.genes), radius=centre.radius, per_type=True)
    if view is None:
        return private.release_sum("types", [genes, *blocks], share=share)
    axes = view.axes

    def coordinates(records: Records) -> Floats:
        # A row must not depend on how many rows there are, which a matrix product does not promise.
        rows = deviations(records)
        return np.column_stack([(rows * axis).sum(axis=1) for axis in axes.T])

    blocks.append(Block("coordinates", coordinates, width=axes.shape[1], radius=view.radius, per_type=True))
    genes = replace(genes, weight=_GENES_WEIGHT)
    if _genes_pay(private, centre, [genes, *blocks], share=share):
        blocks.append(genes)
    return private.release_sum("types", blocks, share=share)


def _genes_pay(private: PrivateCohort, centre: _Centre, blocks: list[Block], *, share: float) -> bool:
    """Whether noise would leave anything of the first block's genes: in a type of the mean size, by released numbers,
    its standard deviation in a gene's mean root is at most a quarter of the root of an average gene, 1 / sqrt(g)."""
    noise = private.planned_noise(blocks, share=share)[blocks[0].name]
    return noise * len(private.types) / centre.units <= 0.25 / math.sqrt(len(private.genes))


def _type_roots(centre: _Centre, released: Release, counts: Floats, axes: Floats | None) -> Floats:
    """Mean roots by type, shape (types, g): centre + what all types share + each type's own, noise shrunk out."""
    sums, noise = released.sums, released.noise
    if axes is None or "coordinates" not in sums:
        found = _denoised(sums["deviations"], noise["deviations"], counts, axes)
    elif "deviations" not in sums:
        found = _denoised(sums["coordinates"], noise["coordinates"], counts, None) @ axes.T
    else:
        # Along the axes both sums tell the same: weighed by their precision.
        along, precise = sums["deviations"] @ axes, [noise[name] ** -2 for name in ("coordinates", "deviations")]
        both = (precise[0] * sums["coordinates"] + precise[1] * along) / sum(precise)
        found = _denoised(both, sum(precise) ** -0.5, counts, None) @ axes.T
        found += _denoised(sums["deviations"] - along @ axes.T, noise["deviations"], counts, None)
    roots: Floats = np.maximum(centre.roots + found, 0.0)
    return roots


def _denoised(sums: Floats, noise: float, counts: Floats, axes: Floats | None) -> Floats:
    """Means by type of sums (types, k): what all types share and each type's own, both with the noise shrunk out."""
    overall = sums.sum(axis=0) / counts.sum()
    variance = (noise * math.sqrt(len(counts)) / counts.sum()) ** 2
    overall *= max(1.0 - variance / max(float(np.mean(overall**2)), variance), 0.0)
    scaled = (sums - counts[:, None] * overall) / noise
    own = (shrink(scaled) if axes is None else shrink_along(scaled, axes)) * noise / counts[:, None]
    found: Floats = overall + own
    return found


def _libraries(centre: _Centre, released: Release, counts: Floats) -> tuple[Floats, float]:
    """Mean log library size of each type, shrunk to the common mean, and one standard deviation for all."""
    sums, noise = released.sums["library"] * [_WINDOW, _WINDOW**2], released.noise["library"]
    shift = float(sums[:, 0].sum() / counts.sum())
    variance = max(float(sums[:, 1].sum() / counts.sum()) - shift**2, 0.01)
    between = 0.3 * variance
    error = (noise * _WINDOW / counts) ** 2 + variance / counts
    trust = between / (between + error)
    means = centre.log_library + shift + trust * (sums[:, 0] / counts - shift)
    return np.clip(means, math.log(5), _LOG_RANGE), math.sqrt(variance)


GENERATOR = GrnSubspace()
__all__ = ["GENERATOR", "GrnSubspace", "load_fitted"]
