"""What an attack is, what it may look at, and the list of those that exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from audit.graph import NEAREST, Neighbourhoods
from audit.neighbours import Floats, Neighbours, nearest

Strings: TypeAlias = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class AttackView:
    """All that an attacker holds, in one coordinate system: records to judge, the synthetic set, perhaps a reference.

    `queries` (n, d) are members and non-members together; nothing says which is which. `query_genes`,
    `synthetic_genes` and `reference_genes` are the same records on all genes, log-normalised, where they are known,
    and `features` the names of those genes. The types of records, the donors of queries (known only where no donor
    has records among members and non-members both) and regulations (regulator, target, sign) are there where known.
    `graph` holds searches that were made over these very sets.
    """

    queries: Floats
    synthetic: Floats
    reference: Floats | None = None
    query_genes: Floats | None = None
    synthetic_genes: Floats | None = None
    reference_genes: Floats | None = None
    features: tuple[str, ...] = ()
    query_labels: Strings | None = None
    synthetic_labels: Strings | None = None
    reference_labels: Strings | None = None
    query_donors: Strings | None = None
    edges: Sequence[tuple[str, str, int]] = ()
    graph: Neighbourhoods | None = None

    @property
    def all_genes(self) -> tuple[Floats, Floats]:
        """Queries and synthetic records on all genes; in the shared coordinates where genes are not known."""
        if self.query_genes is None or self.synthetic_genes is None:
            return self.queries, self.synthetic
        return self.query_genes, self.synthetic_genes

    @property
    def population(self) -> Floats:
        """What stands for the population, in the columns of `all_genes`: the reference, or the queries themselves.

        Of the queries, members and non-members alike, the attacker knows that they come from the population.
        """
        if self.query_genes is None or self.synthetic_genes is None:
            return self.queries if self.reference is None else self.reference
        return self.query_genes if self.reference_genes is None else self.reference_genes

    @property
    def population_labels(self) -> Strings | None:
        """The types of `population`, where known."""
        own = self.query_genes is not None and self.reference_genes is None
        return self.query_labels if own or self.reference is None else self.reference_labels

    @cached_property
    def near_synthetic(self) -> Neighbours:
        """The nearest synthetic records of each query, shared by all attacks."""
        return self._near("synthetic", self.synthetic)

    @cached_property
    def near_reference(self) -> Neighbours:
        """The nearest reference records of each query. Raises ValueError without a reference."""
        if self.reference is None:
            raise ValueError("this attack needs a reference set")
        return self._near("reference", self.reference)

    def _near(self, name: str, points: Floats) -> Neighbours:
        known = self.graph
        # A view with other records than its graph, as made by `dataclasses.replace`, searches anew.
        if known is not None and known.sets["candidates"] is self.queries and known.sets.get(name) is points:
            return known.near("candidates", name)
        return nearest(self.queries, points, NEAREST)


class Attack(Protocol):
    """A membership attack: one score a record, higher = more likely a member."""

    @property
    def name(self) -> str:
        """How it is called in files and on the command line."""

    @property
    def label(self) -> str:
        """How it is called in reports."""

    @property
    def explanation(self) -> str:
        """What it does, in one plain sentence."""

    @property
    def reference(self) -> str:
        """The paper it comes from."""

    @property
    def needs_reference(self) -> bool:
        """True where it cannot work without a reference set."""

    def scores(self, view: AttackView) -> npt.NDArray[np.float64]:
        """One finite score for each of `view.queries`, shape (n,)."""


_REGISTERED: dict[str, Attack] = {}
ATTACKS: Mapping[str, Attack] = MappingProxyType(_REGISTERED)
"""Every attack by name."""


def register(kind: Callable[[], Attack]) -> Callable[[], Attack]:
    """Class decorator: make the attack known under its name."""
    attack = kind()
    _REGISTERED[attack.name] = attack
    return kind


def refine(primary: Floats, secondary: Floats) -> npt.NDArray[np.float64]:
    """Scores in the order of `primary`, with equal values ordered by `secondary`, both rising; shape (n,).

    A counting attack gives few distinct values; what it leaves open, a distance can decide.
    """
    pairs = np.column_stack([primary, secondary])
    _, place = np.unique(pairs, axis=0, return_inverse=True)
    return np.asarray(place.reshape(-1), dtype=np.float64)
