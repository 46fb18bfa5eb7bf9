"""What an audit found. Its JSON is the record; pages and tables are views of it."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit import gates
from audit._encoding import pack
from audit._selftest import SelfTest
from audit.attacks._run import AttackResult
from audit.broken import Broken
from audit.claim import Claim
from audit.copies import Copies
from audit.curves import Curve
from audit.edge_leaks import EdgeLeaks
from audit.exposure import Exposure
from audit.metrics import MetricResult
from audit.records import Kind
from audit.risks import RiskResult
from audit.statistics import Scores
from audit.verdict import Verdict

SCHEMA = "prisyn.audit/2"
EDGES_TOLD = 25
"""Edges in the JSON, the most telling ones; a graph may have tens of thousands."""
CONFIDENTIAL = (
    "This audit was made with the real records in hand and is not differentially private: it is as confidential as "
    "they are. What may be published is the synthetic set and the model, if the verdict allows it."
)


@dataclass(frozen=True)
class SetSummary:
    """One audited set in numbers: records, features, records of each type, donors (None where not known).

    Features are genes or, of the `kind` "table", columns; the schema calls both `genes`.
    """

    kind: Kind
    records: int
    genes: int
    types: tuple[tuple[str, int], ...]
    donors: int | None


@dataclass(frozen=True)
class SpaceSummary:
    """The shared coordinates in numbers."""

    fitted_on: str
    components: int
    explained: float


@dataclass(frozen=True)
class AuditResult:
    """Everything that was found. `to_json` is equal for equal input and seed, its `timing` aside.

    `exposure` is None where no attack worked, `edges` where no regulations were handed in. `skipped` are (name, reason)
    of what the target does not allow, `broken` what failed while it was used, `left_out` plug-ins that could not be
    loaded, `selftest` the quick test of the instruments before they were used.
    """

    seed: int
    sets: tuple[tuple[str, SetSummary], ...]
    claim: Claim | None
    verdict: Verdict
    copies: Copies
    attacks: tuple[AttackResult, ...]
    risks: tuple[RiskResult, ...]
    metrics: tuple[MetricResult, ...]
    exposure: Exposure | None
    edges: EdgeLeaks | None
    curves: tuple[Curve, ...]
    space: SpaceSummary
    warnings: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    broken: tuple[Broken, ...]
    left_out: tuple[str, ...]
    selftest: SelfTest
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data with a schema version; seconds are in `timing` only, unknown numbers are null."""
        adjusted = dict(self.verdict.adjusted)
        plain = _plain(self)
        plain["sets"] = {name: _set(summary) for name, summary in self.sets}
        plain["skipped"] = [{"name": name, "reason": reason} for name, reason in self.skipped]
        plain["verdict"] |= {"reasons": list(self.verdict.reasons), "adjusted": _plain(adjusted)}
        if self.verdict.power is not None:
            plain["verdict"]["power"]["tpr"] = _pairs(self.verdict.power.tpr, "fpr", "tpr")
        plain["selftest"] = {"checks": len(self.selftest.checks), "broken": dict(self.selftest.broken)}
        if self.edges is not None:
            told = {"edges": len(self.edges.edges), "significant": len(self.edges.leaking(gates.LEVEL.value))}
            plain["edges"] = {**plain["edges"], **told, "most": plain["edges"]["edges"][:EDGES_TOLD]}
        for attack, result in zip(plain["attacks"], self.attacks, strict=True):
            attack["scores"] = {"members": pack(result.scores.members), "nonmembers": pack(result.scores.nonmembers)}
            attack["chance"]["rates"] = _pairs(result.chance.rates, "fpr", "p_value")
            attack["adjusted"] = {
                k.partition(": ")[2]: v for k, v in adjusted.items() if k.startswith(f"{result.name}: ")
            }
        seconds, kinds = plain.pop("seconds"), ("attacks", "risks", "metrics")
        timing = {kind: {part["name"]: part.pop("seconds") for part in plain[kind]} for kind in kinds}
        mark = {"schema": SCHEMA, "confidential": CONFIDENTIAL}
        return {**mark, **plain, "gates": _plain(gates.GATES), "timing": {"total": seconds, **timing}}

    @property
    def summary(self) -> tuple[str, ...]:
        """The result in a few lines of text."""
        lines = [f"{self.verdict.outcome.upper()}: {self.verdict.headline}", *(f"  {r}" for r in self.verdict.reasons)]
        lines += [f"  attack {a.label}: AUC {a.auc}{' (instrument failed)' if a.fault else ''}" for a in self.attacks]
        lines += [f"  risk {r.label}: advantage over non-members {r.advantage}" for r in self.risks]
        for metric in self.metrics:
            for score in metric.scores:
                beside = f"; {score.control_label}: {score.control.point:.3f}" if score.control else ""
                lines.append(f"  {score.label}: {score.estimate}{beside}")
        lines += [f"  {broken.kind} {broken.label}: broken ({broken.reason})" for broken in self.broken]
        return tuple(lines + [f"  warning: {warning}" for warning in (*self.warnings, *self.left_out)])

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(line.strip())}</li>" for line in self.summary[1:])
        return f"<strong>{html.escape(self.summary[0])}</strong><ul>{lines}</ul>"


def _set(summary: SetSummary) -> dict[str, Any]:
    return {**dataclasses.asdict(summary), "types": dict(summary.types)}


def _pairs(pairs: tuple[tuple[float, Any], ...], first: str, second: str) -> list[dict[str, Any]]:
    return [{first: _plain(a), second: _plain(b)} for a, b in pairs]


def _plain(value: Any) -> Any:
    """JSON data from dataclasses, tuples and numbers; NaN and infinities become null, scores are packed apart."""
    if isinstance(value, Scores):
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
