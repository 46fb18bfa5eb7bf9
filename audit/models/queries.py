"""Questions to the synthetic set about one record, weighed by what shadow sets answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks import AttackView
from audit.models.shadow import Shadows
from audit.neighbours import Floats, nearest

QUESTIONS = 24


@dataclass(frozen=True, eq=False)
class TargetedQueries:
    """score(x) = log-odds of membership given the answers to random questions about x, learnt from K shadow sets.

    A question names a random half to all of the features; its answer is the distance of x to the closest synthetic
    record in these alone, so numbers and categories are asked alike and no answer is a tie. Answers are standardised by
    what shadow sets without x gave for the same x; what remains means the same for every record, so that one
    classifier learns from all K x n pairs of set and record.
    """

    shadows: Shadows[Floats]
    seed: int = 0
    name: str = "targeted_queries"
    label: str = "Targeted queries"
    explanation: str = "Asks how close the synthetic set comes to a record in random features, beside shadow sets."
    reference: str = "Houssiau et al., TAPAS, 2022; Annamalai, Ganev and De Cristofaro, USENIX Security 2024"
    needs_reference: bool = False
    holds_model: bool = True

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        from sklearn.linear_model import LogisticRegression

        queries, synthetic = view.all_genes
        inside, rows = self.shadows.both(), self.shadows.rows(queries)
        questions = _questions(queries.shape[1], self.seed)
        shadow = self.shadows.statistics(
            lambda samples, asked: answers(samples, asked, questions), self.shadows.targets
        )
        centre, spread = _without(shadow, inside)
        learner = LogisticRegression(C=0.1, max_iter=1000)
        learner.fit(((shadow - centre) / spread).reshape(-1, len(questions)), inside.ravel())
        observed = (answers(synthetic, queries, questions) - centre[rows]) / spread
        return np.asarray(learner.decision_function(observed), dtype=np.float64)


def answers(samples: Floats, queries: Floats, questions: list[npt.NDArray[np.intp]]) -> npt.NDArray[np.float64]:
    """Distance of each query (n, p) to the closest of samples (m, p) in each question's features; shape (n, q)."""
    columns = [nearest(queries[:, asked], samples[:, asked], 1).distances[:, 0] for asked in questions]
    return np.stack(columns, axis=1)


def _questions(features: int, seed: int) -> list[npt.NDArray[np.intp]]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers((features + 1) // 2, features + 1, size=QUESTIONS)
    return [np.sort(rng.permutation(features)[:size]) for size in sizes]


def _without(shadow: Floats, inside: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Mean (n, q) of the answers of sets without the record, and their pooled spread (q,)."""
    out = ~inside[:, :, None]
    centre = np.where(out, shadow, 0.0).sum(axis=0) / out.sum(axis=0)
    squares = np.where(out, shadow - centre, 0.0) ** 2
    return centre, np.maximum(np.sqrt(squares.sum(axis=(0, 1)) / out.sum()), 1e-12)
