"""The checks of a verdict that ask whether its instruments, and the sets, could have shown a leak."""

from __future__ import annotations

from collections.abc import Sequence

from audit import gates
from audit._outcome import Check
from audit._selftest import SelfTest
from audit.attacks._run import AttackResult
from audit.broken import Broken
from audit.metrics import MetricResult
from audit.statistics import Estimate, Power, resolvable


def broken_checks(broken: Sequence[Broken]) -> list[Check]:
    """An attack that raised has shown nothing; a metric that raised takes only its own row away."""
    return [
        Check(f"{part.kind} {part.name}", "cannot tell", f"{part.label} broke while it was used: {part.reason}.")
        for part in broken
        if part.kind != "metric"
    ]


def strength_check(attacks: Sequence[AttackResult], power: Power | None) -> Check:
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


def split_control(metrics: Sequence[MetricResult]) -> Estimate | None:
    """The AUROC of a forest that tells members from non-members; None where it was not run."""
    controls = [s.control for m in metrics if m.name == "rf_auroc" for s in m.scores if s.control is not None]
    return controls[0] if controls else None


def split_check(control: Estimate | None) -> Check:
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


def voided(check: Check) -> Check:
    """A leak that the two real sets alone could explain proves nothing against the generator."""
    if check.outcome != "fail":
        return check
    return Check(check.name, "cannot tell", f"{check.reason} The two real sets differ by themselves, which may be why.")


def scope_checks(unused: Sequence[str]) -> list[Check]:
    """A pass says that nothing finds the members, so it needs all attacks that could have been run."""
    if not unused:
        return []
    reason = f"Attacks that this target allows were not asked for, so a pass would be hollow: {', '.join(unused)}."
    return [Check("scope", "cannot tell", reason)]


def untrusted_checks(metrics: Sequence[MetricResult], tested: SelfTest | None) -> list[Check]:
    """Metrics that were used, and searches under all of them, that failed the self-test; attacks have faults instead.

    Bounds on epsilon are left to `_claims`: without a claim nothing rests on them.
    """
    used = {metric.name for metric in metrics} | {"neighbours"}
    return [
        Check(f"self-test {check.instrument}", "cannot tell", f"In the self-test, {check.name} did not hold.")
        for check in (tested.checks if tested is not None else ())
        if not check.held and check.kind != "attack" and check.instrument in used
    ]
