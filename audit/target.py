"""What is audited: who was in the training data, who was not, and what came out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

from audit.edges import Edge, make_edges
from audit.records import Kind, Records, Strings, make_records
from audit.tables import Encoding, fit_encoding
from cohort import Cohort, log_normalise
from prisyn_base import InputError, Problem, Problems

SetName = Literal["members", "nonmembers", "synthetic", "reference"]


class AuditTarget:
    """Members, non-members, the synthetic set made from the members, and optionally an independent reference.

    Non-members come from the same population as the members, by a random split, and were never shown to the
    generator. The reference is a third such set that an attacker may hold. Each set is a Cohort, AnnData, DataFrame,
    array, sparse matrix or `Records`; all hold counts of the same genes, or all are tables of the same columns.

    `label` and `donor` name columns of `obs` or of the DataFrames (a Cohort names its own). Donors, where `members`
    and `nonmembers` both have them, set the unit of resampling. `kind` overrides what `make_records` would take the
    sets for. `edges` are regulations that somebody may want to learn of, `model` a handle on the generator (see
    `audit.models`).

    Raises InputError for sets that are no records at all; `check` looks at what they hold.
    """

    def __init__(
        self,
        members: Any,
        nonmembers: Any,
        synthetic: Any,
        reference: Any = None,
        *,
        label: str | None = None,
        donor: str | None = None,
        kind: Kind | None = None,
        edges: Iterable[Edge | tuple[str, str] | tuple[str, str, int]] = (),
        model: Any = None,
    ) -> None:
        given: dict[SetName, Any] = {"members": members, "nonmembers": nonmembers, "synthetic": synthetic}
        if reference is not None:
            given["reference"] = reference
        self._sets, problems = _read(given, label, donor, kind)
        problems.raise_if_any()
        self.edges = make_edges(edges)
        self.model = model
        self._values: dict[SetName, npt.NDArray[np.float32]] = {}

    def __repr__(self) -> str:
        return f"AuditTarget({', '.join(f'{name}={records!r}' for name, records in self.sets.items())})"

    @property
    def sets(self) -> Mapping[SetName, Records]:
        """The sets that are there, by name."""
        return MappingProxyType(self._sets)

    @property
    def names(self) -> tuple[SetName, ...]:
        """The names of the sets that are there."""
        return tuple(self._sets)

    @property
    def members(self) -> Records:
        return self._sets["members"]

    @property
    def nonmembers(self) -> Records:
        return self._sets["nonmembers"]

    @property
    def synthetic(self) -> Records:
        return self._sets["synthetic"]

    @property
    def reference(self) -> Records | None:
        return self._sets.get("reference")

    @property
    def kind(self) -> Kind:
        """Whether the sets hold counts or are tables."""
        return self.members.kind

    @property
    def features(self) -> tuple[str, ...]:
        """The genes, or the columns of the tables, in the order of the members."""
        return self.members.features

    @property
    def labelled(self) -> bool:
        """True where members, non-members and synthetic records all carry a type."""
        return all(records.label is not None for records in (self.members, self.nonmembers, self.synthetic))

    def labels(self, name: SetName) -> Strings | None:
        """The type of each record of a set, shape (n,); None where not known."""
        records = self._sets[name]
        return None if records.label is None else records.labels

    def donors(self, name: SetName) -> Strings | None:
        """The donor of each record of a set, shape (n,); None where not known."""
        records = self._sets[name]
        return None if records.donor is None else records.donors

    def counts(self, name: SetName) -> sp.csr_matrix:
        """Raw counts of a set, CSR (n, p). Raises TypeError for tables."""
        return self._sets[name].counts

    def table(self, name: SetName) -> pd.DataFrame:
        """The columns of a set as they came, (n, p). Raises TypeError for counts."""
        return self._sets[name].table

    @cached_property
    def encoding(self) -> Encoding:
        """How the columns of the tables become numbers. Raises TypeError for counts."""
        return fit_encoding([records.table for records in self._sets.values()])

    def sparse_values(self, name: SetName) -> sp.csr_matrix:
        """Log-normalised counts of a set, CSR float32 (n, p). Raises TypeError for tables."""
        return log_normalise(self.counts(name))

    def values(self, name: SetName) -> npt.NDArray[np.float32]:
        """A set in the scale of analysis, dense float32, shape (n, w); computed once.

        Counts are log-normalised, w = p. Numeric columns of tables are standardised and categorical ones one-hot; then
        `encoding.places` says which of the w columns are whose.
        """
        if name in ("members", "nonmembers"):
            cut = len(self.members)
            return self.candidates[:cut] if name == "members" else self.candidates[cut:]
        if name not in self._values:
            self._values[name] = self._dense((name,))
        return self._values[name]

    @cached_property
    def candidates(self) -> npt.NDArray[np.float32]:
        """`values` of members and non-members, one below the other: the records that an attacker has to judge."""
        return self._dense(("members", "nonmembers"))

    def _dense(self, names: tuple[SetName, ...]) -> npt.NDArray[np.float32]:
        width = self.encoding.width if self.kind == "table" else len(self.features)
        result = np.empty((sum(len(self._sets[name]) for name in names), width), dtype=np.float32)
        start = 0
        for name in names:
            part = result[start : start + len(self._sets[name])]
            if self.kind == "table":
                part[:] = self.encoding.encode(self.table(name))
            else:
                self.sparse_values(name).toarray(out=part)
            start += len(part)
        return result

    def check(self) -> tuple[str, ...]:
        """Warnings about what this target cannot show, doubts first. Raises InputError naming every problem at once."""
        return self._warnings

    @cached_property
    def _warnings(self) -> tuple[str, ...]:
        from audit._check import problems_of, warnings_of

        problems = Problems()
        problems.extend(problems_of(dict(self._sets.items())))
        problems.raise_if_any()
        return (*self.doubts, *warnings_of(self))

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Why the sets cannot be judged against each other, other units above all; () where they can."""
        from audit._check import doubts_of

        return tuple(doubts_of(self))


