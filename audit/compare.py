"""Several audits side by side: the same attacks, risks and measures on each synthetic set, with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from audit.result import CONFIDENTIAL
from audit.result import SCHEMA as AUDIT_SCHEMA
from prisyn_base import Problems

SCHEMA = "prisyn.comparison/1"
Json = Mapping[str, Any]
Goal = Literal["maximise", "minimise", "target"]
Part = Literal["attack", "risk", "metric"]


@dataclass(frozen=True, slots=True)
class Value:
    """One number of one audit and its ideal there; `fault` says why it cannot be believed."""

    point: float
    low: float
    high: float
    target: float
    fault: str = ""


@dataclass(frozen=True)
class Measure:
    """One row of the comparison: the same number of every audit that has it.

    `not_told_apart` names the best audit and all whose intervals meet its own; it is empty where fewer than two
    audits have a value that can be believed. It compares intervals, so it is on the side of "no difference". `target`
    is None where the audits have different ones.
    """

    part: Part
    key: str
    label: str
    goal: Goal
    target: float | None
    values: Mapping[str, Value]
    not_told_apart: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Audits by name with what each measured. `warnings` say where they cannot be compared."""

    audits: Mapping[str, Json]
    measures: tuple[Measure, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data with a schema version; the audits are cut down to what is compared."""
        return {
            "schema": SCHEMA,
            "confidential": CONFIDENTIAL,
            "audits": [{"name": name, **_about(facts)} for name, facts in self.audits.items()],
            "measures": [_plain(measure) for measure in self.measures],
            "warnings": list(self.warnings),
        }


def compare(audits: Mapping[str, Json]) -> Comparison:
    """Lay audits (their JSON) side by side. Raises InputError where there are fewer than two, or one is no audit."""
    problems = Problems()
    if len(audits) < 2:
        problems.add("compare", f"{len(audits)} audit", "at least two", "name more audits or synthetic sets")
    for name, facts in audits.items():
        if facts.get("schema") != AUDIT_SCHEMA:
            found = f"schema {facts.get('schema')!r}"
            problems.add(name, found, f"an audit.json of schema {AUDIT_SCHEMA}", "make it anew with prisyn audit run")
    problems.raise_if_any()
    rows: dict[tuple[Part, str], tuple[str, Goal, dict[str, Value]]] = {}
    for name, facts in audits.items():
        for part, key, label, goal, value in _numbers(facts):
            rows.setdefault((part, key), (label, goal, {}))[2][name] = value
    measures = tuple(
        Measure(part, key, label, goal, _target(values), values, _best(values, goal))
        for (part, key), (label, goal, values) in rows.items()
    )
    return Comparison(audits, measures, tuple(_warnings(audits)))


def _target(values: Mapping[str, Value]) -> float | None:
    targets = {value.target for value in values.values()}
    return targets.pop() if len(targets) == 1 else None


def _numbers(facts: Json) -> Iterator[tuple[Part, str, str, Goal, Value]]:
    for attack in facts["attacks"]:
        name, label, fault = attack["name"], attack["label"], attack["fault"]
        yield "attack", f"{name}.auc", f"{label}: AUC", "minimise", _value(attack["auc"], 0.5, fault)
        for rate in attack["rates"]:
            if rate["resolvable"]:
                said = f"{label}: members found at {100 * rate['fpr']:g} % false alarms"
                key, value = f"{name}.tpr.{rate['fpr']:g}", _value(rate["tpr"], rate["fpr"], fault)
                yield "attack", key, said, "minimise", value
    for risk in facts["risks"]:
        said = f"{risk['label']}: difference to non-members"
        yield "risk", risk["name"], said, "minimise", _value(risk["advantage"], 0.0)
    for metric in facts["metrics"]:
        for score in metric["scores"]:
            key = f"{metric['name']}.{score['key']}"
            yield "metric", key, score["label"], score["goal"], _value(score["estimate"], score["target"])


def _value(estimate: Json, target: float, fault: str = "") -> Value:
    return Value(estimate["point"], estimate["low"], estimate["high"], target, fault)


def _best(values: Mapping[str, Value], goal: Goal) -> tuple[str, ...]:
    usable = {name: value for name, value in values.items() if not value.fault and value.point is not None}
    if len(usable) < 2:
        return ()
    distance = {name: _distance(value, goal) for name, value in usable.items()}
    best = usable[min(distance, key=lambda name: distance[name])]
    return tuple(name for name, value in usable.items() if value.low <= best.high and best.low <= value.high)


def _distance(value: Value, goal: Goal) -> float:
    if goal == "target":
        return abs(value.point - value.target)
    return -value.point if goal == "maximise" else value.point


def _warnings(audits: Mapping[str, Json]) -> Iterator[str]:
    (first, facts), *others = audits.items()
    for name, other in others:
        different = [part for part in ("members", "nonmembers", "reference") if _set(facts, part) != _set(other, part)]
        if different:
            yield f"{name} was judged with other {' and '.join(different)} than {first}: their numbers do not compare"
        if other["space"]["fitted_on"] != facts["space"]["fitted_on"]:
            yield f"{name} and {first} lie in different coordinates: distances do not compare"
    if facts["space"]["fitted_on"] == "synthetic":
        yield (
            "without a reference set each audit fits its coordinates on its own synthetic set, so distances are not on "
            "one scale; attacks compare, since they only rank records"
        )


def _set(facts: Json, part: str) -> Any:
    summary = facts["sets"].get(part)
    return None if summary is None else {key: value for key, value in summary.items() if key != "kind"}


def _about(facts: Json) -> dict[str, Any]:
    verdict = facts["verdict"]
    working = [attack for attack in facts["attacks"] if not attack["fault"]]
    worst = max(working, key=lambda attack: float(attack["auc"]["point"]), default=None)
    return {
        "outcome": verdict["outcome"],
        "headline": verdict["headline"],
        "claim": facts["claim"],
        "epsilon_at_least": max((attack["epsilon"]["clopper_pearson"] for attack in working), default=None),
        "found_most": None if worst is None else worst["label"],
        "worst_auc": None if worst is None else worst["auc"]["point"],
        "records": facts["sets"]["synthetic"]["records"],
        "copies": facts["copies"]["members"],
        "seed": facts["seed"],
    }


def _plain(measure: Measure) -> dict[str, Any]:
    values = {name: asdict(value) for name, value in measure.values.items()}
    return {
        **{key: getattr(measure, key) for key in ("part", "key", "label", "goal", "target")},
        "values": values,
        "not_told_apart": list(measure.not_told_apart),
    }
