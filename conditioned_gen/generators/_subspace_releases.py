"""The two sums that `grn_subspace` measures: the centre of all cells, and what is of each type."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from conditioned_gen.axes import PublicView
from conditioned_gen.barrier import Block, PrivateCohort, Records, Release
from conditioned_gen.hellinger import log_library, root_proportions
from conditioned_gen.shrinkage import shrink_towards
from conditioned_gen.states import States

Floats = npt.NDArray[np.float64]
LOG_RANGE = math.log(1e6)
WINDOW = 2.0
"""A log library size counts up to this far from the centre's."""
_GENES_WEIGHT = 2.0
"""Of the sum over all genes, beside 1 of that along public axes: it has many more coordinates to tell from noise."""
_STATES_WEIGHT = 0.5


@dataclass(frozen=True)
class Centre:
    """What the first release gave: mean roots (g,), the noise in each, a typical log library size, how many units."""

    roots: Floats
    noise: float
    log_library: float
    units: float

    @property
    def radius(self) -> float:
        """Clip radius of deviations: 1.1 sqrt(1 - |m|^2), since roots have norm 1 and the mean m."""
        return 1.1 * math.sqrt(max(1.0 - float(self.roots @ self.roots), 0.05))


def release_centre(private: PrivateCohort, view: PublicView | None, *, share: float) -> Centre:
    """The sums over all cells of root proportions (norm exactly 1), of log library sizes and of ones."""
    release = private.release_sum(
        "centre",
        [
            Block("roots", lambda r: root_proportions(r.values), width=len(private.genes), radius=1.0),
            Block("library", lambda r: log_library(r.values)[:, None], width=1, radius=LOG_RANGE, weight=0.3),
            Block("units", lambda r: np.ones((len(r.types), 1)), width=1, radius=1.0, weight=0.2),
        ],
        share=share,
    )
    units = max(float(release.sums["units"][0]), 1.0)
    library = float(np.clip(release.sums["library"][0] / units, math.log(20), LOG_RANGE))
    roots = release.sums["roots"] / units
    if view is not None:
        roots = shrink_towards(roots, view.middle, release.noise["roots"] / units)
    return Centre(np.clip(roots, 0.0, 1.0), release.noise["roots"] / units, library, units)


def release_types(
    private: PrivateCohort, centre: Centre, view: PublicView | None, states: States | None, *, share: float
) -> Release:
    """Within each type: the number of cells, moments of their log library size, deviations from the centre, and with
    public cells how many cells are near to each of their states."""

    def deviations(records: Records) -> Floats:
        return root_proportions(records.values) - centre.roots

    def library(records: Records) -> Floats:
        scaled = np.clip((log_library(records.values) - centre.log_library) / WINDOW, -1, 1)
        return np.column_stack([scaled, scaled**2])

    blocks = [
        Block("counts", lambda r: np.ones((len(r.types), 1)), width=1, radius=1.0, weight=0.3, per_type=True),
        Block("library", library, width=2, radius=math.sqrt(2), weight=0.2, per_type=True),
    ]
    genes = Block("deviations", deviations, width=len(private.genes), radius=centre.radius, per_type=True)
    if view is None or states is None:
        return private.release_sum("types", [genes, *blocks], share=share)
    axes = view.axes

    def coordinates(records: Records) -> Floats:
        # A row must not depend on how many rows there are, which a matrix product does not promise.
        rows = deviations(records)
        return np.column_stack([(rows * axis).sum(axis=1) for axis in axes.T])

    def near(records: Records) -> Floats:
        return states.one_hot(records.values)

    blocks.append(Block("coordinates", coordinates, width=axes.shape[1], radius=view.radius, per_type=True))
    blocks.append(Block("states", near, width=len(states), radius=1.0, weight=_STATES_WEIGHT, per_type=True))
    genes = replace(genes, weight=_GENES_WEIGHT)
    if _genes_pay(private, centre, [genes, *blocks], share=share):
        blocks.append(genes)
    return private.release_sum("types", blocks, share=share)


def _genes_pay(private: PrivateCohort, centre: Centre, blocks: list[Block], *, share: float) -> bool:
    """Whether noise would leave anything of the first block's genes: in a type of the mean size, by released numbers,
    its standard deviation in a gene's mean root is at most a quarter of the root of an average gene, 1 / sqrt(g)."""
    noise = private.planned_noise(blocks, share=share)[blocks[0].name]
    return noise * len(private.types) / centre.units <= 0.25 / math.sqrt(len(private.genes))
