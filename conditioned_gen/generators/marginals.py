"""Noisy tables of pairs of genes by type, of which the public graph says which to measure.

What marginal-based methods (PrivBayes, Zhang et al. 2017; MST and AIM, McKenna et al. 2021 and 2022) spend much of
their budget on is to choose the pairs. Here the most believed regulations choose them, and cost nothing: the spanning
forest of greatest belief. Two sums are released:

1. *centre*: of all cells' root proportions (norm 1), log library sizes and ones;
2. *tables*: for each measured gene, within each type, one table of its level by its regulator's (of its level alone,
   for roots). A cell adds a single 1 to each of the m tables, whatever their size, so its vector has norm sqrt(m).

Noise grows with sqrt(m). As many genes are measured as leave its standard deviation below a share of a type of the mean
size, by released numbers, but a hundred in any case, about as many as types have markers: first those that vary most
among public cells or, without any, have the largest released mean. All other genes keep the released mean, the same for
all types. The rest is post-processing: noise is taken out of the tables, they are made consistent, and sampled down the
trees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cohort import Cohort
from conditioned_gen.axes import public_view
from conditioned_gen.barrier import Block, PrivateCohort, Records
from conditioned_gen.generator import Method, Progress
from conditioned_gen.generators import MARGINALS
from conditioned_gen.generators._forest import Codes, Forest, consistent
from conditioned_gen.generators._levels import LEVELS, count_levels, level_shares
from conditioned_gen.generators._marginals_fitted import MarginalsFitted, load_fitted
from conditioned_gen.hellinger import RootMeans, log_library, root_proportions
from conditioned_gen.networks import edges_within
from conditioned_gen.shrinkage import shrink, shrink_towards
from kg import GRN

Floats = npt.NDArray[np.float64]
_LOG_RANGE = math.log(1e6)
_LIBRARY_SD = 0.35
_COLUMNS = 64
"""Genes to a block: their tables' one-hot rows are dense, and all genes at once would fill the memory."""


@dataclass(frozen=True)
class MarginalModel:
    """Settings of the method; constants all of them, so that none has to be paid for.

    `shares` divide the mu^2 that is left of the budget between both sums. The noise of a table's cell is kept at most
    `tolerated` times the mean number of cells of a type, unless there would be fewer than `least` tables.
    """

    method: ClassVar[Method] = MARGINALS
    shares: tuple[float, float] = (0.2, 0.8)
    tolerated: float = 0.03
    least: int = 100

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> MarginalsFitted:
        """Measure through the barrier, then make tables agree. `seed` is not used: only privacy noise is drawn."""
        private.take_as_public(f"the graph ({len(grn)} edges)")
        left = private.share_left
        roots, log_mean, units = _release_centre(private, share=self.shares[0] * left)
        if progress is not None:
            progress(1, 2)
        columns = self._measured(private, roots, units, public, share=self.shares[1] * left)
        forest = _forest([private.genes[column] for column in columns], grn)
        blocks = table_blocks(columns, forest)
        release = private.release_sum("tables", blocks, share=self.shares[1] * left)
        shape = (len(private.types), -1, LEVELS, LEVELS)
        noisy = np.concatenate([release.sums[block.name].reshape(shape) for block in blocks], axis=1)
        proportions = RootMeans(log_mean, _LIBRARY_SD).proportions(roots)
        proportions /= max(proportions.sum(), 1e-12)
        expected = level_shares(proportions[columns], log_mean, _LIBRARY_SD)
        counts, tables = _denoised(noisy, release.noise[blocks[0].name], forest, expected)
        if progress is not None:
            progress(2, 2)
        return MarginalsFitted(
            genes=private.genes,
            types=private.types,
            label=private.label,
            ledger=private.ledger,
            columns=columns,
            forest=forest,
            tables=tables,
            proportions=proportions,
            counts=counts,
            settings={
                "log_library_mean": log_mean,
                "log_library_sd": _LIBRARY_SD,
                "measured": len(columns),
                "pairs": int((forest.parents >= 0).sum()),
            },
        )

    def _measured(
        self, private: PrivateCohort, roots: Floats, units: float, public: Cohort | None, *, share: float
    ) -> Codes:
        """Positions of the genes to measure, ascending: as many as the planned noise allows."""
        one = Block("one", lambda records: np.ones((len(records.types), 1)), width=1, radius=1.0)
        noise = private.planned_noise([one], share=share)["one"]
        bearable = self.tolerated * units / len(private.types)
        number = len(roots) if noise == 0 else min(max(int((bearable / noise) ** 2), self.least), len(roots))
        worth = roots
        if public is not None:
            private.take_as_public(f"cells of other people ({len(public)})")
            spread = np.linalg.norm(public_view(public, private.genes).axes, axis=1)
            worth = np.where(spread > 0, 1 + spread, roots)
        return np.sort(np.argsort(-worth, kind="stable")[:number])


