"""Records rebuilt from a generator's weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.models.gan_leaks import PartialBlackBox, WhiteBox
from audit.neighbours import Floats
from audit.statistics import Estimate, clopper_pearson, fisher_greater

FALSE_ALARMS = 0.05


@dataclass(frozen=True, eq=False)
class Reconstructed:
    """Members rebuilt from the weights: how many, beside non-members at the same threshold.

    A record counts as rebuilt where the model's closest output is closer than `threshold` (Euclid), which leaves 5 %
    of one half of the non-members below it; `control` is the share of the other half, `p_value` Fisher's.
    `records` (n, p) are the closest outputs to the members.
    """

    members: Estimate
    control: Estimate
    threshold: float
    p_value: float
    records: npt.NDArray[np.float64]


def reconstruct(attack: WhiteBox | PartialBlackBox, members: Floats, nonmembers: Floats, *, seed: int) -> Reconstructed:
    """Rebuild members (n, p) from the model, and say how much better that works than on non-members (m, p).

    Raises ValueError with fewer than 40 non-members: half of them cannot set a threshold at 5 %.
    """
    if len(nonmembers) < 2 / FALSE_ALARMS:
        raise ValueError(f"{len(nonmembers)} non-members cannot set a threshold at 5 %: at least 40 are needed")
    outputs = attack.reach(members).outputs
    order = np.random.default_rng(seed).permutation(len(nonmembers))
    away = np.linalg.norm(attack.reach(nonmembers).outputs - nonmembers, axis=1)[order]
    fixing, judged = away[: len(away) // 2], away[len(away) // 2 :]
    threshold = float(np.quantile(fixing, FALSE_ALARMS))
    rebuilt = int((np.linalg.norm(outputs - members, axis=1) < threshold).sum())
    by_chance = int((judged < threshold).sum())
    return Reconstructed(
        members=clopper_pearson(rebuilt, len(members)),
        control=clopper_pearson(by_chance, len(judged)),
        threshold=threshold,
        p_value=fisher_greater(rebuilt, len(members), by_chance, len(judged)),
        records=outputs,
    )
