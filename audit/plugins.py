"""Attacks, metrics and risks of other distributions, found by their entry points.

A distribution names a class (or any function without arguments that makes an instrument) under `prisyn.attacks`,
`prisyn.metrics` or `prisyn.risks`. What it makes is held to the same protocol as ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from audit.attacks import ATTACKS, Attack
from audit.broken import InstrumentKind
from audit.metrics import METRICS, Metric
from audit.risks import RISKS, Risk

GROUPS: Mapping[InstrumentKind, str] = {"attack": "prisyn.attacks", "metric": "prisyn.metrics", "risk": "prisyn.risks"}
_PROTOCOLS: Mapping[InstrumentKind, type] = {"attack": Attack, "metric": Metric, "risk": Risk}
_OPTIONAL = {"default"}
_TAKEN: Mapping[InstrumentKind, Mapping[str, Any]] = {"attack": ATTACKS, "metric": METRICS, "risk": RISKS}


@dataclass(frozen=True, slots=True)
class PluginFault:
    """A plug-in that is left out: what kind it was to be, its entry point, the distribution it is of, and why."""

    kind: InstrumentKind
    name: str
    distribution: str
    reason: str

    def __str__(self) -> str:
        return f"the {self.kind} {self.name!r} of {self.distribution} is left out: {self.reason}"


@dataclass(frozen=True)
class Plugins:
    """What other distributions bring, by name, and what of it is broken."""

    attacks: Mapping[str, Attack]
    metrics: Mapping[str, Metric]
    risks: Mapping[str, Risk]
    faults: tuple[PluginFault, ...] = ()


def load_plugins() -> Plugins:
    """Load the instruments of all installed distributions. A broken one becomes a fault, never an exception."""
    found: dict[InstrumentKind, dict[str, Any]] = {kind: {} for kind in GROUPS}
    faults = []
    for kind, group in GROUPS.items():
        for point in sorted(entry_points(group=group), key=lambda each: (each.name, _distribution(each))):
            loaded = _load(kind, point, {**_TAKEN[kind], **found[kind]})
            if isinstance(loaded, str):
                faults.append(PluginFault(kind, point.name, _distribution(point), loaded))
            else:
                found[kind][loaded.name] = loaded
    return Plugins(found["attack"], found["metric"], found["risk"], tuple(faults))


def _distribution(point: EntryPoint) -> str:
    return "an unnamed distribution" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def _load(kind: InstrumentKind, point: EntryPoint, taken: Mapping[str, Any]) -> Any:
    """The instrument of an entry point, or in words why there is none."""
    try:
        made = point.load()()
    except Exception as error:  # whatever a stranger's code raises, it must not end the audit
        return f"{point.value} cannot be loaded ({type(error).__name__}: {_first_line(error)})"
    lacking = _lacking(made, _PROTOCOLS[kind])
    if lacking:
        return f"{point.value} lacks {', '.join(lacking)}; {kind}s are described in docs/plugins.md"
    if made.name in taken:
        return f"its name {made.name!r} is taken"
    return made


def _lacking(made: Any, protocol: type) -> list[str]:
    """What the protocol asks for and `made` has not: attributes that are missing or empty, methods that are none."""
    lacking = []
    for name, member in vars(protocol).items():
        if name.startswith("_") or name in _OPTIONAL or not (isinstance(member, property) or callable(member)):
            continue
        value = getattr(made, name, None)
        if value is None or value == "" or (callable(member) and not callable(value)):
            lacking.append(name)
    return lacking


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "no message")
