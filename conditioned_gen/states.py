"""States of public cells: profiles that cells of any type may come near to, known without private data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.cluster import KMeans

from cohort import Cohort
from conditioned_gen.axes import PublicView
from conditioned_gen.hellinger import RootMeans, log_library, root_proportions

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
STATES = 16
FEWEST = 10
"""Cells that a state must have."""
_ROUNDS = 3
_LIBRARY_SD = 0.45
_PRIOR = 300.0
"""Counts that the profile of all cells adds to that of a state."""
_LOG_FOLDS = np.linspace(-4.0, 4.0, 81)
_FOLD_SDS = np.array([0.01, 0.1, 0.3, 0.8, 1.8])
_SAMPLING = 1e-3


@dataclass(frozen=True, eq=False)
class States:
    """`profiles` (k, g) are proportions that add up to 1; `libraries` (k,) mean log library sizes less the overall."""

    profiles: Floats
    libraries: Floats

    def __len__(self) -> int:
        return len(self.profiles)

    def nearest(self, counts: sp.csr_matrix) -> Codes:
        """The state under which each row of counts (n, g) is most probable, by multinomial likelihood, shape (n,).

        A fold change of a gene that all states share, such as another chemistry's, adds the same to all of them.
        """
        codes: Codes = np.asarray(counts @ self._logs).argmax(axis=1)
        return codes

    def one_hot(self, counts: sp.csr_matrix) -> Floats:
        """`nearest` as rows of zeros and a one, shape (n, k): of norm 1, each a function of its own row alone."""
        rows: Floats = np.eye(len(self))[self.nearest(counts)]
        return rows

    @cached_property
    def _logs(self) -> Floats:
        return np.ascontiguousarray(np.log(self.profiles + 1e-12).T)


def public_states(public: Cohort, genes: Sequence[str], view: PublicView) -> States:
    """At most 16 clusters of public cells: k-means along the public axes, then by likelihood; the same each time.

    Genes of the panel that the public cells lack are equally abundant in all states.
    """
    there = set(public.genes)
    places = np.array([place for place, gene in enumerate(genes) if gene in there], dtype=np.intp)
    counts = public.select_genes([genes[place] for place in places]).counts
    wanted = max(1, min(STATES, len(public) // (2 * FEWEST)))
    coordinates = root_proportions(counts) @ view.axes[places]
    codes = KMeans(wanted, n_init=4, random_state=0).fit(coordinates).labels_
    for _ in range(_ROUNDS):
        profiles = _pooled(counts, codes)
        sizes = np.bincount(_flat(profiles).nearest(counts), minlength=len(profiles))
        kept = sizes >= min(FEWEST, int(sizes.max()))
        codes = _flat(profiles[kept]).nearest(counts)
    _, codes = np.unique(codes, return_inverse=True)
    shared, logs = _pooled(counts, codes), log_library(counts)
    profiles = np.full((len(shared), len(genes)), 1.0 / len(genes))
    profiles[:, places] = shared * (len(places) / len(genes))
    return States(profiles, np.bincount(codes, logs) / np.bincount(codes) - logs.mean())


def _flat(profiles: Floats) -> States:
    return States(profiles, np.zeros(len(profiles)))


def _pooled(counts: sp.csr_matrix, codes: Codes) -> Floats:
    """Proportions of each cluster's counts, drawn towards those of all cells."""
    shape = (int(codes.max()) + 1, len(codes))
    sums = (sp.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=shape) @ counts).toarray()
    overall = sums.sum(axis=0) + 0.5
    pooled: Floats = sums + _PRIOR * overall / overall.sum()
    pooled /= pooled.sum(axis=1, keepdims=True)
    return pooled


def adapted(states: States, shares: Floats, roots: Floats, noise: float, *, log_library: float) -> States:
    """States after a fold change of each gene, such that their mixture has the released mean `roots` (g,).

    `shares` (k,) is how many cells are nearest to each state, `log_library` the mean log library size of all.
    A gene's log fold has a prior of normal components around 0, whose weights are fitted to all genes (the model of
    ash, Stephens 2017), and its posterior mean is taken on a grid: what noise of standard deviation `noise` in the
    roots may have made moves nothing. Libraries come back less their mean over cells.
    """
    offsets = states.libraries - shares @ states.libraries
    folds = np.exp(_LOG_FOLDS)[:, None]
    expected = np.zeros((len(folds), len(roots)))
    for share, profile, offset in zip(shares, states.profiles, offsets, strict=True):
        if share > 0:
            expected += share * RootMeans(log_library + offset, _LIBRARY_SD).expected(folds * profile)
    moved = states.profiles * np.exp(_log_folds(-0.5 * ((roots - expected) / max(noise, _SAMPLING)) ** 2))
    return States(moved / moved.sum(axis=1, keepdims=True), offsets)


def _log_folds(log_likelihood: Floats, rounds: int = 30) -> Floats:
    """Posterior means of log folds (g,) from their likelihoods on the grid, (81, g)."""
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=0))
    priors = np.exp(-0.5 * (_LOG_FOLDS / _FOLD_SDS[:, None]) ** 2)
    priors /= priors.sum(axis=1, keepdims=True)
    evidence, weights = priors @ likelihood, np.full(len(priors), 1 / len(priors))
    for _ in range(rounds):
        member = weights[:, None] * evidence
        weights = (member / member.sum(axis=0)).mean(axis=1)
    posterior = (weights @ priors)[:, None] * likelihood
    means: Floats = (_LOG_FOLDS @ posterior) / posterior.sum(axis=0)
    return means


def shares_of(counts: Floats, noise: float) -> Floats:
    """Shares from noisy counts (..., k): those within 1.5 standard deviations of zero are zero, unless all are."""
    kept = np.where(counts > 1.5 * noise, np.maximum(counts, 0.0), 0.0)
    best = np.eye(counts.shape[-1])[counts.argmax(axis=-1)]
    kept = np.where(kept.sum(axis=-1, keepdims=True) > 0, kept, best)
    shares: Floats = kept / kept.sum(axis=-1, keepdims=True)
    return shares
