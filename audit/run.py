"""The audit: all attacks, risks and metrics on one target, and the verdict."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from audit import gates
from audit._instruments import Instruments, choose
from audit._selftest import SelfTest, quick_selftest
from audit.attacks import ATTACKS, Attack, AttackView
from audit.attacks._run import AttackResult, run_attack
from audit.attacks.edges import known_edges
from audit.broken import Broken, InstrumentKind
from audit.claim import Claim
from audit.copies import count_copies
from audit.curves import Curve, donors_curve, held_curve, released_curve
from audit.edge_leaks import EdgeLeaks, edge_leaks
from audit.embedding import Space, embed
from audit.exposure import Exposure, measure_exposure
from audit.graph import Neighbourhoods
from audit.kept import Kept
from audit.metrics import Metric, MetricResult, MetricView
from audit.models import Refit
from audit.neighbours import Floats
from audit.plugins import Plugins, load_plugins
from audit.records import Records
from audit.result import AuditResult, SetSummary, SpaceSummary
from audit.risks import Risk, RiskResult, run_risk
from audit.statistics import FPRS
from audit.target import AuditTarget
from audit.verdict import judge
from prisyn_base import InputError, MissingExtraError

DELTA = 1e-5
CURVE_ATTACKS = ("calibrated", "dcr", "dpi")
"""Attacks of seconds and of different kinds; a curve of every attack would cost the audit several times over."""
REFIT_ATTACKS = ("calibrated", "dcr")
"""Attacks on models trained anew on fewer donors: those that need no reference."""
Progress = Callable[[str], None]
Part = TypeVar("Part", Attack, Metric, Risk)
Result = TypeVar("Result")
Names = npt.NDArray[np.str_]


def audit(
    target: AuditTarget,
    *,
    seed: int,
    claim: Claim | None = None,
    attacks: Sequence[str | Attack] | None = None,
    metrics: Sequence[str | Metric] | None = None,
    risks: Sequence[str | Risk] | None = None,
    curves: bool = False,
    refit: Refit[Floats] | None = None,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
    kept: Kept | None = None,
) -> AuditResult:
    """Attack and measure the synthetic set of `target`, and judge whether it gives its members away.

    `attacks`, `metrics` and `risks` name what is run, or are instruments themselves, such as attacks on a model with
    their shadows (default: all that the target allows and that need not be asked for; see `ATTACKS`, `METRICS`, `RISKS`
    and, for a target with a handle on its model, `audit.models.attacks_on`). `curves` asks for the risk against the
    number of released records, which repeats some attacks; with `refit`, the training procedure, and known donors, also
    for the risk against the number of donors trained on. `plugins` are instruments of other distributions (default:
    those installed). `progress` is called with a short line before each part. `kept` holds what was finished when the
    same audit was stopped, and takes up what is finished now; plug-ins are always run again. An instrument that raises
    is reported as broken and ends no audit.
    Raises InputError naming every problem with the input.
    """
    start = time.perf_counter()
    plugins = load_plugins() if plugins is None else plugins
    chosen = choose(target, plugins, attacks=attacks, metrics=metrics, risks=risks, seed=seed)
    run = _Run(target, chosen, seed, claim, progress or (lambda line: None), refit, kept)
    run.tell("checking the sets")
    warnings = target.check()
    run.tell("laying one coordinate system through all sets")
    space = embed(target, seed=seed)
    graph = Neighbourhoods.of(space)
    view = _view(target, space, graph)
    run.tell("testing the instruments")
    tested = _test(chosen.attacks, seed)
    found = [_distrusted(result, tested.broken) for result in run.attack(view)]
    judged_by = MetricView(target, seed)
    endangered = run.endanger(judged_by)
    measured = run.measure(judged_by)
    copies = count_copies(target)
    exposure = _exposure(target, found, view, seed)
    drawn = run.curves(view, found) if curves else (held_curve(found, seed=seed),)
    return AuditResult(
        seed=seed,
        sets=tuple((name, _summarise(records)) for name, records in target.sets.items()),
        claim=claim,
        verdict=judge(
            found,
            measured,
            copies,
            claim,
            risks=endangered,
            exposure=exposure,
            broken=run.broken,
            tested=tested,
            unused=_unused(target, plugins, chosen.attacks, seed),
            doubts=target.doubts,
        ),
        copies=copies,
        attacks=tuple(found),
        risks=tuple(endangered),
        metrics=tuple(measured),
        exposure=exposure,
        edges=_edges(target, view),
        curves=tuple(curve for curve in drawn if curve is not None),
        space=SpaceSummary(space.fitted_on, space.components, space.explained),
        warnings=warnings,
        skipped=(*chosen.skipped, *run.skipped),
        broken=tuple(run.broken),
        left_out=tuple(map(str, plugins.faults)),
        selftest=tested,
        seconds=time.perf_counter() - start,
    )


@dataclass
class _Run:
    """One audit under way: what it uses, and what broke or turned out not to be possible."""

    target: AuditTarget
    instruments: Instruments
    seed: int
    claim: Claim | None
    tell: Progress
    refit: Refit[Floats] | None = None
    kept: Kept | None = None
    broken: list[Broken] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def attack(self, view: AttackView) -> list[AttackResult]:
        members = len(self.target.members)
        settings: dict[str, Any] = {
            "seed": self.seed,
            "delta": DELTA if self.claim is None else self.claim.tested[1],
            "error": gates.LEVEL.value / max(len(self.instruments.attacks), 1),
            "tests": len(self.instruments.attacks) * (1 + len(FPRS)),
            "donors": _pair(self.target.donors("members"), self.target.donors("nonmembers")),
        }
        return self.each(
            "attack",
            self.instruments.attacks,
            AttackResult,
            lambda attack: run_attack(attack, view, members, **settings),
        )

    def endanger(self, view: MetricView) -> list[RiskResult]:
        return self.each("risk", self.instruments.risks, RiskResult, lambda risk: run_risk(risk, view))

    def measure(self, view: MetricView) -> list[MetricResult]:
        return self.each("metric", self.instruments.metrics, MetricResult, lambda metric: run_metric(metric, view))

    def each(
        self, kind: InstrumentKind, parts: Sequence[Part], result: type[Result], use: Callable[[Part], Result]
    ) -> list[Result]:
        """What each instrument found, from before where it was kept; those that raise are left out."""
        results = []
        for part in parts:
            name, kept = f"{kind}-{part.name}", self.kept if _is_ours(part) else None
            known = None if kept is None else kept.get(name, result)
            self.tell(f"{kind}: {part.label}{'' if known is None else ' (from before)'}")
            found = known
            with self.using(kind, part):
                found = use(part) if known is None else known
            if found is None:
                continue
            results.append(found)
            if kept is not None and known is None:
                kept.put(name, found)
        return results

    def curves(self, view: AttackView, found: Sequence[AttackResult]) -> Iterator[Curve | None]:
        self.tell("curves: parts of the synthetic set")
        ran = {result.name for result in found if not result.fault}
        attacks = [a for a in self.instruments.attacks if a.name in ran and a.name in CURVE_ATTACKS]
        yield released_curve(attacks, view, len(self.target.members), seed=self.seed)
        yield held_curve(found, seed=self.seed)
        if self.refit is not None:
            self.tell("curves: training on fewer donors")
            yield self._donors_curve(self.refit)

    def _donors_curve(self, refit: Refit[Floats]) -> Curve | None:
        donors = _pair(self.target.donors("members"), self.target.donors("nonmembers"))
        if donors is None or set(donors[0]) & set(donors[1]):
            return None
        inside, outside = (self.target.values(name) for name in ("members", "nonmembers"))
        attacks = [ATTACKS[name] for name in REFIT_ATTACKS]
        return donors_curve(attacks, refit, (inside, donors[0]), (outside, donors[1]), seed=self.seed)

    @contextmanager
    def using(self, kind: InstrumentKind, part: Attack | Metric | Risk) -> Iterator[None]:
        """Whatever an instrument raises is written down, and the audit goes on without it."""
        try:
            yield
        except MissingExtraError as error:
            self.skipped.append((part.name, str(error)))
        except InputError as error:
            self.skipped.append((part.name, "; ".join(f"{p.where}: found {p.found}" for p in error.problems)))
        except Exception as error:  # a stranger's plug-in may raise anything, and so may a part of ours on odd data
            reason = f"{type(error).__name__}: {next(iter(str(error).splitlines()), 'no message')}"
            self.broken.append(Broken(kind, part.name, part.label, reason))


def run_metric(metric: Metric, view: MetricView) -> MetricResult:
    """What a metric measured, with its name and time."""
    start = time.perf_counter()
    measured = metric.measure(view)
    parts = {part.name: getattr(measured, part.name) for part in dataclasses.fields(measured)}
    about = (metric.name, metric.label, metric.explanation, metric.reference)
    return MetricResult(*about, **parts, seconds=time.perf_counter() - start)


def _is_ours(part: object) -> bool:
    """True for instruments of this package, whose code an audit's version stands for."""
    return type(part).__module__.partition(".")[0] == "audit"


