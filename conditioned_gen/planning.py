"""What a promise would buy, before any private record is looked at.

A method is run on a stand-in: cells drawn at random around public proportions, behind a real barrier with the promise
in question. What the barrier would add in noise is then known for every statistic, since noise depends on the promise,
the method's settings and clip radii, and not on what the records are. Where a radius is worked out from an earlier
release it is the stand-in's, so that such rows are close but not exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from cohort import Cohort, make_cohort, row_sums
from conditioned_gen.barrier import Block, PrivateCohort, Release
from conditioned_gen.generator import generator
from conditioned_gen.ledger import Entry
from kg import GRN

_LIBRARY = 2_000.0
_ROWS = 4096


@dataclass(frozen=True, slots=True)
class PlannedStatistic:
    """A statistic that a method would release, in the statistic's own units.

    `numbers` is how many numbers it has; `noise` the standard deviation of the privacy noise in the sum of each, and
    `error` that in a mean over the units it speaks of. `relative` is the length of the error in a mean vector over the
    length that a unit's vector is clipped to: .01 is hardly seen, 1 leaves nothing. For gradients they are of one step.
    """

    release: str
    statistic: str
    numbers: int
    noise: float
    error: float
    relative: float


def plan(
    method: str,
    *,
    epsilon: float,
    delta: float,
    units: int,
    types: int,
    genes: Sequence[str],
    grn: GRN | None = None,
    public: Cohort | None = None,
    earlier: Sequence[Entry] = (),
    seed: int = 0,
) -> tuple[PlannedStatistic, ...]:
    """The statistics that `method` would release of so many units (cells) of equally large types, with their errors.

    `genes` is the panel, `earlier` what other releases under the promise have measured. Nothing private is needed.
    Raises `InputError` for a promise that is none or a method that is not there.
    """
    private = _Planning(
        _stand_in(units, types, genes, public, seed),
        epsilon=epsilon,
        delta=delta,
        types=_names(types),
        noise_seed=seed,
        earlier=earlier,
    )
    private.prepare(units, types)
    generator(method).fit(private, grn=grn or GRN(), public=public, seed=seed)
    return (*private.statistics, *_stepwise(private, len(earlier), units))


class _Planning(PrivateCohort):
    """A barrier around a stand-in that keeps what its noise would be."""

    statistics: list[PlannedStatistic]

    def prepare(self, units: int, types: int) -> None:
        self.statistics, self._units, self._types = [], units, types

    def release_sum(self, name: str, blocks: Sequence[Block], *, share: float) -> Release:
        release = super().release_sum(name, blocks, share=share)
        for block in blocks:
            of = self._types if block.per_type else 1
            noise = release.noise[block.name]
            error = noise * of / self._units
            self.statistics.append(
                PlannedStatistic(
                    name, block.name, block.width * of, noise, error, error * math.sqrt(block.width) / block.radius
                )
            )
        return release


def _stepwise(private: PrivateCohort, earlier: int, units: int) -> list[PlannedStatistic]:
    """Releases in many steps, such as gradients: noise in one step's mean over the records expected in it."""
    found = []
    for entry in private.ledger.entries[earlier:]:
        if entry.steps > 1:
            error = entry.noise / max(entry.sample_rate * units, 1.0)
            what = f"one of {entry.steps} steps"
            found.append(
                PlannedStatistic(
                    entry.name,
                    what,
                    entry.coordinates,
                    entry.noise,
                    error,
                    error * math.sqrt(entry.coordinates) / entry.sensitivity,
                )
            )
    return found


def _names(types: int) -> tuple[str, ...]:
    return tuple(f"type {number + 1}" for number in range(types))


def _stand_in(units: int, types: int, genes: Sequence[str], public: Cohort | None, seed: int) -> Cohort:
    """Poisson cells around the public cells' mean proportions, or around Zipf's law where there are none."""
    rng = np.random.default_rng(seed)
    proportions = 1.0 / np.arange(1, len(genes) + 1)
    library = _LIBRARY
    if public is not None:
        position = {gene: place for place, gene in enumerate(public.genes)}
        totals = np.asarray(public.counts.sum(axis=0)).ravel()
        proportions = np.array([totals[position[gene]] if gene in position else 0.0 for gene in genes]) + 1e-3
        shared = public.select_genes([gene for gene in genes if gene in position])
        library = float(np.exp(np.mean(np.log1p(row_sums(shared.counts)))))
    rates = library * proportions / proportions.sum()
    chunks = [
        sp.csr_matrix(rng.poisson(rates, (min(_ROWS, units - start), len(genes))).astype(np.float32))
        for start in range(0, units, _ROWS)
    ]
    names = _names(types)
    labels = [names[row % types] for row in range(units)]
    return make_cohort(sp.vstack(chunks), genes=genes, labels=labels, label="type")
