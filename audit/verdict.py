"""Pass, fail, or cannot tell: one outcome from all checks, with its reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit import gates
from audit._leak_checks import (
    attack_check,
    claim_checks,
    copies_check,
    minority_checks,
    privacy_loss_checks,
    risk_checks,
)
from audit._outcome import Check, Outcome
from audit._selftest import SelfTest
from audit._trust_checks import (
    broken_checks,
    scope_checks,
    split_check,
    split_control,
    strength_check,
    untrusted_checks,
    voided,
)
from audit.attacks._run import AttackResult
from audit.broken import Broken
from audit.claim import Claim
from audit.copies import Copies
from audit.exposure import Exposure
from audit.metrics import MetricResult
from audit.risks import RiskResult
from audit.statistics import Power, holm, smallest_visible

_HEADLINES: dict[Outcome, str] = {
    "pass": "No attack found the members, and the tests were strong enough to see it if they had.",
    "fail": "The synthetic data give away who was in the training data.",
    "cannot tell": "These tests do not settle whether the synthetic data give members away.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, its headline, every check behind it, and what the tests could have seen at these sizes.

    `adjusted` holds the Holm-corrected p-values by "attack: test".
    """

    outcome: Outcome
    headline: str
    checks: tuple[Check, ...]
    power: Power | None
    adjusted: tuple[tuple[str, float], ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons that decided: those of the checks with the verdict's own outcome."""
        return tuple(check.reason for check in self.checks if check.outcome == self.outcome)


def judge(
    attacks: Sequence[AttackResult],
    metrics: Sequence[MetricResult],
    copies: Copies,
    claim: Claim | None,
    *,
    risks: Sequence[RiskResult] = (),
    exposure: Exposure | None = None,
    broken: Sequence[Broken] = (),
    tested: SelfTest | None = None,
    unused: Sequence[str] = (),
    doubts: Sequence[str] = (),
) -> Verdict:
    """Fail if any check fails, else "cannot tell" if any cannot tell, else pass. The thresholds are `gates.GATES`.

    `unused` names attacks that the target allows, that are run by default, and that were not asked for; `doubts` say
    why the sets cannot be judged against each other (`AuditTarget.doubts`).
    """
    working = [attack for attack in attacks if not attack.fault]
    adjusted = _adjusted(working)
    power = _power(working, len(adjusted))
    control = split_control(metrics)
    leaks = [
        *(attack_check(attack, adjusted) for attack in attacks),
        *claim_checks(working, claim, tested),
        *privacy_loss_checks(metrics),
        *risk_checks(risks),
        *minority_checks(exposure),
    ]
    if control is not None and control.low > gates.SPLIT.value:
        leaks = [voided(check) for check in leaks]
    checks = [
        copies_check(copies),
        *leaks,
        *broken_checks(broken),
        strength_check(working, power),
        split_check(control),
        *scope_checks(unused),
    ]
    checks += [*untrusted_checks(metrics, tested), *(Check("sets", "cannot tell", f"{doubt}.") for doubt in doubts)]
    outcomes = {check.outcome for check in checks}
    outcome: Outcome = "fail" if "fail" in outcomes else "cannot tell" if "cannot tell" in outcomes else "pass"
    return Verdict(outcome, _headline(outcome, claim, checks), tuple(checks), power, tuple(adjusted.items()))


def _headline(outcome: Outcome, claim: Claim | None, checks: Sequence[Check]) -> str:
    doubts = [check.name for check in checks if check.outcome == "cannot tell"]
    if outcome == "cannot tell" and "guarantee" in doubts and set(doubts) <= {"guarantee", "minorities"}:
        return "The attacks found nothing, but the privacy guarantee does not hold for this run."
    if outcome == "cannot tell" and doubts == ["minorities"]:
        return "The attacks found nothing, but too many members are of types too small to be judged by themselves."
    if outcome == "cannot tell" and set(doubts) <= {"scope", "split not looked at"}:
        return "What was run found nothing, but too little was run for a pass."
    if claim is not None and not claim.is_private:
        return f"{_HEADLINES[outcome]} The privacy guarantee does not hold for this run."
    return _HEADLINES[outcome]


def _adjusted(attacks: Sequence[AttackResult]) -> dict[str, float]:
    tests = {f"{attack.name}: AUC": attack.chance.above for attack in attacks}
    tests |= {f"{a.name}: TPR at {fpr:g}": p for a in attacks for fpr, p in a.chance.rates}
    return dict(zip(tests, holm(list(tests.values())), strict=True))


def _power(attacks: Sequence[AttackResult], tests: int) -> Power | None:
    if not attacks:
        return None
    widest = max(attacks, key=lambda attack: attack.chance.spread)
    units = widest.scores.by_donor()
    return smallest_visible(
        len(units.members),
        len(units.nonmembers),
        spread=widest.chance.spread,
        floor=widest.chance.floor,
        level=gates.LEVEL.value / tests,
        fprs=tuple(rate.fpr for rate in widest.rates),
    )