def _test(attacks: Sequence[Attack], seed: int) -> SelfTest:
    """The quick self-test of what is about to be used; attacks on a model have no model to be tested on."""
    known = {attack.name: attack for attack in attacks if not getattr(attack, "holds_model", False)}
    return quick_selftest(seed, attacks=known)


def _unused(target: AuditTarget, plugins: Plugins, used: Sequence[Attack], seed: int) -> tuple[str, ...]:
    """The attacks that would be run by default, and were left out."""
    usual = choose(target, plugins, attacks=None, metrics=(), risks=(), seed=seed).attacks
    names = {attack.name for attack in used}
    return tuple(attack.name for attack in usual if attack.name not in names)


def _distrusted(result: AttackResult, broken: Mapping[str, str]) -> AttackResult:
    """The result with a fault where its instrument failed the self-test: whatever it found, it cannot tell."""
    if result.fault or result.name not in broken:
        return result
    return dataclasses.replace(result, fault=f"in the self-test before this run, {broken[result.name]}")


def _view(target: AuditTarget, space: Space, graph: Neighbourhoods) -> AttackView:
    """All that the attacker may hold of this target."""
    labels, donors = (_pair(get("members"), get("nonmembers")) for get in (target.labels, target.donors))
    there = target.reference is not None
    shared = donors is not None and bool(set(donors[0]) & set(donors[1]))
    return AttackView(
        space.candidates,
        space.synthetic,
        space.reference,
        query_genes=target.candidates,
        synthetic_genes=target.values("synthetic"),
        reference_genes=target.values("reference") if there else None,
        features=target.features if target.kind == "counts" else (),
        query_labels=None if labels is None else np.concatenate(labels),
        synthetic_labels=target.labels("synthetic"),
        reference_labels=target.labels("reference") if there else None,
        query_donors=None if donors is None or shared else np.concatenate(donors),
        edges=target.edges,
        graph=graph,
    )


def _exposure(target: AuditTarget, found: Sequence[AttackResult], view: AttackView, seed: int) -> Exposure | None:
    labels = _pair(target.labels("members"), target.labels("nonmembers"))
    made = target.labels("synthetic")
    return measure_exposure(found, view.near_synthetic, seed=seed, labels=labels, synthetic_labels=made)


def _edges(target: AuditTarget, view: AttackView) -> EdgeLeaks | None:
    """The graph's edges one by one; None where none joins two features."""
    if not len(known_edges(view)):
        return None
    donors = None if view.query_donors is None else _pair(target.donors("members"), target.donors("nonmembers"))
    return edge_leaks(view, len(target.members), donors=donors)


def _pair(first: Names | None, second: Names | None) -> tuple[Names, Names] | None:
    return None if first is None or second is None else (first, second)


def _summarise(records: Records) -> SetSummary:
    kinds = tuple((kind, int((records.labels == kind).sum())) for kind in records.types)
    donors = None if records.donor is None else len(np.unique(records.donors))
    return SetSummary(records.kind, len(records), len(records.features), kinds, donors)
