"""Pass, fail, or cannot tell: one outcome from all checks, with its reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from audit import gates
from audit._selftest import SelfTest
from audit.attacks._run import AttackResult
from audit.broken import Broken
from audit.claim import Claim
from audit.copies import Copies
from audit.exposure import Exposure
from audit.metrics import MetricResult
from audit.risks import RiskResult
from audit.statistics import Estimate, Power, holm, resolvable, smallest_visible
from audit.subgroups import Subgroup

RECORDS = ("cell", "record")
"""Units of a claim that are single records. A promise for a donor or patient holds for each of their records too."""
Outcome = Literal["pass", "fail", "cannot tell"]
_HEADLINES: dict[Outcome, str] = {
    "pass": "No attack found the members, and the tests were strong enough to see it if they had.",
    "fail": "The synthetic data give away who was in the training data.",
    "cannot tell": "These tests do not settle whether the synthetic data give members away.",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One question, its answer and the reason."""

    name: str
    outcome: Outcome
    reason: str


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
    control = _split_control(metrics)
    leaks = [
        *(_attack(attack, adjusted) for attack in attacks),
        *_claims(working, claim, tested),
        *_privacy_loss(metrics),
        *_risks(risks),
        *_minorities(exposure),
    ]
    if control is not None and control.low > gates.SPLIT.value:
        leaks = [_voided(check) for check in leaks]
    checks = [_copies(copies), *leaks, *_broken(broken), _strength(working, power), _split(control), *_scope(unused)]
    checks += [*_untrusted(metrics, tested), *(Check("sets", "cannot tell", f"{doubt}.") for doubt in doubts)]
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


def _copies(copies: Copies) -> Check:
    counts = (
        f"{copies.members} of {copies.of_members} members and {copies.nonmembers} of {copies.of_nonmembers} "
        "non-members stand verbatim in the synthetic set"
    )
    if copies.p_value <= gates.LEVEL.value or copies.unexplained:
        return Check("exact copies", "fail", f"{counts}: records were copied.")
    return Check("exact copies", "pass", f"{counts}.")


def _attack(attack: AttackResult, adjusted: dict[str, float]) -> Check:
    name, label = f"attack {attack.name}", attack.label
    if attack.fault:
        return Check(name, "cannot tell", f"{label} did not work as an instrument: {attack.fault}.")
    harm = _harm(attack, adjusted)
    if harm:
        return Check(name, "fail", f"{label}: {harm}.")
    if attack.chance.below <= gates.BELOW_CHANCE.value / max(len(adjusted), 1):
        found = f"prefers non-members (AUC {attack.auc.point:.3f}): the sets differ, or it misreads these data"
        return Check(name, "cannot tell", f"{label} {found}.")
    shown = f"AUC {attack.auc.point:.3f} [{attack.auc.low:.3f}, {attack.auc.high:.3f}]"
    if attack.auc.high >= gates.AUC_HARM.value:
        reason = f"{label}: {shown} reaches {gates.AUC_HARM.value:.2f}, so harm is not excluded."
        return Check(name, "cannot tell", reason)
    if adjusted[f"{attack.name}: AUC"] <= gates.LEVEL.value:
        reason = f"{label} sees a trace of members, below the margin of {gates.AUC_MARGIN.value:.2f}: {shown}."
        return Check(name, "pass", reason)
    return Check(name, "pass", f"{label} does not find members beyond chance: {shown}.")


def _voided(check: Check) -> Check:
    """A leak that the two real sets alone could explain proves nothing against the generator."""
    if check.outcome != "fail":
        return check
    return Check(check.name, "cannot tell", f"{check.reason} The two real sets differ by themselves, which may be why.")


def _harm(attack: AttackResult, adjusted: dict[str, float]) -> str:
    """What this attack found that fails, in words; empty where nothing does."""
    level, found = gates.LEVEL.value, []
    p_value = adjusted[f"{attack.name}: AUC"]
    if p_value <= level and attack.auc.point >= gates.AUC_MARGIN.value:
        found.append(f"tells members from non-members with AUC {attack.auc.point:.3f} (p = {p_value:.2g} after Holm)")
    for rate in attack.rates:
        p_rate = adjusted.get(f"{attack.name}: TPR at {rate.fpr:g}", 1.0)
        if p_rate <= level and rate.tpr.point >= gates.RATE_MARGIN.value * rate.fpr:
            whom = "members' donors" if attack.clustered else "members"
            found.append(f"finds {rate.tpr.point:.1%} of {whom} at {rate.fpr:.1%} false alarms (p = {p_rate:.2g})")
    return "; ".join(found)


