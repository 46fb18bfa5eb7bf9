"""Every private release so far, and what they compose to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from conditioned_gen.mechanisms import epsilon_of
from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from dp_accounting.pld.privacy_loss_distribution import PrivacyLossDistribution

SCHEMA = 1
Unit = Literal["cell", "donor"]
Mechanisms = tuple[tuple[float, int, float, bool], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One release: Gaussian noise of standard deviation `noise` on something of L2 sensitivity `sensitivity`.

    Noise 0 stands for a release that hides nothing. With `sample_rate` below 1 it stands for `steps` releases, each on
    a Poisson subsample at that rate: of the units, or, where one `exchanges` rather than adds, of fixed shares of the
    units, each of which contributes at most sensitivity / 2 and turns from one contribution into another with a unit.
    `delta` is spent outright by a selection, whose threshold fails with that probability.
    """

    name: str
    sensitivity: float
    noise: float
    coordinates: int
    steps: int = 1
    sample_rate: float = 1.0
    delta: float = 0.0
    note: str = ""
    exchanges: bool = False

    def __post_init__(self) -> None:
        sizes = (self.sensitivity, self.noise)
        if not all(math.isfinite(value) for value in sizes) or self.sensitivity <= 0 or self.noise < 0:
            raise ValueError(f"sensitivity must be positive, noise not negative, and both finite, not {sizes}")
        if self.steps < 1 or not 0 < self.sample_rate <= 1 or not 0 <= self.delta < 1:
            raise ValueError(f"no such release: steps {self.steps}, rate {self.sample_rate}, delta {self.delta}")

    @property
    def mu(self) -> float:
        """Gaussian-DP parameter of one step without subsampling: sensitivity / noise, infinite without noise."""
        return self.sensitivity / self.noise if self.noise else math.inf


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
        if delta <= 0 or any(entry.noise == 0 for entry in self.entries):
            return math.inf
        if all(entry.sample_rate == 1 for entry in self.entries):
            return epsilon_of(self.mu, delta)
        grid = 1e-4 * min(max(self.budget_epsilon, 1.0), 10.0)
        # Names and sizes change nothing, and left out they do not keep equal mechanisms from being known again.
        mechanisms = tuple((entry.mu, entry.steps, entry.sample_rate, entry.exchanges) for entry in self.entries)
        return _numerical_epsilon(mechanisms, delta, grid)

    @property
    def mu(self) -> float:
        """sqrt of the sum of mu^2: Gaussian mechanisms compose exactly, also when chosen one after another."""
        return math.sqrt(sum(entry.steps * entry.mu**2 for entry in self.entries))

    def charge(self, entry: Entry) -> None:
        """Write a release down; called by the barrier before it looks at the records.

        Raises `InputError`, and writes nothing, if the release would take the total past the promise.
        """
        total = replace(self, entries=[*self.entries, entry]).epsilon
        if total > self.budget_epsilon * (1 + 1e-6):
            raise InputError(
                [
                    Problem(
                        "budget",
                        f"a release ({entry.name}) that would take epsilon to {total:.4g}",
                        f"at most the promised {self.budget_epsilon:g}",
                        "ask for a smaller share, or make a new cohort object for a new promise and add both up",
                    )
                ]
            )
        self.entries.append(entry)

    def statement(self) -> str:
        """The guarantee as a paragraph for a person who has to sign it."""
        if math.isinf(self.budget_epsilon):
            return (
                "NO PRIVACY: epsilon is infinite, so nothing was promised and no noise was added. What is computed "
                "from this release may show the records it was fitted to."
            )
        unit = "one cell" if self.unit == "cell" else "all cells of one donor"
        releases = f"{len(self.entries)} release{'' if len(self.entries) == 1 else 's'}"
        epsilon = _rounded_up(self.epsilon)
        promise = (
            f"Whatever is computed from this release, an outcome of probability p would have probability at most "
            f"exp({epsilon}) p + {self.delta:g} had {unit} been left out or added: ({epsilon}, {self.delta:g})-"
            f"differential privacy, unit {self.unit}, add/remove adjacency, composed over {releases} "
            f"({self._accountant()})."
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
        parts = ["Gaussian noise"]
        if any(entry.sample_rate < 1 for entry in self.entries):
            parts = ["Gaussian noise on Poisson subsamples, by privacy loss distributions"]
        else:
            parts.append("by the analytic Gaussian formula")
        selection = sum(entry.delta for entry in self.entries)
        if selection > 0:
            parts.append(f"{selection:g} of delta for naming the types")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """A JSON-able record; `from_json` reads it and composes `epsilon` anew, null where nothing bounds it."""
        return {
            "schema": SCHEMA,
            "unit": self.unit,
            "adjacency": "add/remove",
            "epsilon": _number_or_none(self.epsilon),
            "delta": self.delta,
            "budget_epsilon": _number_or_none(self.budget_epsilon),
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
            budget_epsilon=math.inf if record["budget_epsilon"] is None else float(record["budget_epsilon"]),
            delta=float(record["delta"]),
            private=bool(record["private"]),
            public=tuple(record["public"]),
            entries=[Entry(**entry) for entry in record["entries"]],
        )


@lru_cache(maxsize=1024)
def _numerical_epsilon(mechanisms: Mechanisms, delta: float, grid: float) -> float:
    return float(_loss_distribution(mechanisms, grid).get_epsilon_for_delta(delta))


@lru_cache(maxsize=16)
def _loss_distribution(mechanisms: Mechanisms, grid: float) -> PrivacyLossDistribution:
    """Compose mechanisms (mu, steps, sample rate, exchanges) numerically, an upper bound (Doroshenko et al., 2022).

    A subsample that misses the unit shows R = N(r, s^2). Where it adds, one that has it shows N(a, s^2), |a - r| <= d,
    against R. Where it exchanges, with c = d / 2, the pair is P = (1 - q) R + q N(a, s^2) and Q = (1 - q) R +
    q N(b, s^2) with |a - r|, |b - r| <= c. For alpha >= 1, a test that has power p against N(a, s^2) has level at least
    f(c) under R and f(2 c) under N(b, s^2), f(x) = Phi(Phi^-1(p) - x / s), and both are reached by one half-space
    where a = r + c u and b = r - c u. That pair therefore dominates all, for alpha < 1 by exchanging P and Q.
    """
    from dp_accounting import NeighboringRelation
    from dp_accounting.pld import privacy_loss_distribution as pld

    total = pld.identity(value_discretization_interval=grid)
    for mu, steps, sample_rate, exchanges in mechanisms:
        if sample_rate == 1:
            sd = 1 / (mu * math.sqrt(steps))
            total = total.compose(pld.from_gaussian_mechanism(sd, value_discretization_interval=grid))
            continue
        relation = NeighboringRelation.REPLACE_ONE if exchanges else NeighboringRelation.ADD_OR_REMOVE_ONE
        step = pld.from_gaussian_mechanism(
            (2 if exchanges else 1) / mu,
            sampling_prob=sample_rate,
            value_discretization_interval=grid,
            neighboring_relation=relation,
        )
        total = total.compose(step.self_compose(steps))
    return total


def _number_or_none(epsilon: float) -> float | None:
    """JSON has no infinity: no bound is null."""
    return epsilon if math.isfinite(epsilon) else None


def _rounded_up(epsilon: float) -> str:
    """Four significant digits, never less than the value, but for the 1e-6 that the accounting itself may be off."""
    if epsilon <= 0 or not math.isfinite(epsilon):
        return f"{epsilon:g}"
    unit = 10.0 ** (math.floor(math.log10(epsilon)) - 3)
    return f"{math.ceil(epsilon * (1 - 1e-6) / unit) * unit:.6g}"
