"""What attacks that train a discriminator share: the same two sets, in units and in an order that mean nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._protocol import AttackView
from audit.neighbours import Floats

MOST = 5000


@dataclass(frozen=True, eq=False)
class Contest:
    """Synthetic (1) against reference (0) records: `values` (n, d) and `made` (n,), and the `queries` (q, d).

    Each axis has mean 0 and variance 1 over both sets together, each weighing half, so that the unit does not matter.
    Rows are sorted by their values, so that what is drawn at random in training does not depend on their order.
    """

    values: npt.NDArray[np.float64]
    made: npt.NDArray[np.bool_]
    queries: npt.NDArray[np.float64]


def contest(view: AttackView, *, seed: int) -> Contest:
    """The two sets of this view, 5,000 of each drawn where there are more. Raises ValueError without a reference."""
    if view.reference is None:
        raise ValueError("this attack needs a reference set")
    sets = [np.asarray(each, dtype=np.float64) for each in (view.synthetic, view.reference)]
    middle = (sets[0].mean(axis=0) + sets[1].mean(axis=0)) / 2
    spread = np.sqrt((sets[0].var(axis=0) + sets[1].var(axis=0)) / 2)
    spread = np.where(spread > 0, spread, 1.0)
    rng = np.random.default_rng(seed)
    parts = [(_some(each, rng) - middle) / spread for each in sets]
    made = np.repeat([True, False], [len(part) for part in parts])
    return Contest(np.concatenate(parts), made, (view.queries - middle) / spread)


def _some(values: Floats, rng: np.random.Generator) -> Floats:
    order = np.lexsort(values.T[::-1])
    return values[order if len(order) <= MOST else rng.permutation(order)[:MOST]]
