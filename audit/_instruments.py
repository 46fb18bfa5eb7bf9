"""Which instruments an audit uses: ours and those of plug-ins, by name, as far as the target allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from audit.attacks import ATTACKS, Attack
from audit.metrics import METRICS, Metric
from audit.models import attacks_on
from audit.plugins import Plugins
from audit.risks import RISKS, Need, Risk
from audit.target import AuditTarget
from prisyn_base import Problems

Part = TypeVar("Part")


@dataclass(frozen=True)
class Instruments:
    """What is run, in order, and (name, reason) of what is not."""

    attacks: tuple[Attack, ...]
    metrics: tuple[Metric, ...]
    risks: tuple[Risk, ...]
    skipped: tuple[tuple[str, str], ...]


def by_default(part: object) -> bool:
    """False for an instrument that is run only if asked for by name; most do not say and are run."""
    return bool(getattr(part, "default", True))


def choose(
    target: AuditTarget,
    plugins: Plugins,
    *,
    attacks: Sequence[str | Attack] | None,
    metrics: Sequence[str | Metric] | None,
    risks: Sequence[str | Risk] | None,
    seed: int,
) -> Instruments:
    """The instruments by name or as they are; by default all but those that are to be asked for, in order of name.

    Where the target has a handle on the model, attacks on it stand beside the others. Raises InputError for names that
    do not exist.
    """
    problems = Problems()
    on_model = {} if target.model is None else {a.name: a for a in attacks_on(target.model, seed=seed)}
    chosen = _pick("attacks", {**ATTACKS, **plugins.attacks, **on_model}, attacks, problems)
    measures = _pick("metrics", {**METRICS, **plugins.metrics}, metrics, problems)
    harms = _pick("risks", {**RISKS, **plugins.risks}, risks, problems)
    problems.raise_if_any()
    lacks = {
        "attack": {a.name: _attack_lacks(target, a) for a in chosen},
        "metric": {m.name: _lacks(target, ("labels",) if m.needs_labels else ()) for m in measures},
        "risk": {r.name: _lacks(target, r.needs) for r in harms},
    }
    return Instruments(
        tuple(attack for attack in chosen if not lacks["attack"][attack.name]),
        tuple(metric for metric in measures if not lacks["metric"][metric.name]),
        tuple(risk for risk in harms if not lacks["risk"][risk.name]),
        tuple((name, reason) for reasons in lacks.values() for name, reason in reasons.items() if reason),
    )


def _attack_lacks(target: AuditTarget, attack: Attack) -> str:
    # An attack on the edges of a graph would find a stand-in without one, but would say nothing new.
    if getattr(attack, "needs_edges", False) and not target.edges:
        return "needs a graph"
    if getattr(attack, "needs_edges", False) and not _joins_features(target):
        return "needs a graph with edges between genes of the records"
    return _lacks(target, ("reference",) if attack.needs_reference else ())


def _joins_features(target: AuditTarget) -> bool:
    known = set(target.features) if target.kind == "counts" else set()
    return any({e.regulator, e.target} <= known and e.regulator != e.target for e in target.edges)


def _lacks(target: AuditTarget, needs: Sequence[Need]) -> str:
    """What the target has not, in words; empty where it has all."""
    there = {
        "labels": target.labelled,
        "reference": target.reference is not None,
        "model": target.model is not None,
    }
    words = {"labels": "a label column", "reference": "a reference set", "model": "a handle on the model"}
    lacking = [words[need] for need in needs if not there[need]]
    return f"needs {' and '.join(lacking)}" if lacking else ""


def _pick(where: str, known: Mapping[str, Part], wanted: Sequence[str | Part] | None, problems: Problems) -> list[Part]:
    if wanted is None:
        return [known[name] for name in sorted(known) if by_default(known[name])]
    picked: dict[str, Part] = {}
    for each in wanted:
        if not isinstance(each, str):
            picked[str(getattr(each, "name", each))] = each
        elif each in known:
            picked[each] = known[each]
        else:
            problems.add(where, repr(each), f"one of {', '.join(sorted(known))}", "correct the name")
    return list(picked.values())
