"""One attack, run with its controls."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audit.attacks._controls import Control, controls
from audit.attacks._protocol import Attack, AttackView
from audit.statistics import (
    FPRS,
    ChanceTest,
    EpsilonBound,
    Estimate,
    Rate,
    Scores,
    against_chance,
    auc_estimate,
    epsilon_bound,
    rates,
    roc,
    tied_share,
)

MOST_TIES = 0.05


@dataclass(frozen=True)
class AttackResult:
    """What one attack found, and whether the instrument worked; an empty `fault` means that it did.

    `ties` is the share of member/non-member pairs that differ and have equal scores, `rates` are those of donors, by
    their mean scores, where donors are the unit, `roc` the pairs (FPR, TPR) of the step curve of records, `n` and `m`
    the members and non-members judged, `scores` what was said of each record.
    """

    name: str
    label: str
    explanation: str
    reference: str
    auc: Estimate
    rates: tuple[Rate, ...]
    chance: ChanceTest
    epsilon: EpsilonBound
    controls: tuple[Control, ...]
    ties: float
    fault: str
    n: int
    m: int
    clustered: bool
    roc: tuple[tuple[float, float], ...] = field(repr=False)
    scores: Scores = field(repr=False, compare=False)
    seconds: float = 0.0


def run_attack(
    attack: Attack,
    view: AttackView,
    members: int,
    *,
    seed: int,
    delta: float,
    error: float = 0.05,
    tests: int = 1,
    donors: tuple[npt.NDArray[np.str_], npt.NDArray[np.str_]] | None = None,
) -> AttackResult:
    """Score the view's queries, of which the first `members` are members, and say what the scores show.

    `error` is that of the bound on epsilon; a caller with k attacks divides its own by k. `tests` is how many tests
    the p-values will be corrected for.

    Raises ValueError where the attack gives another number of scores than there are queries.
    """
    start = time.perf_counter()
    values = np.asarray(attack.scores(view), dtype=np.float64)
    if values.shape != (len(view.queries),):
        raise ValueError(f"attack {attack.name}: scores of shape {values.shape} for {len(view.queries)} records")
    finite = bool(np.isfinite(values).all())
    values = values if finite else np.zeros_like(values)
    member_donors, nonmember_donors = donors or (None, None)
    scores = Scores(values[:members], values[members:], member_donors, nonmember_donors)
    estimate = auc_estimate(scores, seed=seed)
    chance, units = against_chance(scores, seed=seed, tests=tests), scores.by_donor()
    checked = controls(attack, view, scores, seed=seed) if finite else ()
    ties = tied_share(scores.members, scores.nonmembers) - _equal_pairs(view, scores)
    false, true = roc(scores.members, scores.nonmembers)
    return AttackResult(
        name=attack.name,
        label=attack.label,
        explanation=attack.explanation,
        reference=attack.reference,
        auc=estimate,
        rates=rates(units.members, units.nonmembers, fprs=FPRS),
        chance=chance,
        epsilon=epsilon_bound(scores, delta=delta, error=error),
        controls=checked,
        ties=ties,
        fault=_fault(finite, estimate.point, np.unique(values).size, ties, checked),
        n=len(scores.members),
        m=len(scores.nonmembers),
        clustered=scores.clustered,
        roc=tuple(zip(false.tolist(), true.tolist(), strict=True)),
        scores=scores,
        seconds=time.perf_counter() - start,
    )


def _equal_pairs(view: AttackView, scores: Scores) -> float:
    """The share of member/non-member pairs with equal scores whose records are equal, and must get equal scores."""
    records = np.ascontiguousarray(view.all_genes[0])
    said = zip(np.concatenate([scores.members, scores.nonmembers]).tolist(), records, strict=True)
    keys = [(score, record.tobytes()) for score, record in said]
    n = len(scores.members)
    outside = Counter(keys[n:])
    return sum(outside[key] for key in keys[:n]) / (n * (len(keys) - n))


def _fault(finite: bool, point: float, values: int, ties: float, checked: tuple[Control, ...]) -> str:
    """Why this instrument cannot be believed, or nothing."""
    if not finite:
        return "it gave scores that are not finite numbers"
    if values == 1:
        return "it says the same of every record"
    if ties > MOST_TIES:
        return f"{ties:.0%} of its comparisons are ties, so its AUC is mostly a guess"
    # Of a few records, a working attack may put exactly half of the pairs in order; ties besides are no accident.
    if point == 0.5 and ties > 0:
        return "its AUC is exactly 0.5, ties included, which working instruments do not show"
    broken = [
        f"{control.meaning} ({control.name}: AUC {control.auc.point:.3f}, expected {control.expected:.3f})"
        for control in checked
        if not control.works
    ]
    return "; ".join(broken)
