"""Every private release so far, and what they compose to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from conditioned_gen.mechanisms import epsilon_of

SCHEMA = 1
Unit = Literal["cell", "donor"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One release: Gaussian noise of standard deviation `noise` on something of L2 sensitivity `sensitivity`.

    With `sample_rate` below 1 it stands for `steps` releases, each on a Poisson subsample at that rate. `delta` is
    spent outright by a selection, whose threshold fails with that probability.
    """

    name: str
    sensitivity: float
    noise: float
    coordinates: int
    steps: int = 1
    sample_rate: float = 1.0
    delta: float = 0.0
    note: str = ""

    @property
    def mu(self) -> float:
        """Gaussian-DP parameter of one step without subsampling: sensitivity / noise."""
        return self.sensitivity / self.noise


@dataclass
class Ledger:
    """The releases made for one cohort under one promise, with what was taken as public.

    `epsilon` is composed from the entries, never copied from the promise. `private` is False as soon as noise came
    from a seed. Adjacency is add/remove: neighbouring cohorts differ by all the records of one unit.
    """

    unit: Unit
    budget_epsilon: float
    delta: float
    private: bool = True
    public: tuple[str, ...] = ()
    entries: list[Entry] = field(default_factory=list)

    @property
    def epsilon(self) -> float:
        """The epsilon, at `delta`, of everything released so far."""
        if not self.entries:
            return 0.0
        delta = self.delta - sum(entry.delta for entry in self.entries)
        if delta <= 0:
            return math.inf
        if all(entry.sample_rate == 1 for entry in self.entries):
            return epsilon_of(self.mu, delta)
        return _epsilon_by_loss_distribution(self.entries, delta)

    @property
    def mu(self) -> float:
        """sqrt of the sum of mu^2: Gaussian mechanisms compose exactly, also when chosen one after another."""
        return math.sqrt(sum(entry.steps * entry.mu**2 for entry in self.entries))

    def charge(self, entry: Entry) -> None:
        """Write a release down. Called by the barrier, before it hands the release out."""
        self.entries.append(entry)

    def statement(self) -> str:
        """The guarantee as a paragraph for a person who has to sign it."""
        unit = "one cell" if self.unit == "cell" else "all cells of one donor"
        releases = f"{len(self.entries)} release{'' if len(self.entries) == 1 else 's'}"
        promise = (
            f"Whatever is computed from this release, adding or removing {unit} changes the probability of any outcome "
            f"by a factor of at most exp({self.epsilon:.3g}), except with probability {self.delta:.0e}: "
            f"({self.epsilon:.4g}, {self.delta:.0e})-differential privacy, unit {self.unit}, add/remove adjacency, "
            f"composed over {releases} of Gaussian noise ({self._accountant()})."
        )
        covered = "Taken as public and not covered: " + "; ".join(self.public) + "." if self.public else ""
        limits = (
            "A donor with many cells is not protected as a whole: no statement is made per person."
            if self.unit == "cell"
            else ""
        )
        if not self.private:
            promise = (
                "THE GUARANTEE DOES NOT HOLD: the noise came from a fixed seed, which whoever knows it can subtract. "
                "With noise from the operating system's entropy the statement would be: " + promise
            )
        return " ".join(part for part in (promise, limits, covered) if part)

    def _accountant(self) -> str:
        exact = all(entry.sample_rate == 1 for entry in self.entries)
        return "exact, by the analytic Gaussian formula" if exact else "by privacy loss distributions"

    def to_json(self) -> dict[str, Any]:
        """A JSON-able record; `from_json` reads it back and `epsilon` is composed anew from the entries."""
        return {
            "schema": SCHEMA,
            "unit": self.unit,
            "adjacency": "add/remove",
            "epsilon": self.epsilon,
            "delta": self.delta,
            "budget_epsilon": self.budget_epsilon,
            "private": self.private,
            "public": list(self.public),
            "entries": [asdict(entry) for entry in self.entries],
            "statement": self.statement(),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Ledger:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError on anything else."""
        if record["schema"] != SCHEMA:
            raise ValueError(f"ledger schema {record['schema']!r}; this version reads {SCHEMA}")
        return cls(
            unit=record["unit"],
            budget_epsilon=float(record["budget_epsilon"]),
            delta=float(record["delta"]),
            private=bool(record["private"]),
            public=tuple(record["public"]),
            entries=[Entry(**entry) for entry in record["entries"]],
        )


def _epsilon_by_loss_distribution(entries: list[Entry], delta: float) -> float:
    from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent
    from dp_accounting.pld import PLDAccountant

    accountant = PLDAccountant()
    for entry in entries:
        event = GaussianDpEvent(entry.noise / entry.sensitivity)
        accountant.compose(
            PoissonSampledDpEvent(entry.sample_rate, event) if entry.sample_rate < 1 else event, entry.steps
        )
    return float(accountant.get_epsilon(delta))
