"""Was it this person's record? What a reconstruction is worth, against others that it might have been."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from audit.neighbours import Floats
from audit.statistics import Estimate, clopper_pearson, mean_estimate


@dataclass(frozen=True, slots=True)
class Identification:
    """How often the true record is the closest of all candidates to its reconstruction, beside `chance`.

    `nearer` is the mean share of other candidates that lie further away than the true record: 0.5 by chance, 1 always
    closest; its interval is normal, over reconstructions. `p_value` is that of `top` exceeding chance (binomial).
    """

    top: Estimate
    chance: float
    nearer: Estimate
    p_value: float


def identify(found: Floats, truth: Floats, others: Floats) -> Identification:
    """Judge reconstructions (n, p) of records (n, p) against k other candidates each, (n, k, p).

    The others must be drawn as the true record was, and with all that the attacker already knew (of the same class,
    where that was known). Then a reconstruction that knows nothing more names the true one in 1 of k + 1 cases
    exactly. Distances are Euclidean; candidates equally far count half.
    """
    away = np.linalg.norm(np.asarray(truth - found, dtype=np.float64), axis=1)
    rest = np.linalg.norm(np.asarray(others - found[:, None], dtype=np.float64), axis=2)
    further = (rest > away[:, None]).mean(axis=1) + 0.5 * (rest == away[:, None]).mean(axis=1)
    hits, count = int((further == 1).sum()), len(found)
    chance = 1 / (others.shape[1] + 1)
    return Identification(
        top=clopper_pearson(hits, count),
        chance=chance,
        nearer=mean_estimate(further),
        p_value=float(binomtest(hits, count, chance, alternative="greater").pvalue),
    )
