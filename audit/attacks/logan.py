"""A discriminator trained long enough to remember, asked about the records under suspicion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks._discriminator import contest
from audit.attacks._protocol import AttackView, register

EPOCHS = 30
HIDDEN = 64


@register
@dataclass(frozen=True)
class Logan:
    """score(x) = logit D(x), D a small network trained to tell S (1) from R (0) in the shared embedding.

    One hidden layer of 64 units, 30 passes by Adam; the logit and not the probability, which saturates. The paper's
    attacker trains on samples of the generator alone; with R as the other side this is its attack D1.
    """

    name: str = "logan"
    label: str = "LOGAN"
    explanation: str = "Trains a small network to tell synthetic from independent real records and asks it about each."
    reference: str = "Hayes, Melis, Danezis and De Cristofaro, LOGAN, PoPETs 2019"
    needs_reference: bool = True
    seed: int = 0

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        from sklearn.neural_network import MLPClassifier

        sets = contest(view, seed=self.seed)
        network = MLPClassifier((HIDDEN,), learning_rate_init=0.003, random_state=self.seed)
        for _ in range(EPOCHS):
            network.partial_fit(sets.values, sets.made, classes=[False, True])
        hidden = np.maximum(sets.queries @ network.coefs_[0] + network.intercepts_[0], 0)
        return np.asarray(hidden @ network.coefs_[1][:, 0] + network.intercepts_[1][0], dtype=np.float64)
