"""Can one see from a synthetic set as a whole whether a record was in the data behind it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.attacks import AttackView, refine
from audit.embedding import fit_axes
from audit.models.shadow import Shadows, closeness
from audit.neighbours import Floats

TREES = 100
BINS = 10
MOST_AXES = 20


@dataclass(frozen=True, eq=False)
class Groundhog:
    """score(x) = P(x in the training set | features of the synthetic set), one forest a target over K shadow sets.

    Features of a set: mean, median and variance of each axis (naive), the share of records in ten bins between the
    axis's deciles (hist), and correlations of axes (corr). Axes are the features where there are at most 20, else the
    20 leading principal axes of all shadow samples. Forests give coarse scores; equal ones are ordered by distance.
    """

    shadows: Shadows[Floats]
    seed: int = 0
    name: str = "groundhog"
    label: str = "Set features of shadow sets"
    explanation: str = "Learns from sets made with and without a record how that record shows in means and shapes."
    reference: str = "Stadler, Oprisanu and Troncoso, Synthetic data: anonymisation groundhog day, USENIX Security 2022"
    needs_reference: bool = False
    holds_model: bool = True

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        queries, synthetic = view.all_genes
        inside = self.shadows.both()[:, self.shadows.rows(queries)]
        sets = _on_axes([*self.shadows.models, synthetic], self.seed)
        cuts = np.quantile(np.concatenate(sets[:-1]), np.linspace(0, 1, BINS + 1)[1:-1], axis=0)
        features = np.stack([set_features(values, cuts) for values in sets])
        return refine(_forests(features[:-1], inside, features[-1], self.seed), closeness(synthetic, queries))


def set_features(values: Floats, cuts: Floats) -> npt.NDArray[np.float64]:
    """Naive, hist and corr features of one set (m, d) with inner bin edges `cuts` (b - 1, d); one vector.

    The order of the records does not matter.
    """
    naive = [values.mean(axis=0), np.median(values, axis=0), values.var(axis=0)]
    below = np.stack([(values <= cut).mean(axis=0) for cut in cuts])
    shares = np.diff(np.vstack([np.zeros_like(below[:1]), below, np.ones_like(below[:1])]), axis=0)
    centred = values - values.mean(axis=0)
    scaled = centred / np.maximum(np.sqrt((centred**2).mean(axis=0)), 1e-12)
    upper = np.triu_indices(values.shape[1], k=1)
    correlations = (scaled.T @ scaled / len(values))[upper]
    return np.concatenate([*naive, shares.ravel(), correlations]).astype(np.float64)


def _on_axes(sets: list[Floats], seed: int) -> list[Floats]:
    if sets[0].shape[1] <= MOST_AXES:
        return sets
    axes = fit_axes(np.concatenate(sets[:-1]), seed=seed, components=MOST_AXES)
    return [axes.project(values) for values in sets]


def _forests(features: Floats, inside: npt.NDArray[np.bool_], observed: Floats, seed: int) -> npt.NDArray[np.float64]:
    """P(in) of each target (n,) from shadow features (K, f), their answers (K, n) and the observed features (f,)."""
    from sklearn.ensemble import RandomForestClassifier

    said = np.empty(inside.shape[1])
    for target, answer in enumerate(inside.T):
        forest = RandomForestClassifier(TREES, min_samples_leaf=2, random_state=seed).fit(features, answer)
        said[target] = forest.predict_proba(observed[None])[0, list(forest.classes_).index(True)]
    return said
