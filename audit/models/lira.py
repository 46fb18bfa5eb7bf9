"""The likelihood-ratio attack: is what the model says of a record what models say that were trained on it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np
import numpy.typing as npt

from audit.attacks import AttackView
from audit.models._protocol import Model, Statistic
from audit.models.shadow import Shadows, attacked
from audit.neighbours import Floats

ENOUGH_FOR_OWN_SPREAD = 64


@dataclass(frozen=True, eq=False)
class Lira(Generic[Model]):
    """score(x) = log N(phi; m_in, s_in) - log N(phi; m_out, s_out), phi the statistic of the attacked model at x.

    Means are each record's own, over the shadow models that were (in) or were not (out) trained on it. Spreads are
    shared by all records below 64 models, as the paper does for few. Where no shadow model held a target (offline),
    score(x) = (phi - m_out) / s_out, which orders records as the paper's one-sided test does. Without a `model`, the
    attacked model is the view's synthetic set.
    """

    shadows: Shadows[Model]
    statistic: Statistic[Model]
    model: Model | None = None
    name: str = "lira"
    label: str = "Likelihood ratio of shadow models"
    explanation: str = "Trains the generator with and without each record, and asks which of the two this one is like."
    reference: str = "Carlini et al., Membership inference attacks from first principles, S&P 2022"
    needs_reference: bool = False
    holds_model: bool = True

    @property
    def ignores_synthetic(self) -> bool:
        """True where the synthetic set plays no part."""
        return self.model is not None

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        queries, _ = view.all_genes
        inside = self.shadows.inside[:, self.shadows.rows(queries)]
        seen = self.shadows.statistics(self.statistic, queries)
        phi = self.statistic(attacked(self.model, view), queries)
        centre, spread = _moments(seen, ~inside)
        out = (phi - centre) / spread
        if not inside.any():
            return out
        own, own_spread = _moments(seen, inside)
        within = (phi - own) / own_spread
        return np.asarray(0.5 * (out**2 - within**2) + np.log(spread / own_spread), dtype=np.float64)


def _moments(seen: Floats, chosen: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Mean and standard deviation of `seen` (K, n) over the models chosen for each record; shapes (n,)."""
    count = chosen.sum(axis=0)
    mean = np.where(chosen, seen, 0.0).sum(axis=0) / count
    squares = np.where(chosen, seen - mean, 0.0) ** 2
    if len(seen) < ENOUGH_FOR_OWN_SPREAD:
        spread = np.full(len(mean), np.sqrt(squares.sum() / max((count - 1).sum(), 1)))
    else:
        spread = np.sqrt(squares.sum(axis=0) / np.maximum(count - 1, 1))
    return mean, np.maximum(spread, 1e-12 * np.abs(seen).max() + 1e-300)
