"""How risk grows: with the records released, the records held of a donor, the donors a generator is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from audit.attacks import Attack, AttackView
from audit.attacks._run import AttackResult
from audit.models import Refit
from audit.neighbours import Floats
from audit.statistics import Estimate, Scores, auc_estimate

FRACTIONS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
HELD = (1, 2, 5, 10, 20, 50, 100)
TRAINED_ON = (2, 5, 10, 20, 50, 100, 200)
FEWEST_RELEASED = 20
FEWEST_DONORS = 3
REPETITIONS = 200
CurveName = Literal["released", "held", "donors"]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The AUC of one attack at one place of the axis."""

    at: int
    attack: str
    label: str
    auc: Estimate


@dataclass(frozen=True, slots=True)
class Curve:
    """AUC along `axis`; what is varied and how is in `explanation`."""

    name: CurveName
    label: str
    axis: str
    explanation: str
    points: tuple[CurvePoint, ...]


def released_curve(attacks: Sequence[Attack], view: AttackView, members: int, *, seed: int) -> Curve | None:
    """AUC of each attack where only a part of the synthetic set is released; None where it is too small to cut.

    Parts are nested: one shuffle of the synthetic records, cut at growing sizes. The intervals resample the judged
    records and not the choice of the part.
    """
    order = np.random.default_rng(seed).permutation(len(view.synthetic))
    sizes = sorted({max(round(part * len(order)), 1) for part in FRACTIONS})
    sizes = [size for size in sizes if size >= FEWEST_RELEASED]
    if len(sizes) < 2 or not attacks:
        return None
    known = view.query_donors
    donors = (None, None) if known is None else (known[:members], known[members:])
    points = []
    for size in sizes:
        part = _released(view, np.sort(order[:size]))
        for attack in attacks:
            values = attack.scores(part)
            scores = Scores(values[:members], values[members:], *donors)
            estimate = auc_estimate(scores, seed=seed, repetitions=REPETITIONS)
            points.append(CurvePoint(size, attack.name, attack.label, estimate))
    return Curve(
        "released",
        "Risk against released records",
        "Synthetic records released",
        "The same attacks on growing parts of the synthetic set: releasing less can only help if the curve rises.",
        tuple(points),
    )


def _released(view: AttackView, rows: npt.NDArray[np.intp]) -> AttackView:
    genes = None if view.synthetic_genes is None else view.synthetic_genes[rows]
    labels = None if view.synthetic_labels is None else view.synthetic_labels[rows]
    return dataclasses.replace(view, synthetic=view.synthetic[rows], synthetic_genes=genes, synthetic_labels=labels)


def held_curve(attacks: Sequence[AttackResult], *, seed: int) -> Curve | None:
    """AUC for whole donors of whom the attacker holds k records, by the mean score; None where donors are not known.

    Donors with fewer than k records are judged by those they have. The records held are drawn once, nested in k.
    Attacks that judge donors as a whole already, from all of their records, are left out.
    """
    working = [a for a in attacks if not a.fault and a.scores.clustered and _tells_records_apart(a.scores)]
    if not working:
        return None
    first = working[0].scores
    assert first.member_donors is not None
    assert first.nonmember_donors is not None
    sides = (first.member_donors, first.nonmember_donors)
    if min(len(np.unique(donors)) for donors in sides) < FEWEST_DONORS:
        return None
    most = max(int(np.unique(donors, return_counts=True)[1].max()) for donors in sides)
    places = [_place_in_donor(donors, seed) for donors in sides]
    points = []
    for held in [*(k for k in HELD if k < most), most]:
        for attack in working:
            estimate = _held(attack.scores, places, held, seed)
            points.append(CurvePoint(held, attack.name, attack.label, estimate))
    return Curve(
        "held",
        "Risk against records held of a donor",
        "Records of each donor that the attacker holds",
        "Whole donors are judged by the mean score of the records held: many weak signs add up.",
        tuple(points),
    )


def _tells_records_apart(scores: Scores) -> bool:
    """True where some donor's records have different scores."""
    for values, donors in ((scores.members, scores.member_donors), (scores.nonmembers, scores.nonmember_donors)):
        assert donors is not None
        if any(len(np.unique(values[donors == donor])) > 1 for donor in np.unique(donors)):
            return True
    return False


def _place_in_donor(donors: npt.NDArray[np.str_], seed: int) -> npt.NDArray[np.intp]:
    """The place of each record in a shuffle of its donor's, from 0; shape (n,)."""
    order = np.random.default_rng(seed).permutation(len(donors))
    places = np.empty(len(donors), dtype=np.intp)
    for donor in np.unique(donors):
        rows = order[donors[order] == donor]
        places[rows] = np.arange(len(rows))
    return places


def _held(scores: Scores, places: Sequence[npt.NDArray[np.intp]], held: int, seed: int) -> Estimate:
    assert scores.member_donors is not None
    assert scores.nonmember_donors is not None
    inside, outside = (place < held for place in places)
    part = Scores(
        scores.members[inside],
        scores.nonmembers[outside],
        scores.member_donors[inside],
        scores.nonmember_donors[outside],
    )
    return auc_estimate(part.by_donor(), seed=seed, repetitions=REPETITIONS)


def donors_curve(
    attacks: Sequence[Attack],
    refit: Refit[Floats],
    inside: tuple[Floats, npt.NDArray[np.str_]],
    outside: tuple[Floats, npt.NDArray[np.str_]],
    *,
    seed: int,
) -> Curve | None:
    """AUC for whole donors where the generator is trained on k of the members' donors only; None with too few donors.

    `inside` and `outside` are members and non-members: records (n, p) in the scale of analysis, and their donors (n,).
    `refit` trains anew for each k, on nested sets of donors drawn once, and hands back samples (m, p). Intervals
    resample donors, so at two or three donors they say little.
    """
    order = np.random.default_rng(seed).permutation(np.unique(inside[1]))
    if min(len(order), len(np.unique(outside[1]))) < FEWEST_DONORS:
        return None
    points = []
    for count in [*(k for k in TRAINED_ON if k < len(order)), len(order)]:
        rows = np.isin(inside[1], order[:count])
        records = inside[0][rows]
        view = AttackView(np.concatenate([records, outside[0]]), np.asarray(refit(records, seed=seed)))
        for attack in attacks:
            said = attack.scores(view)
            scores = Scores(said[: len(records)], said[len(records) :], inside[1][rows], outside[1])
            estimate = auc_estimate(scores.by_donor(), seed=seed, repetitions=REPETITIONS)
            points.append(CurvePoint(count, attack.name, attack.label, estimate))
    return Curve(
        "donors",
        "Risk against donors trained on",
        "Donors that the generator is trained on",
        "The generator is trained again on fewer donors: each weighs more, and is easier to find.",
        tuple(points),
    )