def _claims(attacks: Sequence[AttackResult], claim: Claim | None, tested: SelfTest | None) -> list[Check]:
    """Is a proved epsilon above the claimed one, and does the guarantee hold at all?"""
    if claim is None:
        return []
    best, label = max(((a.epsilon.clopper_pearson, a.label) for a in attacks), default=(0.0, ""))
    said = f"claimed epsilon {claim.epsilon:g} at delta {claim.delta:g} for one {claim.unit}"
    limit, delta = claim.tested
    if not claim.coins:
        said += (
            f"; after a split of fixed size one record stands in another's place, so this is held against "
            f"2 epsilon = {limit:g} at delta (1 + e^epsilon) = {delta:.2g}"
        )
    if tested is not None and not all(check.held for check in tested.checks if check.kind == "statistic"):
        checks = [Check("claim", "cannot tell", f"The bounds on epsilon failed their self-test; {said}.")]
    elif claim.unit in RECORDS and any(attack.epsilon.units == "donors" for attack in attacks):
        reason = f"The split is by donors, so the bounds are about donors and say nothing of the {said}."
        checks = [Check("claim", "cannot tell", reason)]
    elif best > limit:
        checks = [Check("claim", "fail", f"{label} proves epsilon of at least {best:.2f}, above the {said}.")]
    else:
        checks = [Check("claim", "pass", f"No attack proves more than epsilon {best:.2f}; {said}.")]
    if not claim.is_private:
        reason = "The noise came from a fixed seed, so the stated guarantee does not hold, whatever the tests say."
        checks.append(Check("guarantee", "cannot tell", reason))
    return checks


def _strength(attacks: Sequence[AttackResult], power: Power | None) -> Check:
    """A pass must rest on tests that would have seen the harm."""
    if power is None:
        return Check("power", "cannot tell", "No attack worked, so nothing could have been seen.")
    if power.auc is None:
        return Check("power", "cannot tell", "There are too few independent units for any leak to become significant.")
    seen = f"the smallest AUC seen with 80 % power is {power.auc:.3f}"
    if power.auc > gates.AUC_HARM.value:
        reason = f"Too few records: {seen}, and a leak of {gates.AUC_HARM.value:.2f} could have been missed."
        return Check("power", "cannot tell", reason)
    if not power.tpr:
        fewest = next(m for m in range(1, 10**6) if resolvable(attacks[0].rates[-1].fpr, m))
        whom = "non-members' donors" if attacks[0].clustered else "non-members"
        reason = f"Too few {whom} for any statement at low false positive rates: at least {fewest} are needed."
        return Check("power", "cannot tell", reason)
    fpr, tpr = power.tpr[0]
    if tpr is not None and tpr > gates.RATE_HARM.value * fpr:
        reason = f"Too few records: only a true positive rate of {tpr:.1%} at {fpr:.1%} false alarms would have shown."
        return Check("power", "cannot tell", reason)
    rate = f", and {tpr:.1%} of members found at {fpr:.1%} false alarms" if tpr is not None else ""
    return Check("power", "pass", f"The tests could see harm: {seen}{rate}.")


def _split_control(metrics: Sequence[MetricResult]) -> Estimate | None:
    """The AUROC of a forest that tells members from non-members; None where it was not run."""
    controls = [s.control for m in metrics if m.name == "rf_auroc" for s in m.scores if s.control is not None]
    return controls[0] if controls else None


def _split(control: Estimate | None) -> Check:
    """Do members and non-members differ without any synthetic data?"""
    if control is None:
        reason = "Whether members and non-members differ by themselves was not looked at: the metric rf_auroc says so."
        return Check("split not looked at", "cannot tell", reason)
    if control.low > gates.SPLIT.value:
        reason = (
            f"Members and non-members differ by themselves: a forest tells them apart with AUROC {control.point:.2f} "
            "without any synthetic data, so the attacks' results cannot be laid at the generator's door."
        )
        return Check("split", "cannot tell", reason)
    reason = f"Members and non-members are alike (forest AUROC {control.point:.2f}), as a split should be."
    return Check("split", "pass", reason)


