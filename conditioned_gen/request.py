"""Whether a promise can be made for a cohort at all, said before anything is spent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from cohort import Cohort, Table, row_sums
from conditioned_gen.ledger import Unit
from conditioned_gen.mechanisms import mu_of
from kg import GRN
from prisyn_base import Problem, Problems

DETECTABLE = 3.29
"""A k-record type is told from its absence at 5 %/5 % error once k mu reaches this (twice the 95 % normal quantile)."""


Rare = Literal["refuse", "keep", "merge", "public"]
"""What is done with declared types below the protectable size: refuse the request, keep them (useless but safe), put
them together with related types, or draw their profile from labelled public cells (`conditioned_gen.rare`)."""
ACCEPTED = "that the request was accepted, which depends on exact sizes"
"""What the ledger of an accepted request says of it."""
_TELLING = 50


def smallest_type(epsilon: float, delta: float) -> int:
    """The fewest records a type can have and still be both protected and preserved at this promise.

    A mu-Gaussian-DP release tells whether k records exist, with both errors at 5 %, only if k mu >= 3.29.
    """
    return math.ceil(DETECTABLE / mu_of(epsilon, delta))


def check_promise(epsilon: float, delta: float, *, where: str = "generate", none: bool = False) -> tuple[Problem, ...]:
    """Problems of (epsilon, delta) by themselves; with `none`, an infinite epsilon, which promises nothing, is one."""
    problems = Problems()
    if not epsilon > 0 or (math.isinf(epsilon) and not none):
        problems.add(f"{where}: epsilon", str(epsilon), "a positive, finite number", "1 is strong, 10 is weak; say 5")
    if not (math.isfinite(delta) and 0 < delta < 1):
        problems.add(f"{where}: delta", str(delta), "a number between 0 and 1", "say 1e-5")
    return tuple(problems)


def check_request(
    cohort: Cohort | Table,
    *,
    epsilon: float,
    delta: float,
    unit: Unit = "cell",
    types: Sequence[str] | None = None,
    rare: Rare = "refuse",
    grn: GRN | None = None,
    public: Cohort | None = None,
    where: str = "cohort",
    none: bool = False,
) -> tuple[Problem, ...]:
    """Everything that stands between this cohort and this promise; () when nothing does.

    `none` allows an infinite epsilon, which promises nothing. A table's types are those that its schema declares.

    These messages quote private counts: they are for the owner of the data, and nothing of them reaches a model.
    That a request was accepted is itself a fact about exact counts; whoever fits afterwards says so in the ledger
    (`ACCEPTED`). Types that were not declared are not refused here: those too small are not named in the first place.
    """
    problems = Problems()
    problems.extend(check_promise(epsilon, delta, none=none))
    if isinstance(cohort, Table):
        types = cohort.declared_types if types is None else types
    if unit == "donor" and cohort.donor is None:
        problems.add("unit", "donor, without a donor column", "a donor column", "name it with --donor, or use cell")
    else:
        promised = not len(problems)
        problems.extend(_delta(cohort, delta, unit))
        if promised and types is not None and cohort.label is not None and rare == "refuse":
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
    if isinstance(cohort, Table):
        for name, asked in (("graph", grn is not None), ("public cells", public is not None)):
            if asked:
                problems.add(name, "given, for a table", "neither graph nor public cells", "leave them out")
        if rare in ("merge", "public"):
            problems.add("rare", f"{rare}, for a table", "refuse or keep", "join categories in the schema instead")
        return tuple(problems)
    if rare == "public":
        problems.extend(_borrowing(cohort, types, public))
    if grn is not None:
        problems.extend(_species(cohort, grn, where))
    if public is not None:
        problems.extend(_overlap(cohort, public))
    return tuple(problems)


def _delta(cohort: Cohort | Table, delta: float, unit: Unit) -> Problems:
    problems = Problems()
    units = len(cohort) if unit == "cell" else len(np.unique(cohort.donors))
    if 1 / units <= delta < 1:
        problems.add(
            "generate: delta",
            f"{delta:g}, with {units} {unit}s",
            f"less than 1/{units} = {1 / units:.1e}: a larger one would allow a {unit} to be published outright",
            f"say {10 ** math.floor(math.log10(0.1 / units)):.0e}",
        )
    return problems


def _sizes(
    cohort: Cohort | Table, epsilon: float, delta: float, unit: Unit, types: Sequence[str], where: str
) -> Problems:
    problems = Problems()
    least = smallest_type(epsilon, delta)
    for name in types:
        inside = cohort.labels == name
        size = int(inside.sum()) if unit == "cell" else len(np.unique(cohort.donors[inside]))
        if 0 < size < least:
            problems.add(
                f"{where}: obs[{cohort.label!r}] = {name!r}",
                f"{size} {unit}{'' if size == 1 else 's'}",
                f"at least {least}: at epsilon {epsilon:g} a smaller type cannot be both protected and preserved",
                "put it together with a related type (rare: merge), draw it from labelled public cells (rare: public), "
                "leave it out, choose a larger epsilon, or keep it all the same (rare: keep), which protects it but "
                "preserves next to nothing of it",
            )
    return problems


def _borrowing(cohort: Cohort, types: Sequence[str] | None, public: Cohort | None) -> Problems:
    problems = Problems()
    if types is None:
        problems.add("rare", "public, without declared types", "the public list of type names", "declare the types")
    elif public is None or public.label is None:
        found = "public, without public cells" if public is None else "public, with public cells that have no types"
        mend = f"give public cells whose types are in a column {cohort.label!r}, or ask for merge"
        problems.add("rare", found, "labelled public cells", mend)
    elif not set(types) & set(public.types):
        problems.add(
            "rare",
            f"public cells of other types: {', '.join(public.types)}",
            f"some of the declared ones: {', '.join(types)}",
            "name the types alike in both files, or ask for merge",
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
    there = set(public.genes)
    genes = [gene for gene in cohort.genes if gene in there]
    shared = len(genes)
    if shared < 0.5 * len(cohort.genes):
        problems.add(
            "public cells",
            f"{shared} of the panel's {len(cohort.genes)} genes",
            "at least half of them",
            "use public cells measured on the same genes and of the same species",
        )
        return problems
    copies = len(_profiles(cohort.select_genes(genes)) & _profiles(public.select_genes(genes)))
    if copies:
        problems.add(
            "public cells",
            f"{copies} of them count for count among the private cells",
            "cells of other people",
            "take the private cells out of the public file",
        )
    return problems


def _profiles(cohort: Cohort) -> set[bytes]:
    """Each cell's counts as bytes; cells with too few counts to be told apart by them are left out."""
    counts, totals = cohort.counts, row_sums(cohort.counts)
    bounds = zip(counts.indptr[:-1], counts.indptr[1:], totals, strict=True)
    return {
        counts.indices[start:end].tobytes() + counts.data[start:end].tobytes()
        for start, end, total in bounds
        if total >= _TELLING
    }
