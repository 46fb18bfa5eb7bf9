"""The relative attack: does the model favour this record over others more than models usually do?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np
import numpy.typing as npt

from audit.attacks import AttackView, refine
from audit.models._protocol import Model, Statistic
from audit.models.shadow import Shadows, attacked
from audit.neighbours import Floats


@dataclass(frozen=True, eq=False)
class Rmia(Generic[Model]):
    """score(x) = share of z with [log p(x|model) - log p(x)] - [log p(z|model) - log p(z)] >= log gamma.

    log p(x|model) is the statistic, log p(x) its mean over the shadow models, z are records of the `population` or,
    without one, the other records under suspicion. The paper takes the mean of p, not of log p: of densities over many
    genes that mean is its one largest term, and a single shadow model would decide. At gamma = 1 the unit of the
    statistic then does not matter either, so a distance does as well. Equal shares are ordered by x's own bracket.
    Without a `model`, the attacked model is the view's synthetic set.
    """

    shadows: Shadows[Model]
    statistic: Statistic[Model]
    model: Model | None = None
    population: Floats | None = None
    gamma: float = 1.0
    name: str = "rmia"
    label: str = "Relative likelihood"
    explanation: str = "Asks whether the generator prefers this record to others more than its shadow models do."
    reference: str = "Zarifzadeh, Liu and Shokri, Low-cost high-power membership inference, ICML 2024"
    needs_reference: bool = False
    holds_model: bool = True

    @property
    def ignores_synthetic(self) -> bool:
        """True where the synthetic set plays no part."""
        return self.model is not None

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        queries, _ = view.all_genes
        model = attacked(self.model, view)
        ratios = self._ratios(model, queries)
        others = np.sort(ratios if self.population is None else self._ratios(model, self.population))
        dominated = np.searchsorted(others, ratios - np.log(self.gamma), side="right")
        return refine(dominated / len(others), ratios)

    def _ratios(self, model: Model, records: Floats) -> npt.NDArray[np.float64]:
        usual = self.shadows.statistics(self.statistic, records).mean(axis=0)
        return np.asarray(self.statistic(model, records) - usual, dtype=np.float64)