def _scope(unused: Sequence[str]) -> list[Check]:
    """A pass says that nothing finds the members, so it needs all attacks that could have been run."""
    if not unused:
        return []
    reason = f"Attacks that this target allows were not asked for, so a pass would be hollow: {', '.join(unused)}."
    return [Check("scope", "cannot tell", reason)]


def _privacy_loss(metrics: Sequence[MetricResult]) -> list[Check]:
    """Are synthetic records nearer to members than to non-members?"""
    losses = [s.estimate for m in metrics if m.name == "nnaa" for s in m.scores if s.key == "privacy_loss"]
    if not losses:
        return []
    shown = f"nearest-neighbour privacy loss {losses[0].point:.3f} [{losses[0].low:.3f}, {losses[0].high:.3f}]"
    if losses[0].low > gates.PRIVACY_LOSS.value:
        reason = f"Synthetic records lie nearer to members than to others ({shown})."
        return [Check("nearest neighbours", "cannot tell", reason)]
    if losses[0].low > 0:
        reason = f"Synthetic records lie nearer to members than to others, by less than the margin ({shown})."
        return [Check("nearest neighbours", "pass", reason)]
    return [
        Check("nearest neighbours", "pass", f"Synthetic records lie no nearer to members than to others ({shown}).")
    ]


def _risks(risks: Sequence[RiskResult]) -> list[Check]:
    """Does somebody learn more of members than of people who were never there?"""
    adjusted = holm([risk.p_value for risk in risks])
    return [_risk(risk, p_value) for risk, p_value in zip(risks, adjusted, strict=True)]


def _risk(risk: RiskResult, p_value: float) -> Check:
    name, gap = f"risk {risk.name}", risk.advantage
    shown = f"{risk.success.point:.1%} on members, {risk.control.point:.1%} on non-members, difference {gap}"
    if p_value <= gates.LEVEL.value and gap.point >= gates.RISK_MARGIN.value:
        reason = f"{risk.label} succeeds more often on members: {shown} (p = {p_value:.2g} after Holm)."
        return Check(name, "fail", reason)
    if gap.high >= gates.RISK_HARM.value:
        reason = f"{risk.label}: {shown} reaches {gates.RISK_HARM.value:g}, so harm is not excluded."
        return Check(name, "cannot tell", reason)
    return Check(name, "pass", f"{risk.label} endangers members no more than others: {shown}.")


def _minorities(exposure: Exposure | None) -> list[Check]:
    """Is a type found though the whole is not, and were the types large enough to say so?"""
    if exposure is None or not exposure.subgroups:
        return []
    found = [_found(group) for group in exposure.subgroups if group.is_found]
    if found:
        return [Check("minorities", "fail", f"Within single types members are found: {'; '.join(found)}.")]
    small = [group for group in exposure.subgroups if not group.is_judged]
    share = sum(group.n for group in small) / max(sum(group.n for group in exposure.subgroups), 1)
    names = ", ".join(f"{group.name} ({group.n})" for group in small)
    if share > gates.UNJUDGED.value:
        reason = f"{share:.0%} of the members are of types too small to be judged by themselves: {names}."
        return [Check("minorities", "cannot tell", reason)]
    rest = f" Too small to be judged, so nothing is said of them: {names}." if small else ""
    judged = len(exposure.subgroups) - len(small)
    return [Check("minorities", "pass", f"No attack finds members within any of the {judged} types judged.{rest}")]


def _found(group: Subgroup) -> str:
    assert group.auc is not None
    return f"{group.name} by {group.attack} (AUC {group.auc.point:.3f}, p = {group.adjusted:.2g} after Holm)"


def _untrusted(metrics: Sequence[MetricResult], tested: SelfTest | None) -> list[Check]:
    """Metrics that were used, and searches under all of them, that failed the self-test; attacks have faults instead.

    Bounds on epsilon are left to `_claims`: without a claim nothing rests on them.
    """
    used = {metric.name for metric in metrics} | {"neighbours"}
    return [
        Check(f"self-test {check.instrument}", "cannot tell", f"In the self-test, {check.name} did not hold.")
        for check in (tested.checks if tested is not None else ())
        if not check.held and check.kind != "attack" and check.instrument in used
    ]


def _broken(broken: Sequence[Broken]) -> list[Check]:
    """An attack that raised has shown nothing; a metric that raised takes only its own row away."""
    return [
        Check(f"{part.kind} {part.name}", "cannot tell", f"{part.label} broke while it was used: {part.reason}.")
        for part in broken
        if part.kind != "metric"
    ]
