"""What a metric is, what it declares about its numbers, and the list of those that exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from audit.document import Table
from audit.metrics._pool import Pool, pool
from audit.statistics import Estimate
from audit.target import AuditTarget

Goal = Literal["maximise", "minimise", "target"]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Score:
    """One number of a metric. `low` and `high` are the range it can take, `target` its ideal, `control` what real data
    reach against real data, and `p_value` (where there is a test) that of "synthetic and real are alike".
    """

    key: str
    label: str
    goal: Goal
    low: float | None
    high: float | None
    target: float
    estimate: Estimate
    control: Estimate | None
    control_label: str
    reading: str
    p_value: float | None = None
    control_p_value: float | None = None


@dataclass(frozen=True)
class MetricResult:
    """What one metric measured: its numbers, a table of details, and what to mind when reading them."""

    name: str
    label: str
    explanation: str
    reference: str
    scores: tuple[Score, ...]
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Measured:
    """What a metric hands back: its numbers, tables and notes; its name and time are added by the runner."""

    scores: tuple[Score, ...]
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class MetricView:
    """What a metric may look at: the target, and the seed of whatever it draws."""

    target: AuditTarget
    seed: int
    _made: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """What several metrics need, made by the first that asks."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    @cached_property
    def pool(self) -> Pool:
        """Coordinates that favour none of the three sets; worked out once for all metrics."""
        return pool(self.target, seed=self.seed)


class Metric(Protocol):
    """A measure of how well the synthetic records stand in for real ones."""

    @property
    def name(self) -> str:
        """How it is called in files and on the command line."""

    @property
    def label(self) -> str:
        """How it is called in reports."""

    @property
    def explanation(self) -> str:
        """What it measures, in one plain sentence."""

    @property
    def reference(self) -> str:
        """The paper it comes from."""

    @property
    def needs_labels(self) -> bool:
        """True where it cannot work without types."""

    @property
    def default(self) -> bool:
        """False for a metric so slow that it is only taken when asked for by name."""

    def measure(self, view: MetricView) -> Measured:
        """Take the measure. Raises InputError where the target lacks what it needs, labels aside."""


_REGISTERED: dict[str, Metric] = {}
METRICS: Mapping[str, Metric] = MappingProxyType(_REGISTERED)
"""Every metric by name."""


def register(kind: Callable[[], Metric]) -> Callable[[], Metric]:
    """Class decorator: make the metric known under its name."""
    metric = kind()
    _REGISTERED[metric.name] = metric
    return kind


def draw(rng: np.random.Generator, count: int, size: int) -> npt.NDArray[np.intp]:
    """`size` of `count` rows without repetition, in order; all of them where there are no more."""
    return np.sort(rng.permutation(count)[:size])
