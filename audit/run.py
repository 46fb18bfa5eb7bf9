"""The audit: all attacks and metrics on one target, and the verdict."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from audit import gates
from audit.attacks import ATTACKS, Attack, AttackView
from audit.attacks._run import AttackResult, run_attack
from audit.claim import Claim
from audit.copies import count_copies
from audit.embedding import Space, embed
from audit.metrics import METRICS, Metric, MetricResult, MetricView
from audit.result import AuditResult, SetSummary, SpaceSummary
from audit.target import AuditTarget
from audit.verdict import judge
from cohort import Cohort
from prisyn_base import Problems

DELTA = 1e-5
Progress = Callable[[str], None]
Part = TypeVar("Part")


def audit(
    target: AuditTarget,
    *,
    seed: int,
    claim: Claim | None = None,
    attacks: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> AuditResult:
    """Attack and measure the synthetic set of `target`, and judge whether it gives its members away.

    `attacks` and `metrics` name what is run (default: all that the target allows; see `ATTACKS` and `METRICS`).
    `progress` is called with a short line before each part. Raises InputError naming every problem with the input.
    """
    start = time.perf_counter()
    tell = progress or (lambda line: None)
    chosen, measures = _choose(ATTACKS, METRICS, attacks, metrics)
    tell("checking the sets")
    warnings = target.check()
    skipped = _skipped(target, chosen, measures)
    left_out = {name for name, _ in skipped}
    tell("laying one coordinate system through all sets")
    space = embed(target, seed=seed)
    found = _attack(target, space, [a for a in chosen if a.name not in left_out], seed, claim, tell)
    measured = _measure(target, space, [m for m in measures if m.name not in left_out], seed, tell)
    copies = count_copies(target)
    return AuditResult(
        seed=seed,
        sets=tuple((name, _summarise(cohort)) for name, cohort in target.sets.items()),
        claim=claim,
        verdict=judge(found, measured, copies, claim),
        copies=copies,
        attacks=tuple(found),
        metrics=tuple(measured),
        space=SpaceSummary(space.fitted_on, space.components, space.explained),
        warnings=warnings,
        skipped=tuple(skipped),
        seconds=time.perf_counter() - start,
    )


def _choose(
    attacks: Mapping[str, Attack],
    metrics: Mapping[str, Metric],
    wanted_attacks: Sequence[str] | None,
    wanted_metrics: Sequence[str] | None,
) -> tuple[list[Attack], list[Metric]]:
    """The attacks and metrics by name, in the order of their names; InputError for names that do not exist."""
    problems = Problems()
    chosen_attacks = _pick("attacks", attacks, wanted_attacks, problems)
    chosen_metrics = _pick("metrics", metrics, wanted_metrics, problems)
    problems.raise_if_any()
    return chosen_attacks, chosen_metrics


def _pick(where: str, known: Mapping[str, Part], wanted: Sequence[str] | None, problems: Problems) -> list[Part]:
    names = sorted(known) if wanted is None else list(dict.fromkeys(wanted))
    for name in names:
        if name not in known:
            problems.add(where, repr(name), f"one of {', '.join(sorted(known))}", "correct the name")
    return [known[name] for name in names if name in known]


def _skipped(target: AuditTarget, attacks: list[Attack], metrics: list[Metric]) -> list[tuple[str, str]]:
    no_reference = [(a.name, "needs a reference set") for a in attacks if a.needs_reference and not target.reference]
    no_types = [(m.name, "needs a label column") for m in metrics if m.needs_labels and not target.labelled]
    return no_reference + no_types


def _attack(
    target: AuditTarget, space: Space, attacks: list[Attack], seed: int, claim: Claim | None, tell: Progress
) -> list[AttackResult]:
    view = AttackView(
        np.concatenate([space.members, space.nonmembers]),
        space.synthetic,
        space.reference,
        query_genes=np.concatenate([target.values("members"), target.values("nonmembers")]),
        synthetic_genes=target.values("synthetic"),
    )
    donors = _donors(target)
    delta = DELTA if claim is None else claim.delta
    error = gates.LEVEL.value / max(len(attacks), 1)
    results = []
    for attack in attacks:
        tell(f"attack: {attack.label}")
        settings: dict[str, Any] = {"seed": seed, "delta": delta, "error": error, "donors": donors}
        results.append(run_attack(attack, view, len(space.members), **settings))
    return results


def _donors(target: AuditTarget) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.str_]] | None:
    if target.members.donor is None or target.nonmembers.donor is None:
        return None
    return target.members.donors, target.nonmembers.donors


def _measure(target: AuditTarget, space: Space, metrics: list[Metric], seed: int, tell: Progress) -> list[MetricResult]:
    view = MetricView(target, space, seed)
    results = []
    for metric in metrics:
        tell(f"metric: {metric.label}")
        start = time.perf_counter()
        measured: dict[str, Any] = {
            f.name: getattr(m, f.name) for m in [metric.measure(view)] for f in dataclasses.fields(m)
        }
        about = (metric.name, metric.label, metric.explanation, metric.reference)
        results.append(MetricResult(*about, **measured, seconds=time.perf_counter() - start))
    return results


def _summarise(cohort: Cohort) -> SetSummary:
    types = tuple((kind, int((cohort.labels == kind).sum())) for kind in cohort.types)
    donors = None if cohort.donor is None else len(np.unique(cohort.donors))
    return SetSummary(len(cohort), len(cohort.genes), types, donors)
