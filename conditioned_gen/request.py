"""Whether a promise can be made for a cohort at all, said before anything is spent."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cohort import Cohort
from conditioned_gen.ledger import Unit
from conditioned_gen.mechanisms import mu_of
from kg import GRN
from prisyn_base import Problem, Problems

DETECTABLE = 3.29
"""A k-record type is told from its absence at 5 %/5 % error once k mu reaches this (twice the 95 % normal quantile)."""


def smallest_type(epsilon: float, delta: float) -> int:
    """The fewest records a type can have and still be both protected and preserved at this promise.

    A mu-Gaussian-DP release tells whether k records exist, with both errors at 5 %, only if k mu >= 3.29.
    """
    return math.ceil(DETECTABLE / mu_of(epsilon, delta))


def check_promise(epsilon: float, delta: float, *, where: str = "generate") -> tuple[Problem, ...]:
    """Problems of (epsilon, delta) by themselves."""
    problems = Problems()
    if not (math.isfinite(epsilon) and epsilon > 0):
        problems.add(f"{where}: epsilon", str(epsilon), "a positive, finite number", "1 is strong, 10 is weak; say 5")
    if not (math.isfinite(delta) and 0 < delta < 1):
        problems.add(f"{where}: delta", str(delta), "a number between 0 and 1", "say 1e-5")
    return tuple(problems)


def check_request(
    cohort: Cohort,
    *,
    epsilon: float,
    delta: float,
    unit: Unit = "cell",
    types: Sequence[str] | None = None,
    grn: GRN | None = None,
    public: Cohort | None = None,
    where: str = "cohort",
) -> tuple[Problem, ...]:
    """Everything that stands between this cohort and this promise; () when nothing does.

    These messages quote private counts: they are for the owner of the data, and nothing of them reaches a model.
    """
    problems = Problems()
    problems.extend(check_promise(epsilon, delta))
    if unit == "donor" and cohort.donor is None:
        problems.add("unit", "donor, without a donor column", "a donor column", "name it with --donor, or use cell")
    elif not len(problems):
        problems.extend(_sizes(cohort, epsilon, delta, unit, types, where))
    if types is not None and cohort.label is not None:
        undeclared = sorted(set(cohort.types) - set(types))
        if undeclared:
            problems.add(
                f"{where}: obs[{cohort.label!r}]",
                f"types that were not declared: {', '.join(undeclared)}",
                "types of the declared list alone",
                "declare them as well, or relabel the cells",
            )
    if grn is not None:
        problems.extend(_species(cohort, grn, where))
    if public is not None:
        problems.extend(_overlap(cohort, public))
    return tuple(problems)


def _sizes(
    cohort: Cohort, epsilon: float, delta: float, unit: Unit, types: Sequence[str] | None, where: str
) -> Problems:
    problems = Problems()
    units = len(cohort) if unit == "cell" else len(np.unique(cohort.donors))
    if delta >= 1 / units:
        problems.add(
            "generate: delta",
            f"{delta:g}, with {units} {unit}s",
            f"less than 1/{units} = {1 / units:.1e}: a larger one would allow a {unit} to be published outright",
            f"say {10 ** math.floor(math.log10(0.1 / units)):.0e}",
        )
    if cohort.label is None:
        return problems
    least = smallest_type(epsilon, delta)
    for name in types if types is not None else cohort.types:
        inside = cohort.labels == name
        size = int(inside.sum()) if unit == "cell" else len(np.unique(cohort.donors[inside]))
        if 0 < size < least:
            problems.add(
                f"{where}: obs[{cohort.label!r}] = {name!r}",
                f"{size} {unit}{'' if size == 1 else 's'}",
                f"at least {least}: at epsilon {epsilon:g} a smaller type cannot be both protected and preserved",
                "merge it with a related type, leave it out, or choose a larger epsilon",
            )
    return problems


def _species(cohort: Cohort, grn: GRN, where: str) -> Problems:
    problems = Problems()
    symbols = {gene.symbol for gene in grn.genes}
    folded = {symbol.upper() for symbol in symbols}
    exact = sum(gene in symbols for gene in cohort.genes)
    shared = sum(gene.upper() in folded for gene in cohort.genes)
    species = ", ".join(sorted({gene.species for gene in grn.genes if gene.species}))
    if shared > 2 * exact and shared - exact >= 3:
        example = next(g for g in cohort.genes if g not in symbols and g.upper() in folded)
        problems.add(
            f"{where}: genes",
            f"symbols such as {example!r}, of which {exact} are the graph's genes and {shared - exact} more would "
            "be but for their spelling",
            f"the graph's species ({species})",
            "use a graph of the cohort's species, or map the genes to their orthologues",
        )
    elif symbols and not exact:
        problems.add(
            f"{where}: genes",
            "none of the graph's genes",
            "gene symbols that the graph knows",
            "put gene symbols into var_names (Ensembl ids are not mapped), or read another graph",
        )
    return problems


def _overlap(cohort: Cohort, public: Cohort) -> Problems:
    problems = Problems()
    shared = len(set(cohort.genes) & set(public.genes))
    if shared < 0.5 * len(cohort.genes):
        problems.add(
            "public cells",
            f"{shared} of the panel's {len(cohort.genes)} genes",
            "at least half of them",
            "use public cells measured on the same genes and of the same species",
        )
    return problems
