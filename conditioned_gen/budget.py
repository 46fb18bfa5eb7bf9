"""One promise for several publications: how an epsilon is divided before any of them, and what each has used.

Releases of the same people compose, whoever makes them and whenever. A budget file holds the promise for all of them
together, each one's share of its mu^2, and what those that were made have measured; it never holds anything of the
records. A fit under a budget composes with everything in the file, so its ledger speaks of all publications so far.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from conditioned_gen.ledger import Entry, Ledger, Unit
from conditioned_gen.mechanisms import epsilon_of, mu_of
from conditioned_gen.request import check_promise
from prisyn_base import InputError, Problem, Problems, folder_lock, write_json

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class PlannedRelease:
    """A publication that was planned: its share of the budget's mu^2 and, once made, everything it measured."""

    name: str
    share: float
    entries: tuple[Entry, ...] = ()

    @property
    def made(self) -> bool:
        """Whether it has been made, and its share is gone."""
        return bool(self.entries)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a release under a budget may cost: a promise for itself and all `earlier` measurements together."""

    epsilon: float
    delta: float
    unit: Unit
    earlier: tuple[Entry, ...]


@dataclass(frozen=True)
class Budget:
    """(epsilon, delta) for all releases together, whose shares of mu^2 add up to 1."""

    epsilon: float
    delta: float
    unit: Unit
    releases: tuple[PlannedRelease, ...]

    @classmethod
    def planned(cls, epsilon: float, delta: float, *, unit: Unit, weights: Mapping[str, float]) -> Budget:
        """Divide mu^2, the quantity that Gaussian releases add up in, in proportion to `weights`.

        Raises `InputError` with every problem of the promise and of the weights.
        """
        problems = Problems()
        problems.extend(check_promise(epsilon, delta))
        if not weights:
            problems.add("releases", "none", "at least one, as NAME=WEIGHT", "say, for example, --release first=1")
        for name, weight in weights.items():
            if not (math.isfinite(weight) and weight > 0) or not name:
                problems.add(f"release {name!r}", str(weight), "a name and a positive weight", "write NAME=WEIGHT")
        problems.raise_if_any()
        total = sum(weights.values())
        releases = tuple(PlannedRelease(name, weight / total) for name, weight in weights.items())
        return cls(epsilon, delta, unit, releases)

    @property
    def spent(self) -> float:
        """The share of the budget that releases already made have used."""
        return sum(release.share for release in self.releases if release.made)

    def alone(self, release: PlannedRelease) -> float:
        """The epsilon that a release would have by itself, at the budget's delta."""
        return epsilon_of(mu_of(self.epsilon, self.delta) * math.sqrt(release.share), self.delta)

    def promise(self, name: str) -> Promise:
        """What the release of that name may cost, given those already made.

        The epsilon is that of its own share and the shares of those made before it, composed. Raises `InputError`
        for a name that was not planned, and for a release that was made: its share is gone.
        """
        found = next((release for release in self.releases if release.name == name), None)
        left = ", ".join(release.name for release in self.releases if not release.made) or "none"
        if found is None:
            raise InputError([Problem("--release", repr(name), "a planned release", f"still to be made: {left}")])
        if found.made:
            raise InputError(
                [
                    Problem(
                        f"release {name!r}",
                        "already made, and its share of the budget spent",
                        "a release that has not been made",
                        f"still to be made: {left}. Draw as many records as you like from the model there is",
                    )
                ]
            )
        mu = mu_of(self.epsilon, self.delta) * math.sqrt(self.spent + found.share)
        earlier = tuple(entry for release in self.releases for entry in release.entries)
        return Promise(epsilon_of(mu, self.delta), self.delta, self.unit, earlier)

    def with_made(self, name: str, ledger: Ledger) -> Budget:
        """The budget after the release of that name, whose ledger also holds those before it."""
        earlier = sum(len(release.entries) for release in self.releases)
        own = tuple(replace(entry, name=f"{name}: {entry.name}") for entry in ledger.entries[earlier:])
        releases = (replace(r, entries=own) if r.name == name else r for r in self.releases)
        return replace(self, releases=tuple(releases))


def write_budget(budget: Budget, path: str | os.PathLike[str]) -> None:
    """Write as JSON, whole or not at all."""
    write_json(path, {"schema": SCHEMA, **asdict(budget)})


def read_budget(path: str | os.PathLike[str]) -> Budget:
    """Read what `write_budget` wrote. Raises `InputError` for anything else, and for shares that exceed the promise."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        if record["schema"] != SCHEMA:
            raise ValueError(f"schema {record['schema']!r}; this version reads {SCHEMA}")
        budget = Budget(
            epsilon=float(record["epsilon"]),
            delta=float(record["delta"]),
            unit=record["unit"],
            releases=tuple(_release(release) for release in record["releases"]),
        )
        if sum(release.share for release in budget.releases) > 1 + 1e-9:
            raise ValueError("shares that add up to more than 1")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            [Problem(str(path), f"not a budget ({error})", "a file of `prisyn generate plan --out`", "check the path")]
        ) from error
    return budget


@contextmanager
def spending(path: str | os.PathLike[str], name: str) -> Iterator[Spending]:
    """Make a release under the budget at `path`; nobody else can while it goes on.

    Raises `InputError` if the release cannot be made or another process is making one. Call `made` on what is yielded
    once the measurements are taken and before anything of them is published: a crash in between wastes the share,
    and cannot spend it twice.
    """
    file = Path(path)
    with folder_lock(file.with_name(f".{file.name}.lock"), name=file):
        budget = read_budget(file)
        yield Spending(file, budget, name, budget.promise(name))


@dataclass(frozen=True)
class Spending:
    """A release in the making under a budget."""

    file: Path
    budget: Budget
    name: str
    promise: Promise

    def made(self, ledger: Ledger) -> None:
        """Write down that it was made, with what it measured."""
        write_budget(self.budget.with_made(self.name, ledger), self.file)


def _release(record: Mapping[str, Any]) -> PlannedRelease:
    entries: Sequence[Mapping[str, Any]] = record["entries"]
    release = PlannedRelease(str(record["name"]), float(record["share"]), tuple(Entry(**entry) for entry in entries))
    if not 0 < release.share <= 1:
        raise ValueError(f"a share of {release.share}")
    return release
