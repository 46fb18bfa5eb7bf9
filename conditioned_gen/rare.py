"""Types too small for a promise: put together with related ones, or their profile drawn from public cells.

Which types are too small is read off noisy counts, a release of its own; everything else here is public or follows
from it, so nothing but that release is charged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cohort import Cohort
from conditioned_gen.barrier import Block, PrivateCohort
from conditioned_gen.hellinger import root_proportions
from conditioned_gen.request import Rare, smallest_type
from prisyn_base import InputError, Problem

Floats = npt.NDArray[np.float64]
SHARE = 0.05
"""Of the budget's mu^2, for the noisy counts."""
BORROWERS = ("grn_subspace",)
"""Methods that can draw the profile of a type from public cells."""
_COMMON = frozenset({"cell", "cells", "type", "of", "the", "and", "other"})


@dataclass(frozen=True)
class RareTypes:
    """What was decided: type names by the name they are released under, and those drawn from public cells."""

    merged: Mapping[str, str]
    borrowed: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """The decision in words, for the ledger and for the modeller; () when nothing was too small."""
        groups: dict[str, list[str]] = {}
        for name, group in self.merged.items():
            groups.setdefault(group, []).append(name)
        said = [f"too small to be kept apart, so put together: {', '.join(names)}" for names in groups.values()]
        if self.borrowed:
            said.append(f"too small to be measured, so drawn from public cells: {', '.join(self.borrowed)}")
        if self.lacking:
            said.append(f"too small to be measured, and not among the public cells: {', '.join(self.lacking)}")
        return tuple(said)


def settle_rare(private: PrivateCohort, rare: Rare, *, method: str, public: Cohort | None = None) -> RareTypes:
    """Do with types that are too small what was asked for, at `SHARE` of the budget; free for `refuse` and `keep`.

    A type is too small if its noisy count, less one standard deviation of the noise, is below `smallest_type`. With
    donors as the unit a count is the sum over donors of the share of their cells. `merge` joins the smallest group to
    the most alike one until none is too small: alike by the profiles of labelled public cells, else by words that
    their names share, else the next smallest. `public` names the types whose profile is to come from public cells;
    raises `InputError` for a `method` that does not do that.

    Sensitivity: a record adds 1 to the count of its type, a donor shares that sum to at most 1, so adding or removing
    a unit moves the counts by at most 1 in L2 norm (`PrivateCohort.release_sum`). What is decided from them is
    post-processing, and later releases may depend on it, since composition is adaptive.
    """
    if rare in ("refuse", "keep"):
        return RareTypes({}, ())
    if rare == "public" and method not in BORROWERS:
        found, mend = f"public, with {method}", "choose it, or ask for merge"
        raise InputError([Problem("rare", found, f"{' or '.join(BORROWERS)}, which draws from public cells", mend)])
    ones = Block("sizes", lambda records: np.ones((len(records.types), 1)), width=1, radius=1.0, per_type=True)
    release = private.release_sum("sizes of types", [ones], share=SHARE * private.share_left)
    sizes, noise = release.sums["sizes"].ravel(), release.noise["sizes"]
    least = smallest_type(private.ledger.budget_epsilon, private.ledger.delta)
    if rare == "merge":
        settled = RareTypes(_groups(private.types, sizes, noise, least, _alike(private.types, public)), ())
        private.regroup(settled.merged)
    else:
        small = [name for name, size in zip(private.types, sizes, strict=True) if size - noise < least]
        there = set(public.types) if public is not None else set()
        settled = RareTypes(
            {}, tuple(name for name in small if name in there), tuple(name for name in small if name not in there)
        )
        private.borrowed = settled.borrowed
    private.ledger.entries[-1] = replace(private.ledger.entries[-1], note="; ".join(settled.lines()))
    return settled


def borrowed_profiles(public: Cohort, names: Sequence[str], genes: Sequence[str], *, otherwise: Floats) -> Floats:
    """Profiles (names, g) of types as labelled public cells have them; nothing private is used.

    They are pooled proportions with one count of `otherwise` added, so that no gene is ruled out; genes of the panel
    that the public cells lack keep the share that they have in `otherwise` (names, g).
    """
    there = set(public.genes)
    places = [place for place, gene in enumerate(genes) if gene in there]
    counts = public.select_genes([genes[place] for place in places]).counts
    pooled = np.array([np.asarray(counts[public.labels == name].sum(axis=0)).ravel() for name in names], dtype=float)
    found: Floats = otherwise / otherwise.sum(axis=1, keepdims=True)
    inside = found[:, places]
    share = inside.sum(axis=1, keepdims=True)
    pooled += inside / np.maximum(share, 1e-12)
    found[:, places] = share * pooled / pooled.sum(axis=1, keepdims=True)
    return found


def _groups(types: Sequence[str], sizes: Floats, noise: float, least: int, alike: Floats) -> dict[str, str]:
    """Which types go under which joint name; groups that are large enough by themselves are not listed."""
    groups = [[place] for place in range(len(types))]

    def surely(group: list[int]) -> float:
        return float(sizes[group].sum()) - noise * math.sqrt(len(group))

    while len(groups) > 1 and min(map(surely, groups)) < least:
        smallest = min(groups, key=surely)
        others = [group for group in groups if group is not smallest]
        kin = max(others, key=lambda group: (float(alike[np.ix_(smallest, group)].mean()), -surely(group)))
        groups = [group for group in groups if group is not smallest and group is not kin]
        groups.append(sorted(smallest + kin))
    return {
        types[place]: " or ".join(types[member] for member in group)
        for group in groups
        if len(group) > 1
        for place in group
    }


def _alike(types: Sequence[str], public: Cohort | None) -> Floats:
    """How alike each two types are, (types, types): profiles of public cells where they have both, else names."""
    words = [frozenset(re.findall(r"[a-z0-9]+", name.lower())) - _COMMON for name in types]
    alike = np.array([[len(a & b) / max(len(a | b), 1) for b in words] for a in words])
    known = [place for place, name in enumerate(types) if public is not None and name in public.types]
    if public is not None and len(known) > 1:
        # The cosine of two profiles lies above any share of common words, so that profiles go first.
        pooled = [public.counts[public.labels == types[place]].sum(axis=0) for place in known]
        roots = root_proportions(np.vstack(pooled))
        alike[np.ix_(known, known)] = 1.0 + roots @ roots.T
    return alike