def table_blocks(columns: Codes, forest: Forest) -> list[Block]:
    """One-hot tables (k x k, parent's level by own) of the genes at `columns`, in blocks of equal noise."""

    def block(start: int) -> Block:
        inside = np.arange(start, min(start + _COLUMNS, len(columns)))
        parents = forest.parents[inside]

        def onehot(records: Records) -> Floats:
            levels = count_levels(records.values[:, columns[inside]])
            above = np.where(parents < 0, 0, count_levels(records.values[:, columns[parents]]))
            places = above * LEVELS + levels
            rows = np.zeros((len(levels), len(inside), LEVELS * LEVELS))
            np.put_along_axis(rows, places[:, :, None], 1.0, axis=2)
            return rows.reshape(len(levels), -1)

        size = math.sqrt(len(inside))
        return Block(f"tables {start}", onehot, width=len(inside) * LEVELS**2, radius=size, weight=size, per_type=True)

    return [block(start) for start in range(0, len(columns), _COLUMNS)]


def _forest(genes: list[str], grn: GRN) -> Forest:
    position = {gene: place for place, gene in enumerate(genes)}
    pairs = [
        (edge.belief, position[edge.regulator.symbol], position[edge.target.symbol])
        for edge in edges_within(grn, genes)
    ]
    return Forest.spanning(len(genes), pairs)


def _denoised(noisy: Floats, noise: float, forest: Forest, shares: Floats) -> tuple[Floats, Floats]:
    """Numbers of units (types,) and consistent tables (types, m, k, k), with `shares` (m, k) expected of each level.

    All tables of a type have the same total, so that its number of units is their mean. What types have in common is
    drawn towards independent genes of the released mean, which shows what noise has put where nothing can be; what a
    type has beyond that, in units of the noise, is what `shrink` takes noise out of.
    """
    levels = np.full(noisy.shape[1], LEVELS)
    cells = forest.cells(levels)
    counts = np.maximum(noisy[:, cells].sum(axis=1) / noisy.shape[1], 1.0)
    above = np.where(forest.parents[:, None] < 0, np.arange(LEVELS) == 0, shares[forest.parents])
    prior = (above[:, :, None] * shares[:, None, :])[cells] * counts.sum()
    flat = noisy[:, cells]
    if noise > 0:
        common = shrink_towards(flat.sum(axis=0), prior, noise * math.sqrt(len(counts)))
        expected = counts[:, None] * common / counts.sum()
        flat = expected + noise * shrink((flat - expected) / noise)
    tables = np.zeros_like(noisy)
    tables[:, cells] = flat
    return counts, consistent(tables, forest, levels, counts)


def _release_centre(private: PrivateCohort, *, share: float) -> tuple[Floats, float, float]:
    """Mean roots (g,), mean log library size and number of units, each pulled into its possible range."""
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
    log_mean = float(np.clip(release.sums["library"][0] / units, math.log(20), _LOG_RANGE))
    return np.clip(release.sums["roots"] / units, 0.0, 1.0), log_mean, units


GENERATOR = MarginalModel()
__all__ = ["GENERATOR", "MarginalModel", "load_fitted"]
