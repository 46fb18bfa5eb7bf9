"""The flagship: one small set of noisy sums, decoded along the graph.

Three releases, of which the last is made only if the graph has edges inside the panel:

1. *centre*: the sum of all cells' root proportions (norm exactly 1), of their log library sizes and of ones;
2. *types*: within each type, the sum of deviations from the released centre, with counts and moments of the log
   library size. With public cells there are two such sums: of coordinates along the public axes, clipped at the
   radius within which public cells lie, and, where its planned noise leaves anything of a gene, of all genes. Without,
   there is the second alone. Public cells also have states, and how many cells of a type are near to each is counted;
3. *edges*: one number, the sum over cells and edges of sign x belief x deviation(regulator) x deviation(target)
   from the released type means: how strongly the graph's edges show within types.

Everything after that is post-processing: shrinkage along public axes (of public cells, or of the graph's regulons),
inversion of the mean root to a proportion at each type's own library sizes, types as mixtures of public states where
one profile does not explain which states their cells are near to, and a causal network over the graph's edges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cohort import Cohort
from conditioned_gen.axes import public_view, regulon_axes
from conditioned_gen.barrier import PrivateCohort, Release
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import GRN_SUBSPACE
from conditioned_gen.generators._subspace_edges import Pairs
from conditioned_gen.generators._subspace_fitted import SubspaceFitted, load_fitted
from conditioned_gen.generators._subspace_mixtures import Mixtures, mixed
from conditioned_gen.generators._subspace_releases import LOG_RANGE, WINDOW, Centre, release_centre, release_types
from conditioned_gen.networks import CausalNetwork, edges_within
from conditioned_gen.rare import borrowed_profiles
from conditioned_gen.shrinkage import shrink, shrink_along
from conditioned_gen.states import States, adapted, public_states, shares_of
from kg import GRN, Edge

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GrnSubspace:
    """Settings of the method; all of them are constants that no private record has influenced.

    `shares` divide the mu^2 that is left of the budget between the three releases. `spread` is the standard deviation
    of a gene's log level between cells of one type, a prior that the data do not update.
    """

    method: ClassVar[Method] = GRN_SUBSPACE
    shares: tuple[float, float, float] = (0.35, 0.6, 0.05)
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
        states = None if public is None or view is None else public_states(public, genes, view)
        axes = regulon_axes(grn, genes) if view is None else view.axes
        edges = edges_within(grn, genes)
        # Naming the types may have cost part of the budget already: shares are of what is left.
        left = private.share_left
        shares = [share * left for share in (self.shares if edges else (self.shares[0], 1 - self.shares[0], 0.0))]
        centre = release_centre(private, view, share=shares[0])
        tell(1, 3)
        released = release_types(private, centre, view, states, share=shares[1])
        tell(2, 3)
        counts = np.maximum(released.sums["counts"].ravel(), 1.0)
        mixtures = self._mixtures(centre, released, counts, axes, states)
        if public is not None and private.borrowed:
            mixtures = _with_borrowed(mixtures, private, public)
        gain = self._released_gain(private, edges, mixtures, counts, share=shares[2]) if edges else self.prior_gain
        tell(3, 3)
        return SubspaceFitted(
            genes=genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            mixtures=mixtures,
            counts=counts,
            network=CausalNetwork.from_grn(grn, genes, gain=gain, spread=self.spread),
            settings={
                "shares": shares,
                "gain": gain,
                "edges": len(edges),
                "axes": 0 if axes is None else int(axes.shape[1]),
                "axes_from": "public cells" if public is not None else "regulons of the graph",
                "states": 0 if states is None else len(states),
            },
        )

    def _mixtures(
        self, centre: Centre, released: Release, counts: Floats, axes: Floats | None, states: States | None
    ) -> Mixtures:
        """Types as the releases show them; nothing here but post-processing."""
        roots = _type_roots(centre, released, counts, axes)
        libraries, sds = _libraries(centre, released, counts)
        alone = Mixtures.alone(roots, libraries, sds, spread=self.spread)
        if states is None:
            return alone
        sums, noise = released.sums["states"], released.noise["states"]
        overall = shares_of(sums.sum(axis=0), noise * math.sqrt(len(sums)))
        moved = adapted(states, overall, centre.roots, centre.noise, log_library=centre.log_library)
        # Half of what k independent normal errors, of mean size .8 standard deviations, add up to.
        doubt = 0.4 * len(states) * noise / counts
        return mixed(alone, roots, shares_of(sums, noise), doubt, states=moved, measured=states)

    def _released_gain(
        self,
        private: PrivateCohort,
        edges: list[Edge],
        mixtures: Mixtures,
        counts: Floats,
        *,
        share: float,
    ) -> float:
        """Edge strength: the released co-deviation over what gain 1 would give, shrunk to its prior.

        With w = sign x belief and slopes f = d mean root / d log level, gain 1 makes a cell's expected
        co-deviation spread^2 x sum over edges of w^2 f_regulator f_target.
        """
        pairs = Pairs.of(edges, private.genes)
        means = mixtures.expected()
        release = private.release_sum("edges", [pairs.block(means)], share=share)
        step = 0.05
        slopes = (mixtures.expected(1 + step) - means) / step
        per_cell = (slopes[:, pairs.regulators] * slopes[:, pairs.targets]) @ pairs.weights**2
        at_gain_one = self.spread**2 * float(counts @ per_cell)
        sampling = math.sqrt(counts.sum()) * pairs.expected_sd(means, mixtures.proportions, counts)
        variance = release.noise["codeviation"] ** 2 + sampling**2
        precision = at_gain_one**2 / variance
        estimate = float(release.sums["codeviation"][0]) * at_gain_one / variance
        prior = 1 / self.prior_gain_sd**2
        gain = (estimate + prior * self.prior_gain) / (precision + prior)
        return float(np.clip(gain, 0.0, 1.0))


def _with_borrowed(mixtures: Mixtures, private: PrivateCohort, public: Cohort) -> Mixtures:
    """The same, where types that are too small have one profile, that of the public cells of their name."""
    places = [private.types.index(name) for name in private.borrowed]
    proportions, weights = mixtures.proportions.copy(), mixtures.weights.copy()
    proportions[places] = borrowed_profiles(public, private.borrowed, private.genes, otherwise=proportions[places])
    weights[places] = np.eye(weights.shape[1])[0]
    return replace(mixtures, proportions=proportions, weights=weights)


def _type_roots(centre: Centre, released: Release, counts: Floats, axes: Floats | None) -> Floats:
    """Mean roots by type, shape (types, g): centre + what all types share + each type's own, noise shrunk out."""
    sums, noise = released.sums, released.noise
    if noise.get("deviations") == 0:
        found = sums["deviations"] / counts[:, None]
    elif axes is None or "coordinates" not in sums:
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


def _libraries(centre: Centre, released: Release, counts: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each type's log library sizes (types,), shrunk to what is common to all."""
    first, second = (released.sums["library"] * [WINDOW, WINDOW**2] / counts[:, None]).T
    weights = counts / counts.sum()
    shift = float(weights @ first)
    variance = max(float(weights @ second) - shift**2, 0.01)
    noise = released.noise["library"] / counts
    trust = 0.3 * variance / (0.3 * variance + (noise * WINDOW) ** 2 + variance / counts)
    means = shift + trust * (first - shift)
    error = (noise * WINDOW**2) ** 2 + 2 * variance**2 / counts
    trust = 0.25 * variance**2 / (0.25 * variance**2 + error)
    variances = np.clip(variance + trust * (second - means**2 - variance), 0.02, 2.0)
    return np.clip(centre.log_library + means, math.log(5), LOG_RANGE), np.sqrt(variances)


GENERATOR = GrnSubspace()
__all__ = ["GENERATOR", "GrnSubspace", "load_fitted"]
