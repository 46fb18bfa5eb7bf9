"""Which type is a record of? One classifier, and how often it is right."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.statistics import Estimate, clopper_pearson

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.str_]
RESAMPLES = 500


def classify(values: Floats, labels: Labels, tests: Floats) -> Labels:
    """The types of `tests` (m, g) according to a logistic regression on standardised `values` (n, g)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) == 1:
        return np.repeat(labels[:1], len(tests))
    centre, spread = values.mean(axis=0), values.std(axis=0)
    # A gene that is silent in training would blow up at the first count seen in the test.
    spread = np.where(spread > 1e-6, spread, 1.0)
    model = LogisticRegression(C=0.1, max_iter=300, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((values - centre) / spread, labels)
    return np.asarray(model.predict((tests - centre) / spread))


def accuracy(said: Labels, truth: Labels, seed: int) -> Estimate:
    """The share of records whose type is said rightly."""
    return clopper_pearson(int((said == truth).sum()), len(truth))


def macro_f1(said: Labels, truth: Labels, seed: int) -> Estimate:
    """The mean F1 over the types there are, with a bootstrap over records."""
    rng = np.random.default_rng(seed)
    draws = [_f1(said[rows], truth[rows]) for rows in rng.integers(len(truth), size=(RESAMPLES, len(truth)))]
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(_f1(said, truth), float(low), float(high), len(truth))


def _f1(said: Labels, truth: Labels) -> float:
    """The mean over the types there are of 2 TP / (2 TP + FP + FN)."""
    types, codes = np.unique(np.concatenate([truth, said]), return_inverse=True)
    real, named = codes[: len(truth)], codes[len(truth) :]
    hits = np.bincount(real[real == named], minlength=len(types))
    total = np.bincount(real, minlength=len(types)) + np.bincount(named, minlength=len(types))
    present = np.bincount(real, minlength=len(types)) > 0
    return float((2 * hits / total)[present].mean())