def problems_with(
    given: Mapping[Any, Any], *, label: str | None = None, donor: str | None = None, kind: Kind | None = None
) -> tuple[Problem, ...]:
    """Everything wrong with the sets that are there, so that one who cannot read the others still says all at once."""
    from audit._check import problems_of

    sets, problems = _read(given, label, donor, kind)
    return (*problems, *problems_of(dict(sets.items())))


def _read(
    given: Mapping[SetName, Any], label: str | None, donor: str | None, kind: Kind | None
) -> tuple[dict[SetName, Records], Problems]:
    """Each set that can be read as Records of one kind, and what is wrong with the others."""
    kind = kind or ("counts" if any(map(_holds_counts, given.values())) else "table")
    problems = Problems()
    sets: dict[SetName, Records] = {}
    for name, source in given.items():
        try:
            records = make_records(source, label=label, donor=donor, kind=kind, where=name)
        except InputError as error:
            problems.extend(error.problems)
            continue
        if records.kind == kind:
            sets[name] = records
        else:
            mend = "hand in all sets in one form"
            problems.add(name, f"a {records.kind} set", f"{kind}, as in the other sets", mend)
    first = next(iter(sets.values()), None)
    return {name: _expected(name, records, first) for name, records in sets.items() if first is not None}, problems


def _holds_counts(source: Any) -> bool:
    if isinstance(source, Records):
        return source.kind == "counts"
    return isinstance(source, Cohort | AnnData) or sp.issparse(source)


def _expected(name: SetName, records: Records, first: Records) -> Records:
    """The columns of a table in the order of the first set's; no donors asked of a set that need not have them."""
    known = records.about.columns
    if name == "reference" and records.label not in known:
        records = dataclasses.replace(records, label=None)
    if name in ("synthetic", "reference") and records.donor not in known:
        records = dataclasses.replace(records, donor=None)
    if records.kind == "table" and sorted(records.features) == sorted(first.features):
        content = records.table[list(first.features)] if records.features != first.features else records.table
        return dataclasses.replace(records, features=first.features, content=content)
    return records
