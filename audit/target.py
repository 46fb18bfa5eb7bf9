"""What is audited: who was in the training data, who was not, and what came out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from cohort import Cohort
from prisyn_base import Problem, Problems

SetName = Literal["members", "nonmembers", "synthetic", "reference"]
FEWEST = 10
FEW = 100


@dataclass(frozen=True, eq=False)
class AuditTarget:
    """Members, non-members, the synthetic set made from the members, and optionally an independent reference.

    Non-members come from the same population as the members, by a random split, and were never shown to the
    generator. The reference is a third such set that an attacker may hold. All carry raw counts of the same genes in
    the same order. Donors, where `members` and `nonmembers` both name a donor column, set the unit of resampling.
    """

    members: Cohort
    nonmembers: Cohort
    synthetic: Cohort
    reference: Cohort | None = None
    _values: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict, init=False, repr=False)

    @property
    def sets(self) -> dict[SetName, Cohort]:
        """The sets that are there, by name."""
        named: dict[SetName, Cohort] = {
            "members": self.members,
            "nonmembers": self.nonmembers,
            "synthetic": self.synthetic,
        }
        return named if self.reference is None else {**named, "reference": self.reference}

    @property
    def labelled(self) -> bool:
        """True where members, non-members and synthetic records all carry a type."""
        return all(c.label is not None for c in (self.members, self.nonmembers, self.synthetic))

    def values(self, name: SetName) -> npt.NDArray[np.float32]:
        """Log-normalised values of one set, dense, shape (n, g); computed once."""
        if name not in self._values:
            self._values[name] = self.sets[name].log_normalised().toarray()
        return self._values[name]

    def check(self) -> tuple[str, ...]:
        """Warnings about what this target cannot show. Raises InputError naming every problem at once."""
        problems = Problems()
        for name, cohort in self.sets.items():
            problems.extend(_contents(name, cohort))
        problems.extend(_genes(self.sets))
        problems.extend(_labels(self))
        if not len(problems):
            problems.extend(_overlap(self.members, self.nonmembers))
        problems.raise_if_any()
        return tuple(_warnings(self))


def _contents(name: str, cohort: Cohort) -> Iterator[Problem]:
    if len(cohort) < FEWEST:
        yield Problem(name, f"{len(cohort)} records", f"at least {FEWEST}", "hand in more records")
    data = cohort.counts.data
    if not np.isfinite(data).all():
        yield Problem(name, "NaN or infinite values", "counts", "remove or impute the affected records")
        return
    if (data < 0).any():
        yield Problem(name, "negative values", "counts", "hand in raw counts, not scaled values")
    elif np.abs(data - np.rint(data)).max(initial=0.0) > 1e-3:
        mend = "hand in raw counts (for AnnData often .raw or a layer) in all sets; logs and counts cannot be compared"
        yield Problem(name, "values that are not whole numbers", "raw counts", mend)
    elif name == "synthetic" and len(cohort) >= FEWEST and _one_record(cohort):
        yield Problem(name, "the same record over and over", "records that differ", "train the generator again")


def _one_record(cohort: Cohort) -> bool:
    first = cohort.counts[:1]
    return bool(all((cohort.counts[row] != first).nnz == 0 for row in range(min(len(cohort), 50)))) and bool(
        len(set(fingerprints(cohort))) == 1
    )


def _genes(sets: dict[SetName, Cohort]) -> Iterator[Problem]:
    expected = sets["members"].genes
    for name, cohort in sets.items():
        if len(set(cohort.genes)) < len(cohort.genes):
            yield Problem(name, "genes named twice", "each gene once", "make the gene names unique")
        if cohort.genes == expected:
            continue
        if set(cohort.genes) == set(expected):
            mend = f"use {name}.select_genes(members.genes)"
            yield Problem(name, "the genes of members in another order", "the same order", mend)
        else:
            lacking = sorted(set(expected) - set(cohort.genes))
            extra = sorted(set(cohort.genes) - set(expected))
            found = f"{len(lacking)} genes of members missing{_some(lacking)} and {len(extra)} others{_some(extra)}"
            mend = "bring all sets to their common genes with select_genes"
            yield Problem(name, found, "the genes of members", mend)


def _some(names: list[str]) -> str:
    return f" ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})" if names else ""


def _labels(target: AuditTarget) -> Iterator[Problem]:
    judged = {str(name): cohort for name, cohort in target.sets.items() if name != "reference"}
    some = any(cohort.label is not None for cohort in judged.values())
    for name, cohort in judged.items():
        if cohort.label is not None and cohort.label not in cohort.adata.obs:
            columns = ", ".join(map(str, cohort.adata.obs.columns)) or "none"
            mend = f"name one of the columns there are ({columns}) or leave the label out everywhere"
            yield Problem(name, f"no label column {cohort.label!r}", "a column of obs", mend)
        elif cohort.label is None and some:
            mend = "name the label column of this set too, or leave it out everywhere"
            yield Problem(name, "no label column", "one, as in the other sets", mend)
        elif cohort.label is not None and cohort.adata.obs[cohort.label].isna().any():
            yield Problem(name, f"records without a {cohort.label!r}", "a type for each record", "label or drop them")
        elif cohort.label is not None and len(cohort.types) < 2 and name != "synthetic":
            mend = "name the column that holds the types, or leave the label out everywhere"
            yield Problem(name, f"one type only in {cohort.label!r}", "at least two", mend)
    for part, cohort in target.sets.items():
        if cohort.donor is not None and cohort.donor not in cohort.adata.obs:
            yield Problem(part, f"no donor column {cohort.donor!r}", "a column of obs", "name the right column")


def fingerprints(cohort: Cohort) -> list[bytes]:
    """The counts of each record as bytes; equal exactly where the records are."""
    counts = cohort.counts.copy()
    counts.eliminate_zeros()
    counts.sort_indices()
    starts, columns, data = counts.indptr, counts.indices.astype(np.int32), np.rint(counts.data).astype(np.int64)
    return [columns[a:b].tobytes() + b"|" + data[a:b].tobytes() for a, b in pairwise(starts)]


def _overlap(members: Cohort, nonmembers: Cohort) -> Iterator[Problem]:
    inside = dict(zip(map(str, members.adata.obs_names), fingerprints(members), strict=True))
    contents = set(inside.values())
    outside = list(zip(map(str, nonmembers.adata.obs_names), fingerprints(nonmembers), strict=True))
    same = [name for name, content in outside if inside.get(name) == content]
    alike = sum(content in contents for _, content in outside)
    if same or alike > len(outside) / 2:
        found = f"{len(same) or alike} records that are also members{_some(same)}"
        mend = "split the records once, before training, and never mix the parts"
        yield Problem("nonmembers", found, "records that the generator never saw", mend)


def _warnings(target: AuditTarget) -> Iterator[str]:
    for name, count in (("members", len(target.members)), ("nonmembers", len(target.nonmembers))):
        if count < FEW:
            yield f"{name}: {count} records are too few for a statement about low false positive rates (want {FEW})"
    if not target.labelled:
        yield "no types are known, so use for training and kept types are not measured"
    if (target.members.donor is None) != (target.nonmembers.donor is None):
        yield "donors are known on one side only and are not used"
