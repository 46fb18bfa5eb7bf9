"""How much of an attribute can be read from shared gradients, in bits that a given kind of reader can use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from audit.collaborative._protocol import Gradient
from audit.neighbours import Floats
from audit.statistics import Estimate, mean_estimate

AXES = 64
FOLDS = 5
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True, slots=True)
class Usable:
    """Usable information in bits: `information` = `without` - `given`, with its interval over gradients.

    `without` is the entropy of the attribute to a reader who sees nothing, `given` to one who sees a gradient.
    """

    information: Estimate
    without: float
    given: float


def usable_information(gradients: Floats, attribute: npt.NDArray[np.str_], *, seed: int) -> Usable:
    """I_V(G -> A) = H_V(A) - H_V(A | G), of gradients (n, q) about an attribute (n,), V = regularised linear readers.

    H_V(A) = inf over constants f of E[-log2 f(A)], H_V(A | G) = inf over f in V of E[-log2 f[G](A)]. V are multinomial
    logistic regressions on up to 64 random projections of the gradient, each standardised, with the penalty that does
    best on a part of what they are fitted on. They are fitted on four fifths and asked on the last, in turn, so nothing
    is gained by memorising, and the value may fall slightly below 0 where there is nothing to read. Unlike mutual
    information it can grow by processing, and a gradient that hides its content from every reader of V scores 0.
    Raises ValueError where a value of the attribute is rarer than the folds.

    Xu, Zhao, Song, Stewart and Ermon, A theory of usable information under computational constraints, ICLR 2020.
    """
    values, codes = np.unique(attribute, return_inverse=True)
    if len(values) < 2 or np.bincount(codes).min() < FOLDS:
        raise ValueError(f"the attribute needs at least two values, each {FOLDS} times")
    rng = np.random.default_rng(seed)
    features = _projected(gradients, rng)
    with_gradient, without = np.empty(len(codes)), np.empty(len(codes))
    for held, rest in _folds(codes, rng):
        with_gradient[held] = _read(features[rest], codes[rest], features[held], codes[held])
        without[held] = -np.log2(np.bincount(codes[rest]) / len(rest))[codes[held]]
    return Usable(mean_estimate(without - with_gradient), float(without.mean()), float(with_gradient.mean()))


def flattened(shared: list[Gradient]) -> npt.NDArray[np.float64]:
    """Shared gradients as rows (n, q), all parameters side by side."""
    return np.stack([torch.cat([piece.flatten() for piece in gradient]).double().numpy() for gradient in shared])


def _projected(gradients: Floats, rng: np.random.Generator) -> Floats:
    width = gradients.shape[1]
    if width <= AXES:
        return gradients
    return np.asarray(gradients @ (rng.standard_normal((width, AXES)) / np.sqrt(AXES)))


def _folds(
    codes: npt.NDArray[np.intp], rng: np.random.Generator
) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Held-out rows and, in random order, the others; every value of the attribute dealt evenly over the folds."""
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    fold = np.empty(len(codes), dtype=int)
    fold[order] = np.arange(len(codes)) % FOLDS
    return [(np.flatnonzero(fold == k), rng.permutation(np.flatnonzero(fold != k))) for k in range(FOLDS)]


def _read(train: Floats, answers: npt.NDArray[np.intp], tests: Floats, truth: npt.NDArray[np.intp]) -> Floats:
    """-log2 of the probability given to the truth, shape (m,), with the best penalty."""
    centre, spread = train.mean(axis=0), np.maximum(train.std(axis=0), 1e-12)
    scaled, asked = (train - centre) / spread, (tests - centre) / spread
    held = np.arange(len(train)) % 4 == 0
    costs = [_bits(c, scaled[~held], answers[~held], scaled[held], answers[held]).mean() for c in PENALTIES]
    return _bits(PENALTIES[int(np.argmin(costs))], scaled, answers, asked, truth)


def _bits(
    penalty: float, train: Floats, answers: npt.NDArray[np.intp], tests: Floats, truth: npt.NDArray[np.intp]
) -> Floats:
    from sklearn.linear_model import LogisticRegression

    reader = LogisticRegression(C=penalty, max_iter=1000).fit(train, answers)
    said = reader.predict_proba(tests)
    known = np.searchsorted(reader.classes_, truth).clip(max=len(reader.classes_) - 1)
    right = np.where(reader.classes_[known] == truth, said[np.arange(len(truth)), known], 0.0)
    return np.asarray(-np.log2(np.maximum(right, 1e-12)))
