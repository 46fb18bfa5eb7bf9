"""A leak of known size in a table of usual size: can the best attack name the members it gives away?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from audit._selftest._result import SelfCheck
from audit.attacks import Attack, AttackView
from audit.embedding import fit_axes
from audit.statistics import rates

ROWS, COLUMNS, RANK = 5000, 200, 20
SHARE, NOISE = 0.2, 0.3
FPR, TPR = 0.001, 0.18


def near_copies(attacks: Mapping[str, Attack], rng: np.random.Generator) -> list[SelfCheck]:
    """A fifth of 5,000 x 200 synthetic records are members moved by 0.3 standard deviations along each column.

    At a false positive rate of .1 % at most .2 of the members can be found, and the best attack must find .18. There
    are 10,000 non-members, so that the rate is resolvable.
    """
    view = leaking_table(rng)
    found = {}
    for name, attack in sorted(attacks.items()):
        values = np.asarray(attack.scores(view), dtype=np.float64)
        found[name] = rates(values[:ROWS], values[ROWS:], fprs=(FPR,))[0].tpr
    best = max(found, key=lambda name: found[name].point)
    ranked = sorted(found, key=lambda name: -found[name].point)
    others = ", ".join(f"{name} {found[name].point:.3f}" for name in ranked)
    estimate = found[best]
    detail = f"{best}: TPR {estimate.point:.3f} [{estimate.low:.3f}, {estimate.high:.3f}] at .1 % FPR; all: {others}"
    statement = "finds 18 % of the members at .1 % false alarms where 20 % are near-copies"
    return [SelfCheck("attack", "best attack", statement, estimate.point >= TPR, detail)]


def leaking_table(rng: np.random.Generator) -> AttackView:
    """Records of rank 20 and noise in shared principal axes, and the table that gives a fifth of the members away."""
    mixing = rng.standard_normal((RANK, COLUMNS)) / np.sqrt(RANK)
    members, others, made, reference = (_records(rng, mixing, rows) for rows in (ROWS, 2 * ROWS, ROWS, ROWS))
    copied = int(SHARE * ROWS)
    made[:copied] = members[:copied] + NOISE * members.std(axis=0) * rng.standard_normal((copied, COLUMNS))
    axes = fit_axes(reference, seed=0)
    queries = np.concatenate([axes.project(members), axes.project(others)])
    return AttackView(queries, axes.project(made), axes.project(reference))


def _records(rng: np.random.Generator, mixing: npt.NDArray[np.float64], rows: int) -> npt.NDArray[np.float32]:
    values = rng.standard_normal((rows, RANK)) @ mixing + 0.5 * rng.standard_normal((rows, COLUMNS))
    return values.astype(np.float32)
