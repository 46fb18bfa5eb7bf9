"""Dataset reconstruction: get the training set back from nothing but the synthetic set."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audit.document import Table
from audit.embedding import fit_axes
from audit.metrics import MetricView
from audit.neighbours import Floats, nearest, squared_distances
from audit.risks._compare import rate
from audit.risks._protocol import COMPARISON_COLUMNS, Need, RiskMeasured, comparison_row, measured, register
from audit.risks._recovery import Recovery, covered, recovery
from audit.risks._sides import sides
from audit.risks._surrogates import LocalMeans, Surrogate

SECOND, NEAR, WIDE = 1, 5, 50
SAME = 0.95
FLOOR = 1e-9
BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Records (k, w) that an attacker would claim were used, the surest first, and as many candidates at random."""

    records: Floats
    random: Floats
    candidates: int


def reconstruct(
    synthetic: Floats,
    count: int,
    *,
    reference: Floats | None = None,
    surrogate: Surrogate | None = None,
    oversampling: int = 10,
    seed: int,
) -> Reconstruction:
    """What can be told of `count` training records from `synthetic` (s, w), and perhaps `reference` (r, w), alone.

    1. The surrogate is fitted on S and draws M = `oversampling` x `count` candidates; S itself joins them.
    2. A candidate's score is the density ratio of DOMIAS by neighbour distances r_k in principal axes of S: the mean
       over k = 2..5 of log r_k to R less that to S (a record of S is its own first neighbour, so k = 1 says nothing).
       Without a reference r_50 to S stands in for R: then the score is how much denser S is at x than around x.
    3. From the highest score downwards a candidate is taken unless one already taken lies within .95 of its own r_2,
       since both would be the same person; so a mean replaces the noisy versions that it was taken of, and records
       that stand alone do not exclude each other. At most `count` are claimed, fewer where S has no more to tell.
    """
    axes = fit_axes(synthetic, seed=seed)
    draws = (surrogate or LocalMeans())(synthetic, axes, oversampling * count, seed=seed)
    candidates = np.concatenate([synthetic, draws])
    places, known = axes.project(candidates), axes.project(synthetic)
    near = nearest(places, known, WIDE).distances
    around = near[:, -1:] if reference is None else nearest(places, axes.project(reference), NEAR).distances
    score = _mean_log(around) - _mean_log(near[:, :NEAR])
    order = np.argsort(-score, kind="stable")
    kept = order[_distinct(places[order], SAME * near[order, SECOND], count)]
    random = np.random.default_rng(seed).permutation(len(candidates))[: len(kept)]
    return Reconstruction(candidates[kept], candidates[random], len(candidates))


def _mean_log(distances: Floats) -> npt.NDArray[np.float64]:
    """The mean of log r_k over all columns of (c, k) but the first, or over the only one; shape (c,)."""
    beyond = distances[:, SECOND:] if distances.shape[1] > SECOND else distances
    return np.asarray(np.log(np.maximum(beyond, FLOOR)).mean(axis=1), dtype=np.float64)


def _distinct(places: Floats, radius: Floats, count: int) -> npt.NDArray[np.intp]:
    """The first `count` rows of `places` (c, d) that have no earlier one of these within their `radius` (c,)."""
    taken: list[int] = []
    for start in range(0, len(places), BLOCK):
        block, reach = places[start : start + BLOCK], radius[start : start + BLOCK] ** 2
        free = np.ones(len(block), dtype=bool)
        if taken:
            free = squared_distances(block, places[taken]).min(axis=1) > reach
        rows = np.flatnonzero(free)
        if not len(rows):
            continue
        within = squared_distances(block[rows], block[rows])
        alive = np.ones(len(rows), dtype=bool)
        for at in range(len(rows)):
            if alive[at]:
                taken.append(start + int(rows[at]))
                alive &= within[at] > reach[rows]
        if len(taken) >= count:
            break
    return np.array(taken[:count], dtype=np.intp)


@register
@dataclass(frozen=True)
class DatasetReconstruction:
    """success(t) = 1 where a reconstructed record lies within tau of t, the 5 % quantile of that over non-members.

    At most as many records as there are members are claimed, from S (and the reference), by `reconstruct`; distances
    are Euclidean over all columns. Beside this coverage of members: precision, the share of reconstructed records that
    have a member within tau, and the mean distance of the best one-to-one matching. Each stands beside the same
    for non-members, at equal numbers, whom nobody can reconstruct: what is got back of them is the population. The
    naive guess claims as many candidates at random, and has a tau of its own.
    """

    name: str = "dataset_reconstruction"
    label: str = "Reconstruction of the data set"
    explanation: str = (
        "Fits a generator of its own to the synthetic records, draws many candidates, keeps those that look memorised "
        "and counts the members among them."
    )
    reference: str = "PriSyn; candidates are scored as by van Breugel et al., DOMIAS, AISTATS 2023"
    needs: tuple[Need, ...] = ()
    surrogate: Surrogate = field(default_factory=LocalMeans)
    oversampling: int = 10

    def measure(self, view: MetricView) -> RiskMeasured:
        held = sides(view)
        claimed = reconstruct(
            held.synthetic,
            len(held.members),
            reference=None if view.target.reference is None else view.target.values("reference"),
            surrogate=self.surrogate,
            oversampling=self.oversampling,
            seed=view.seed,
        )
        distances = np.sqrt(squared_distances(claimed.records, held.targets))
        found = recovery(distances, len(held.members), donors=held.donors, seed=view.seed)
        by_chance = covered(np.sqrt(squared_distances(claimed.random, held.targets)), len(held.members))
        notes = (
            f"{len(claimed.records)} records claimed of {claimed.candidates} candidates; tau {found.tau:.3g}, where "
            f"two non-members are {_apart(held.controls):.3g} apart (median to the nearest).",
        )
        return measured(found.coverage, rate(by_chance[: len(held.members)]), tables=_tables(found), notes=notes)


def _apart(records: Floats) -> float:
    return float(np.median(nearest(records, records, 1, skip_self=True).distances))


def _tables(found: Recovery) -> tuple[Table, ...]:
    shares = Table(
        "Reconstructed records within tau of real ones",
        ("Share", *COMPARISON_COLUMNS),
        (
            comparison_row("real records covered", found.coverage),
            comparison_row("reconstructed records that are right", found.precision),
            comparison_row("the surest tenth of them", found.surest),
        ),
    )
    matching = found.matching
    row = (
        *("surest records", matching.members, matching.controls, matching.closer.point),
        *(f"{matching.closer.low:.3g} to {matching.closer.high:.3g}", matching.p_value),
    )
    heads = ("Matched", "Members", "Control", "Closer to members by", "95 %", "p")
    return shares, Table("Mean distance in the least-cost one-to-one matching", heads, (row,))
