"""How much of a data set a reconstruction got back, against how much of as many people whom it cannot know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from audit.neighbours import Floats
from audit.risks._compare import Comparison, Donors, compare, compare_events, memberships
from audit.statistics import Estimate

QUANTILE = 0.05
MATCHED = 256
PERMUTATIONS = 99


@dataclass(frozen=True)
class Matching:
    """Mean distance of the least-cost one-to-one matching to members and to controls; `closer` = controls - members."""

    members: float
    controls: float
    closer: Estimate
    p_value: float


@dataclass(frozen=True)
class Recovery:
    """Three measures of a reconstruction, each beside the same against controls.

    `coverage`: share of real records with a reconstructed one within tau. `precision` and `surest`: share of
    reconstructed records, and of the surest tenth of them, with a real one within tau. `tau` is the 5 % quantile
    of the controls' distances to the reconstruction.
    """

    tau: float
    coverage: Comparison
    precision: Comparison
    surest: Comparison
    matching: Matching


def recovery(distances: Floats, members: int, *, donors: Donors | None, seed: int) -> Recovery:
    """Judge `distances` (k, n + m) of reconstructed records, the surest first, to members and then controls."""
    tau = threshold(distances[:, members:].min(axis=0))
    success = covered(distances, members)
    hits = sp.csr_matrix(distances <= tau)
    first = hits[: max(len(distances) // 10, 1)]
    return Recovery(
        tau=tau,
        coverage=compare(success[:members], success[members:], donors=donors, seed=seed),
        precision=compare_events(hits, members, "at least one", donors=donors, seed=seed),
        surest=compare_events(first, members, "at least one", donors=donors, seed=seed),
        matching=_matching(distances, members, donors, seed),
    )


def covered(distances: Floats, members: int) -> npt.NDArray[np.float64]:
    """1 for each real record with a reconstructed one within tau, shape (n + m,), from `distances` (k, n + m)."""
    closest = distances.min(axis=0)
    return np.asarray(closest <= threshold(closest[members:]), dtype=np.float64)


def threshold(controls: Floats) -> float:
    """The distance within which 5 % of the controls lie; one of them at least, and more where distances are equal."""
    return float(np.sort(controls)[max(int(QUANTILE * len(controls)), 1) - 1])


def _matching(distances: Floats, members: int, donors: Donors | None, seed: int) -> Matching:
    """Match the surest reconstructed records to twice as many members, and to twice as many controls.

    Membership is permuted over records, or donors; p-value one-sided, interval 1.96 deviations of what that gives.
    """
    rng = np.random.default_rng(seed)
    orders = memberships(distances.shape[1], members, donors, permutations=PERMUTATIONS, seed=seed).astype(bool).T
    found = np.array([_costs(distances, inside, rng) for inside in orders])
    closer = found[:, 1] - found[:, 0]
    reach = 1.96 * float(np.std(closer[1:]))
    estimate = Estimate(float(closer[0]), float(closer[0]) - reach, float(closer[0]) + reach, distances.shape[1])
    return Matching(float(found[0, 0]), float(found[0, 1]), estimate, float((closer >= closer[0] - 1e-12).mean()))


def _costs(distances: Floats, inside: npt.NDArray[np.bool_], rng: np.random.Generator) -> tuple[float, float]:
    """The mean cost of matching to either side, at equal numbers."""
    from scipy.optimize import linear_sum_assignment

    sides = np.flatnonzero(inside), np.flatnonzero(~inside)
    size = min(2 * MATCHED, *map(len, sides))
    rows = min(MATCHED, max(size // 2, 1), len(distances))
    costs = []
    for side in sides:
        part = distances[:rows, rng.permutation(side)[:size]]
        costs.append(float(part[linear_sum_assignment(part)].mean()))
    return costs[0], costs[1]
