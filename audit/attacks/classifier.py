"""A random forest's judgement of synthetic against real records, asked about the records under suspicion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._discriminator import contest
from audit.attacks._protocol import AttackView, refine, register

TREES = 50
LEAF = 3


@register
@dataclass(frozen=True)
class Classifier:
    """score(x) = P(synthetic | x) by a random forest trained to tell S from R in the shared embedding.

    Both sets weigh the same. Fifty trees give few distinct probabilities at the ends; equal ones are ordered by the
    distance to the closest synthetic record.
    """

    name: str = "classifier"
    label: str = "Classifier"
    explanation: str = "Trains a random forest to tell synthetic from independent real records and asks it about each."
    reference: str = "Zhang et al., Generated distributions are all you need for membership inference, WACV 2024"
    needs_reference: bool = True
    seed: int = 0

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        from sklearn.ensemble import RandomForestClassifier

        sets = contest(view, seed=self.seed)
        forest = RandomForestClassifier(
            TREES, min_samples_leaf=LEAF, class_weight="balanced", random_state=self.seed, n_jobs=1
        )
        said = forest.fit(sets.values, sets.made).predict_proba(sets.queries)[:, 1]
        return refine(said, -view.near_synthetic.distances[:, 0])
