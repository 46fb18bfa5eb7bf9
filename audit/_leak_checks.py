"""The checks of a verdict that ask what the synthetic data give away."""

from __future__ import annotations

from collections.abc import Sequence

from audit import gates
from audit._outcome import Check
from audit._selftest import SelfTest
from audit.attacks._run import AttackResult
from audit.claim import Claim
from audit.copies import Copies
from audit.exposure import Exposure
from audit.metrics import MetricResult
from audit.risks import RiskResult
from audit.statistics import holm
from audit.subgroups import Subgroup

RECORDS = ("cell", "record")
"""Units of a claim that are single records. A promise for a donor or patient holds for each of their records too."""
SMALLEST = 1e-16


def copies_check(copies: Copies) -> Check:
    """Do members stand verbatim in the synthetic set, more often than non-members or where not one is explained?"""
    counts = (
        f"{copies.members} of {copies.of_members} members and {copies.nonmembers} of {copies.of_nonmembers} "
        "non-members stand verbatim in the synthetic set"
    )
    if copies.p_value <= gates.LEVEL.value or copies.unexplained:
        return Check("exact copies", "fail", f"{counts}: records were copied.")
    return Check("exact copies", "pass", f"{counts}.")


def attack_check(attack: AttackResult, adjusted: dict[str, float]) -> Check:
    """Does this attack find members, and would it have been seen if it did?"""
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


def _harm(attack: AttackResult, adjusted: dict[str, float]) -> str:
    """What this attack found that fails, in words; empty where nothing does."""
    level, found = gates.LEVEL.value, []
    p_value = adjusted[f"{attack.name}: AUC"]
    if p_value <= level and attack.auc.point >= gates.AUC_MARGIN.value:
        found.append(f"tells members from non-members with AUC {attack.auc.point:.3f} ({_p(p_value)} after Holm)")
    for rate in attack.rates:
        p_rate = adjusted.get(f"{attack.name}: TPR at {rate.fpr:g}", 1.0)
        if p_rate <= level and rate.tpr.point >= gates.RATE_MARGIN.value * rate.fpr:
            whom = "members' donors" if attack.clustered else "members"
            found.append(f"finds {rate.tpr.point:.1%} of {whom} at {rate.fpr:.1%} false alarms ({_p(p_rate)})")
    return "; ".join(found)


def claim_checks(attacks: Sequence[AttackResult], claim: Claim | None, tested: SelfTest | None) -> list[Check]:
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


def privacy_loss_checks(metrics: Sequence[MetricResult]) -> list[Check]:
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


def risk_checks(risks: Sequence[RiskResult]) -> list[Check]:
    """Does somebody learn more of members than of people who were never there?"""
    adjusted = holm([risk.p_value for risk in risks])
    return [_risk(risk, p_value) for risk, p_value in zip(risks, adjusted, strict=True)]


def _risk(risk: RiskResult, p_value: float) -> Check:
    name, gap = f"risk {risk.name}", risk.advantage
    shown = f"{risk.success.point:.1%} on members, {risk.control.point:.1%} on non-members, difference {gap}"
    if p_value <= gates.LEVEL.value and gap.point >= gates.RISK_MARGIN.value:
        reason = f"{risk.label} succeeds more often on members: {shown} ({_p(p_value)} after Holm)."
        return Check(name, "fail", reason)
    if gap.high >= gates.RISK_HARM.value:
        reason = f"{risk.label}: {shown} reaches {gates.RISK_HARM.value:g}, so harm is not excluded."
        return Check(name, "cannot tell", reason)
    return Check(name, "pass", f"{risk.label} endangers members no more than others: {shown}.")


def minority_checks(exposure: Exposure | None) -> list[Check]:
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
    return f"{group.name} by {group.attack} (AUC {group.auc.point:.3f}, {_p(group.adjusted)} after Holm)"


def _p(value: float) -> str:
    """A p-value in words; below what doubles tell from 0 it is no number to be quoted."""
    return f"p = {value:.2g}" if value >= SMALLEST else f"p < {SMALLEST:g}"
