"""What a type is made of: one profile of its own or, where that does not explain its cells, states of public cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from conditioned_gen.hellinger import RootMeans
from conditioned_gen.states import States

Floats = npt.NDArray[np.float64]
UNLIKE = 0.3
"""A type is a mixture if more than this share of its cells come near to other states than one profile would bring."""
_LEAST = 0.02
_MOST = 0.9
_LOG_LEVELS = np.linspace(-7.0, 7.0, 113)
_CELLS = 300
_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Mixtures:
    """Component j of type t has weight weights[t, j] and the profile proportions[t] times its ratio (`ratios`).

    `proportions` (types, g) add up to 1; `weights` (types, 1 + k) are of a profile of the type's own and of k states;
    `profiles` (k, g) are the states'; `libraries` (types, 1 + k) are mean log library sizes of the components, with
    standard deviations `library_sds` (types,); a gene's log level has the standard deviation `spread` within each.
    """

    proportions: Floats
    weights: Floats
    profiles: Floats
    libraries: Floats
    library_sds: Floats
    spread: float

    @classmethod
    def alone(cls, roots: Floats, libraries: Floats, library_sds: Floats, *, spread: float) -> Mixtures:
        """Types of one profile each, whose mean roots are `roots` (types, g); `libraries` are (types,)."""
        weights, nothing = np.ones((len(roots), 1)), np.zeros((0, roots.shape[1]))
        return cls(roots, weights, nothing, libraries[:, None], library_sds, spread).fitted_to(roots)

    def __post_init__(self) -> None:
        shape = (len(self.proportions), 1 + len(self.profiles))
        if not self.weights.shape == self.libraries.shape == shape:
            raise ValueError(f"weights {self.weights.shape} and libraries {self.libraries.shape}, not {shape}")

    @cached_property
    def components(self) -> Floats:
        """The profile of each component of each type, (types, 1 + k, g); each adds up to 1."""
        pairs = zip(self.proportions, self.weights, strict=True)
        found: Floats = np.stack([row * ratios(weights, self.profiles) for row, weights in pairs])
        found /= np.maximum(found.sum(axis=2, keepdims=True), 1e-12)
        return found

    def draw(self, codes: npt.NDArray[np.intp], rng: np.random.Generator) -> npt.NDArray[np.intp]:
        """A component for each cell, given its type, (n,)."""
        bounds = self.weights.cumsum(axis=1)[:, :-1]
        return np.asarray((rng.random(len(codes))[:, None] >= bounds[codes]).sum(axis=1), dtype=np.intp)

    def expected(self, level: float = 1.0) -> Floats:
        """Mean roots (types, g) with every gene at `level` times its own."""
        return np.array([self._roots(code, level * row) for code, row in enumerate(self.proportions)])

    def fitted_to(self, roots: Floats) -> Mixtures:
        """The same mixtures with the proportions that make the mean roots `roots` (types, g)."""
        found = np.array([self._inverted(code, row) for code, row in enumerate(roots)])
        return replace(self, proportions=found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12))

    def _inverted(self, code: int, roots: Floats) -> Floats:
        if self.weights[code, 0] == 1:
            own: Floats = self._table(code, 0).proportions(roots)
            return own
        row = np.maximum(self.proportions[code], 1e-9)
        curves = np.maximum.accumulate(self._roots(code, np.exp(_LOG_LEVELS)[:, None] * row), axis=0)
        moved = [np.interp(root, curve, _LOG_LEVELS) for root, curve in zip(roots, curves.T, strict=True)]
        return np.where(roots > 0, row * np.exp(moved), 0.0)

    def _roots(self, code: int, proportions: Floats) -> Floats:
        """Mean roots of one type at any proportions (..., g)."""
        total = np.zeros(proportions.shape)
        for place, ratio in self._parts(code):
            table = self._table(code, place)
            total += self.weights[code, place] * table.expected(np.minimum(proportions * ratio, _MOST))
        return total

    def _parts(self, code: int) -> Iterator[tuple[int, Floats]]:
        found = ratios(self.weights[code], self.profiles)
        return ((int(place), found[place]) for place in np.flatnonzero(self.weights[code]))

    def _table(self, code: int, place: int) -> RootMeans:
        return RootMeans(float(self.libraries[code, place]), float(self.library_sds[code]), self.spread)


def ratios(weights: Floats, profiles: Floats) -> Floats:
    """Each component's profile over what the states of a type mix to, (1 + k, g); 1 for the type's own.

    With these the weighted mean of the components' profiles is the type's, whatever the states are.
    """
    states = weights[1:]
    if states.sum() <= 0:
        return np.ones((len(weights), profiles.shape[1]))
    middle = states @ profiles / states.sum()
    return np.vstack([np.ones((1, profiles.shape[1])), profiles / np.maximum(middle, 1e-15)])


def mixed(alone: Mixtures, roots: Floats, near: Floats, doubt: Floats, *, states: States, measured: States) -> Mixtures:
    """Those types that one profile does not explain as mixtures, with the mean `roots` (types, g) of all types kept.

    Cells of type t came nearest to the states `measured` in the shares near[t]; `states` are the same after they were
    adapted to the private cells. A type is a mixture if these shares differ, in total variation, by more than `UNLIKE`
    and the `doubt` (types,) that noise leaves from those of cells around its one profile.
    """
    libraries, sds = alone.libraries[:, 0], alone.library_sds
    own = _nearest_shares(alone.proportions, libraries, sds, measured)
    sizes = libraries.mean() + states.libraries
    others = _nearest_shares(states.profiles, sizes, np.full(len(states), sds.mean()), measured)
    weights = np.zeros((len(roots), 1 + len(states)))
    weights[:, 0] = 1.0
    for code in np.flatnonzero(0.5 * np.abs(near - own).sum(axis=1) > UNLIKE + doubt):
        weights[code] = unmixed(near[code], own[code], others)
    inside = weights[:, 1:].sum(axis=1, keepdims=True)
    middle = weights[:, 1:] @ states.libraries / np.maximum(inside[:, 0], 1e-9)
    offsets = np.where(inside > 0, states.libraries - middle[:, None], 0.0)
    table = np.concatenate([libraries[:, None], libraries[:, None] + offsets], axis=1)
    found = replace(alone, weights=weights, profiles=states.profiles, libraries=table)
    return found.fitted_to(roots)


def unmixed(observed: Floats, own: Floats, others: Floats) -> Floats:
    """Shares (1 + k,) of a mixture whose cells come nearest to states in the shares `observed` (k,).

    Its components come out as `own` (k,), cells around one profile, and `others` (k, k), cells of each state:
    expectation-maximisation for known components (Dempster, Laird and Rubin 1977), begun at half of each.
    """
    rows = np.vstack([own, others]) + 1e-6
    weights = np.concatenate([[0.5], 0.5 * observed])
    for _ in range(_ROUNDS):
        weights = weights * ((observed / (weights @ rows)) @ rows.T)
        weights /= weights.sum()
    weights = np.where(weights < _LEAST, 0.0, weights)
    shares: Floats = weights / weights.sum()
    return shares


def _nearest_shares(profiles: Floats, libraries: Floats, sds: Floats, states: States) -> Floats:
    """Which states Poisson cells of each profile (m, g) come nearest to, shares (m, k), from 300 simulated ones."""
    rng = np.random.default_rng(0)
    rows = []
    for profile, library, sd in zip(profiles, libraries, sds, strict=True):
        sizes = np.exp(library + sd * rng.standard_normal(_CELLS))
        cells = sp.csr_matrix(rng.poisson(sizes[:, None] * profile).astype(np.float32))
        rows.append(np.bincount(states.nearest(cells), minlength=len(states)) / _CELLS)
    return np.array(rows)
