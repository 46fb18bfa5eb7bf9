"""What every generator is: a way from private records, a public graph and public cells to synthetic cohorts."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Literal, Protocol

from cohort import Cohort, Table
from conditioned_gen.barrier import PrivateCohort
from conditioned_gen.ledger import Ledger
from conditioned_gen.storage import read_description
from kg import GRN
from prisyn_base import InputError, Problem, Problems, require

Place = Literal["measurements", "critic", "sample gradients", "own parameters", "none"]
Progress = Callable[[int, int], None]
"""Called with (done, total) as fitting goes on."""


@dataclass(frozen=True, slots=True)
class Method:
    """What a modeller needs to choose by: where the barrier stands, whom it can protect, cost and source.

    A method without `units` protects nobody: its place is "none", and it asks for the promise of an infinite epsilon.
    """

    name: str
    place: Place
    units: tuple[str, ...]
    cost: str
    reference: str
    extra: str | None = None
    cohorts: tuple[str, ...] = ("cells",)


class Fitted(Protocol):
    """A fitted generator: everything in it is public or has passed the barrier, so it may be published."""

    @property
    def method(self) -> Method:
        """What made it."""
        ...

    genes: tuple[str, ...]
    types: tuple[str, ...]
    label: str
    ledger: Ledger

    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[str] | None = None,
        do: Mapping[str, float] | None = None,
        seed: int,
    ) -> Cohort | Table:
        """Draw `n` cells (default: the released number), or one for each of `labels`.

        `do` holds genes at a multiple of their normal level (0: knocked out); what they regulate follows.
        """
        ...

    def save(self, folder: str | Path) -> None:
        """Write the model as safetensors and JSON, whole or not at all."""
        ...


class Generator(Protocol):
    """Fits itself to what a `PrivateCohort` releases."""

    method: ClassVar[Method]

    def fit(
        self,
        private: PrivateCohort,
        *,
        grn: GRN,
        public: Cohort | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> Fitted:
        """Measure through the barrier and fit. `public` are cells of other people that cost no privacy."""
        ...


def methods() -> tuple[Method, ...]:
    """What there is to choose from, by name. Methods whose extra is not installed are described all the same."""
    from conditioned_gen.generators import METHODS

    return tuple(sorted(METHODS, key=lambda method: method.name))


def generator(name: str) -> Generator:
    """The generator of that name, with its standard settings. Raises `InputError` listing the names there are."""
    made: Generator = _module(name).GENERATOR
    return made


def check_method(name: str, cohort: Cohort | Table, *, epsilon: float) -> tuple[Problem, ...]:
    """Whether this method can be fitted to this cohort under this promise; () when it can, or is not known at all."""
    problems = Problems()
    method = next((method for method in methods() if method.name == name), None)
    if method is None:
        return ()
    kind = "tables" if isinstance(cohort, Table) else "cells"
    if kind not in method.cohorts:
        others = [other.name for other in methods() if kind in other.cohorts]
        problems.add("method", f"{name}, for {kind}", "one of " + ", ".join(others), "choose one of these")
    if not method.units and math.isfinite(epsilon):
        mend = "choose a private method, or say --epsilon inf and do not publish the result"
        problems.add("method", f"{name}, which protects nobody, with epsilon {epsilon:g}", "epsilon inf", mend)
    return tuple(problems)


def load(folder: str | Path) -> Fitted:
    """Read a fitted model; checks version, checksum and shapes, and never unpickles anything."""
    description = read_description(Path(folder))
    fitted: Fitted = _module(str(description["method"])).load_fitted(Path(folder), description)
    return fitted


def _module(name: str) -> ModuleType:
    known = {method.name: method for method in methods()}
    if name not in known:
        raise InputError([Problem("method", repr(name), "one of " + ", ".join(known), "choose one of these")])
    if known[name].extra == "train":
        require("opacus", extra="train")
    return importlib.import_module(f"conditioned_gen.generators.{name}")
