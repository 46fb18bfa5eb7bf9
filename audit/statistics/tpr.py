"""How many members an attack finds while it accuses almost nobody wrongly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.statistics.auc import Floats
from audit.statistics.estimate import Estimate, clopper_pearson

FPRS = (0.001, 0.01, 0.1)
FALSE_POSITIVES_NEEDED = 10


@dataclass(frozen=True, slots=True)
class Rate:
    """The true positive rate at one false positive rate; `resolvable` is False below 10 expected false positives."""

    fpr: float
    tpr: Estimate
    resolvable: bool


def resolvable(fpr: float, nonmembers: int) -> bool:
    """True where the rate would show in at least 10 of the non-members."""
    return fpr * nonmembers >= FALSE_POSITIVES_NEEDED - 1e-9


def allowed(fpr: float, nonmembers: int) -> int:
    """How many non-members may be accused at this rate."""
    return int(np.floor(fpr * nonmembers + 1e-9))


def found(members: Floats, nonmembers: Floats, fpr: float) -> int:
    """Members scored strictly above the threshold that leaves at most `fpr` of the non-members above it."""
    threshold = np.sort(nonmembers)[::-1][allowed(fpr, len(nonmembers))]
    return int((members > threshold).sum())


def rates(members: Floats, nonmembers: Floats, *, fprs: tuple[float, ...] = FPRS) -> tuple[Rate, ...]:
    """TPR at each FPR by the step function (nothing is interpolated) with Clopper-Pearson intervals.

    Carlini et al., "Membership inference attacks from first principles", 2022.
    """
    n, m = len(members), len(nonmembers)
    return tuple(Rate(fpr, clopper_pearson(found(members, nonmembers, fpr), n), resolvable(fpr, m)) for fpr in fprs)


def roc(
    members: Floats, nonmembers: Floats, *, points: int = 200
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The step ROC at no more than about `points` thresholds, denser at low rates; shapes (p,), rising."""
    thresholds = np.unique(np.concatenate([members, nonmembers]))[::-1]
    tpr = np.searchsorted(np.sort(-members), -thresholds, side="right") / len(members)
    fpr = np.searchsorted(np.sort(-nonmembers), -thresholds, side="right") / len(nonmembers)
    fpr, tpr = np.concatenate([[0.0], fpr]), np.concatenate([[0.0], tpr])
    if len(fpr) > points:
        keep = np.unique(np.concatenate([[0], np.geomspace(1, len(fpr) - 1, points).astype(int)]))
        fpr, tpr = fpr[keep], tpr[keep]
    return fpr, tpr
