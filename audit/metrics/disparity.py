"""Do some types pay more, in privacy or in usefulness, than others?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.document import Table
from audit.metrics._draws import Drawn, Floats, draw_all, labels_of, near_trio
from audit.metrics._protocol import Measured, MetricView, Score, register
from audit.statistics import Estimate, auc

FEWEST = 10
PERMUTATIONS = 199
VOTES = 5
LOOKED_AT = 50


@register
@dataclass(frozen=True)
class Disparity:
    """How unevenly exposure and usefulness fall on the types: the deviation of either over types, weighted by records.

    Exposure of a type: the AUC of telling its members from its non-members by their distance to the nearest synthetic
    record. Loss of a type: its recall among non-members by the five nearest members, less that by the five nearest
    synthetic records. Both are tested by permutation: membership is exchanged within types, and members for synthetic
    records, so that what is rare and hard to learn from anybody's records is no disparity. The control is the mean of
    the permutations: what evenness looks like at these sizes.
    """

    name: str = "disparity"
    label: str = "Disparity between types"
    explanation: str = "Asks whether privacy and usefulness are shared out evenly among the types."
    reference: str = "Ganev, Oprisanu and De Cristofaro, Robin Hood and Matthew effects, ICML 2022 (question)"
    needs_labels: bool = True
    default: bool = True

    def measure(self, view: MetricView) -> Measured:
        drawn = draw_all(view)
        judged = drawn.labels["members"], drawn.labels["nonmembers"], _tested(view)
        kinds = [
            str(kind)
            for kind in np.unique(drawn.labels["members"])
            if min((labels == kind).sum() for labels in judged) >= FEWEST
        ]
        if len(kinds) < 2:
            return Measured((), notes=(f"Fewer than two types have {FEWEST} members and {FEWEST} non-members.",))
        exposure, of_exposure = exposures(drawn, kinds, seed=view.seed)
        loss, of_loss = losses(view, kinds)
        rows = tuple((str(k), float(a), float(b)) for k, a, b in zip(kinds, of_exposure, of_loss, strict=True))
        columns = ("Type", "AUC of members by distance", "Recall lost")
        table = Table("Exposure and loss of each type", columns, rows)
        return Measured((exposure, loss), (table,), (f"{len(kinds)} types with {FEWEST} records or more.",))


def exposures(drawn: Drawn, kinds: list[str], *, seed: int) -> tuple[Score, Floats]:
    """The spread of the types' exposures as a score, and the exposures themselves, shape (types,)."""
    real, labels = drawn.real, drawn.real_labels
    closeness = -drawn.graph.near("real", "synthetic", 1).distances[:, 0]
    rows = [np.flatnonzero(labels == kind) for kind in kinds]
    member = np.arange(len(real)) < len(drawn.points["members"])

    def aucs(inside: npt.NDArray[np.bool_]) -> Floats:
        return np.asarray([auc(closeness[r][inside[r]], closeness[r][~inside[r]]) for r in rows])

    def shuffled(rng: np.random.Generator) -> Floats:
        order = np.arange(len(real))
        for of_type in rows:
            order[of_type] = rng.permutation(of_type)
        return aucs(member[order])

    weights = np.asarray([len(r) for r in rows], dtype=np.float64)
    found = aucs(member)
    label = "Spread over types of the AUC of members by distance"
    return _score("exposure", label, found, weights, shuffled, "membership permuted within types", seed), found


def _tested(view: MetricView) -> npt.NDArray[np.str_]:
    """The types of the non-members by whom recall is judged."""
    return labels_of(view, "nonmembers")[near_trio(view)[0].real]


def losses(view: MetricView, kinds: list[str]) -> tuple[Score, Floats]:
    """The spread of the types' losses of recall as a score, and the losses themselves, shape (types,)."""
    trio, graph = near_trio(view)
    size = trio.size
    taught = np.concatenate([labels_of(view, "members")[trio.other], labels_of(view, "synthetic")[trio.synthetic]])
    truths = _tested(view)
    tested = np.isin(truths, kinds)
    truth = np.searchsorted(kinds, truths[tested])
    near = graph.near_either("real", "other", "synthetic", LOOKED_AT).indices[tested]
    codes = np.where(np.isin(taught, kinds), np.searchsorted(kinds, taught), len(kinds))
    weights = np.bincount(truth, minlength=len(kinds)).astype(np.float64)

    def lost(of_members: npt.NDArray[np.bool_]) -> Floats:
        right = [_majority(near, inside, codes, len(kinds) + 1) == truth for inside in (of_members, ~of_members)]
        hits = [np.bincount(truth, weights=each, minlength=len(kinds)) for each in right]
        return np.asarray((hits[0] - hits[1]) / weights)

    of_members = np.arange(2 * size) < size

    def shuffled(rng: np.random.Generator) -> Floats:
        return lost(rng.permutation(of_members))

    found = lost(of_members)
    label = "Spread over types of the recall lost"
    exchanged = "members and synthetic records exchanged"
    return _score("loss", label, found, weights, shuffled, exchanged, view.seed), found


def _majority(
    near: npt.NDArray[np.intp], inside: npt.NDArray[np.bool_], codes: npt.NDArray[np.intp], kinds: int
) -> npt.NDArray[np.intp]:
    """The commonest code among the first five neighbours (m, k) that are inside, the lowest of equals; -1: none is."""
    held = inside[near]
    counted = held & (np.cumsum(held, axis=1) <= VOTES)
    votes = np.stack([(counted & (codes[near] == kind)).sum(axis=1) for kind in range(kinds)], axis=1)
    return np.where(votes.any(axis=1), votes.argmax(axis=1), -1)


def spread(values: Floats, weights: Floats) -> float:
    """The weighted standard deviation."""
    shares = weights / weights.sum()
    return float(np.sqrt(shares @ (values - shares @ values) ** 2))


def _score(
    key: str,
    label: str,
    found: Floats,
    weights: Floats,
    again: Callable[[np.random.Generator], Floats],
    control_label: str,
    seed: int,
) -> Score:
    rng = np.random.default_rng(seed)
    draws = np.asarray([spread(again(rng), weights) for _ in range(PERMUTATIONS)])
    observed, n = spread(found, weights), int(weights.sum())
    low, high = np.quantile(draws, [0.025, 0.975])
    # The permutations' reach stands in for that of the spread, whose own law would need the truth of each type.
    reach = float(high - low) / 2
    p_value = float((1 + (draws >= observed - 1e-12).sum()) / (1 + PERMUTATIONS))
    return Score(
        key=key,
        label=label,
        goal="minimise",
        low=0.0,
        high=1.0,
        target=0.0,
        estimate=Estimate(observed, max(observed - reach, 0.0), min(observed + reach, 1.0), n),
        control=Estimate(float(draws.mean()), min(float(low), float(draws.mean())), float(high), n),
        control_label=control_label,
        reading="No more than in the control: shared out evenly; a small p-value: some types pay more.",
        p_value=p_value,
    )
