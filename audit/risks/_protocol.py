"""What a risk is, what it hands back, and the list of those that exist."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

from audit.document import Table
from audit.metrics import MetricView
from audit.risks._compare import Comparison
from audit.statistics import Estimate

Need = Literal["labels", "reference", "model"]


@dataclass(frozen=True)
class RiskMeasured:
    """What a risk hands back; its name and time are added by `run_risk`.

    `success`: how often the attack succeeds on members; `control`: the same attack on non-members, so all that can be
    known of anybody; `naive`: a guess that looks at nothing of the target, below which an attack has no power.
    `advantage` is success - control, in [-1, 1], and what is judged; `gained` is (success - control) / (1 - control),
    None where the control succeeds nearly always and the quotient would mean nothing. `p_value` is one-sided, that
    members are at no greater risk than non-members.
    """

    success: Estimate
    control: Estimate
    naive: Estimate
    advantage: Estimate
    gained: Estimate | None
    p_value: float
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RiskResult(RiskMeasured):
    """What one risk measured, with what it is and the seconds it took."""

    name: str = ""
    label: str = ""
    explanation: str = ""
    reference: str = ""
    seconds: float = 0.0


class Risk(Protocol):
    """A harm other than membership: what somebody can learn of a person because the person's record was used."""

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
    def needs(self) -> tuple[Need, ...]:
        """What the target must have beside its three sets."""

    def measure(self, view: MetricView) -> RiskMeasured:
        """Attack members and non-members alike."""


_REGISTERED: dict[str, Risk] = {}
RISKS: Mapping[str, Risk] = MappingProxyType(_REGISTERED)
"""Every risk by name."""


def register(kind: Callable[[], Risk]) -> Callable[[], Risk]:
    """Class decorator: make the risk known under its name."""
    risk = kind()
    _REGISTERED[risk.name] = risk
    return kind


def run_risk(risk: Risk, view: MetricView) -> RiskResult:
    """Measure one risk and time it."""
    start = time.perf_counter()
    measured = risk.measure(view)
    parts = {field.name: getattr(measured, field.name) for field in dataclasses.fields(RiskMeasured)}
    about = {key: getattr(risk, key) for key in ("name", "label", "explanation", "reference")}
    return RiskResult(**parts, **about, seconds=time.perf_counter() - start)


def measured(
    comparison: Comparison, naive: Estimate, *, tables: tuple[Table, ...] = (), notes: tuple[str, ...] = ()
) -> RiskMeasured:
    """The measurement that a comparison of members with controls makes, with what is to be said of any such."""
    said = [*notes]
    # Equal to a naive guess is what a set without a leak gives; only below it the instrument itself is in doubt.
    if comparison.success.high < naive.low:
        said.append("The attack does worse than the naive guess: it has no power here, so a null says little.")
    if comparison.gained is None:
        said.append(
            f"The control succeeds in {comparison.control.point:.1%} of cases. (a - c) / (1 - c) would rest on its few "
            "failures and is not given; the difference a - c is."
        )
    return RiskMeasured(
        success=comparison.success,
        control=comparison.control,
        naive=naive,
        advantage=comparison.difference,
        gained=comparison.gained,
        p_value=comparison.p_value,
        tables=tables,
        notes=tuple(said),
    )


def comparison_row(name: str, comparison: Comparison) -> tuple[str | float | None, ...]:
    """A row of a table with `COMPARISON_COLUMNS`."""
    gained = comparison.gained
    return (
        *(name, comparison.success.point, comparison.control.point, comparison.difference.point),
        f"{comparison.difference.low:.3f} to {comparison.difference.high:.3f}",
        *(None if gained is None else gained.point, comparison.p_value),
    )


COMPARISON_COLUMNS = ("Members", "Control", "Difference", "95 %", "Gained", "p")
