"""The whole audit on real cells: what leaks fails, what cannot leak never does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from audit import ATTACKS, GATES, METRICS, RISKS, AuditResult, AuditTarget, Claim, Plugins, audit
from audit._instruments import by_default, choose
from audit._selftest import SelfCheck, SelfTest
from audit.copies import count_copies
from audit.metrics.retention import Retention
from audit.models import attacks_on
from audit.neighbours import nearest
from audit.verdict import judge
from cohort import Cohort, make_cohort, split_cohort
from prisyn_base import InputError

QUICK: dict[str, Any] = {
    "attacks": ["calibrated", "dcr", "density", "domias", "dpi", "monte_carlo"],
    "metrics": ["mmd", "nnaa", "retention", "rf_auroc", "tstr"],
    "risks": [],
}
"""Instruments of every kind of verdict; the contracts of the others are tested with each family."""
CLAIM = Claim(epsilon=5, delta=1e-5, unit="cell", statement="One cell more or less hardly matters.")


@pytest.fixture(scope="module")
def leak(copied: AuditTarget) -> AuditResult:
    return audit(copied, seed=1, claim=Claim(1, 1e-5, "cell", "A bold claim."), **QUICK)


@pytest.fixture(scope="module")
def quiet(harmless: AuditTarget) -> AuditResult:
    return audit(harmless, seed=1, claim=CLAIM, **QUICK)


def doubts(result: AuditResult) -> set[str]:
    return {check.name for check in result.verdict.checks if check.outcome != "pass"}


def outcome(result: AuditResult, name: str) -> str:
    return next(check.outcome for check in result.verdict.checks if check.name == name)


def test_copied_members_fail(leak: AuditResult) -> None:
    assert leak.verdict.outcome == "fail"
    assert leak.copies.members == 300
    assert leak.copies.nonmembers == 0
    assert {name for name in ATTACKS if f"attack {name}" in {c.name for c in leak.verdict.checks}} >= {"dcr", "density"}
    assert all(attack.auc.low > 0.6 for attack in leak.attacks)


def test_sets_in_other_units_do_not_pass() -> None:
    table = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    members, nonmembers, others = table[:280], table[280:420], table[420:].copy()
    some = {"attacks": ["dcr"], "metrics": [], "risks": []}
    like = audit(AuditTarget(members, nonmembers, others, label="target"), seed=0, **some)
    others["mean area"] = np.log(others["mean area"])
    logs = audit(AuditTarget(members, nonmembers, others, label="target"), seed=0, **some)
    assert "sets" not in doubts(like)
    assert "sets" in doubts(logs)
    assert any("nothing said of this set holds" in reason for reason in logs.verdict.reasons)


def test_a_proved_epsilon_above_the_claimed_one_fails(leak: AuditResult) -> None:
    assert outcome(leak, "claim") == "fail"


def test_one_copied_member_fails_where_real_records_do_not_repeat(cells: Cohort) -> None:
    members, nonmembers, other = split_cohort(cells, fractions=(0.5, 0.2, 0.3), seed=0)
    counts = np.concatenate([other.counts.toarray(), members.counts[:1].toarray()])
    synthetic = make_cohort(counts, genes=cells.genes)
    unlabelled = [Cohort(c.adata) for c in (members, nonmembers)]
    result = audit(AuditTarget(*unlabelled, synthetic), seed=0, attacks=["dcr"], metrics=[], risks=[])
    assert outcome(result, "exact copies") == "fail"


@pytest.mark.parametrize("seed", range(6))
def test_real_cells_that_were_no_members_never_fail(cells: Cohort, seed: int) -> None:
    members, nonmembers, synthetic, reference = split_cohort(cells, fractions=(0.35, 0.2, 0.25, 0.2), seed=seed)
    target = AuditTarget(members, nonmembers, synthetic, reference)
    result = audit(target, seed=seed, claim=CLAIM, **{**QUICK, "metrics": ["nnaa"]})
    assert result.verdict.outcome in {"pass", "cannot tell"}
    assert result.verdict.power is not None
    assert result.verdict.power.auc is not None
    assert {attack.name for attack in result.attacks} == set(QUICK["attacks"])
    assert not any(attack.fault for attack in result.attacks)


def test_too_few_records_cannot_pass_and_the_verdict_says_what_would_have_been_seen(quiet: AuditResult) -> None:
    assert quiet.verdict.outcome == "cannot tell"
    assert "smallest AUC seen with 80 % power" in " ".join(quiet.verdict.reasons)


def test_enough_records_and_no_leak_pass(cells: Cohort, imitate: Callable[..., Cohort]) -> None:
    # Records of one known law, so that there can be as many as power asks for.
    population = imitate(cells, cells, n=2400, seed=0)
    members, nonmembers, synthetic = split_cohort(population, fractions=(0.4, 0.3, 0.3), seed=0)
    target = AuditTarget(members, nonmembers, synthetic)
    result = audit(target, seed=0, claim=CLAIM, **{**QUICK, "metrics": ["nnaa", "retention", "rf_auroc"]})
    assert doubts(result) == {"scope"}, result.summary
    assert "copula" in result.verdict.reasons[0]
    assert "gen_lra" not in result.verdict.reasons[0], "it needs a reference, and so could not have been run"
    assert "too little was run" in result.verdict.headline
    assert judge(result.attacks, result.metrics, result.copies, result.claim).outcome == "pass"


def test_a_generator_that_averages_rare_types_is_caught_by_calibration_alone(
    split: tuple[Cohort, Cohort], imitate: Callable[..., Cohort]
) -> None:
    members, nonmembers = split
    target = AuditTarget(members, nonmembers, imitate(members, members, n=700, seed=0))
    result = audit(target, seed=1, **{**QUICK, "metrics": ["nnaa"]})
    found = {attack.name: attack.auc for attack in result.attacks}
    assert found["calibrated"].low > 0.55
    assert found["dcr"].low < 0.5
    assert result.verdict.outcome == "fail"


def test_a_claim_made_with_a_fixed_noise_seed_earns_no_pass(cells: Cohort, imitate: Callable[..., Cohort]) -> None:
    population = imitate(cells, cells, n=2400, seed=0)
    target = AuditTarget(*split_cohort(population, fractions=(0.4, 0.3, 0.3), seed=0))
    claim = dataclasses.replace(CLAIM, is_private=False)
    result = audit(target, seed=0, claim=claim, **{**QUICK, "metrics": []})
    verdict = result.verdict
    assert verdict.outcome == "cannot tell"
    assert "guarantee does not hold" in verdict.headline
    assert doubts(result) == {"guarantee", "scope", "split not looked at"}
    assert any("fixed seed" in reason for reason in verdict.reasons)


def test_a_proved_epsilon_is_held_against_a_promise_for_the_same_unit_and_the_same_split(leak: AuditResult) -> None:
    proved = max(attack.epsilon.clopper_pearson for attack in leak.attacks)

    def claimed(epsilon: float, unit: str = "cell", *, units: str = "records", coins: bool = False) -> str:
        claim = Claim(epsilon, 0.0, unit, "A promise.", coins=coins)
        bounds = [dataclasses.replace(a, epsilon=dataclasses.replace(a.epsilon, units=units)) for a in leak.attacks]
        checks = judge(bounds, leak.metrics, leak.copies, claim).checks
        return next(check.outcome for check in checks if check.name == "claim")

    assert claimed(0.9 * proved, coins=True) == "fail"
    assert claimed(0.9 * proved) == "pass", "one record in another's place may show up to twice the epsilon"
    assert claimed(0.4 * proved) == "fail"
    assert claimed(0.4 * proved, units="donors") == "cannot tell", "a bound about donors, a promise for cells"
    assert claimed(0.4 * proved, "donor", units="donors") == "fail"
    assert claimed(0.4 * proved, "donor") == "fail", "what hides a donor hides each of their cells"
    assert Claim(1, 1e-5, "cell", "").tested == pytest.approx((2, 1e-5 * (1 + np.e)))
    assert Claim(1, 1e-5, "cell", "", coins=True).tested == (1, 1e-5)


@pytest.mark.parametrize(("name", "believed"), [("nnaa", False), ("neighbours", False), ("energy", True)])
def test_a_metric_that_failed_its_self_test_takes_the_pass_away_if_it_was_used(
    quiet: AuditResult, name: str, believed: bool
) -> None:
    failed = SelfTest(0, 0, (SelfCheck("metric", name, "is not saturated", False, "always 1"),), 0.0)
    checks = judge(quiet.attacks, quiet.metrics, quiet.copies, None, tested=failed).checks
    about = [check.outcome for check in checks if check.name == f"self-test {name}"]
    assert about == ([] if believed else ["cannot tell"])


def test_records_of_few_values_that_meet_by_chance_are_no_copies() -> None:
    """Four columns of 60 values, all sets from one law: somewhere one of 9,000 equals one of 900, and none of 100."""
    rng = np.random.default_rng(0)
    met = 0
    for _ in range(12):
        sets = [pd.DataFrame(rng.integers(60, size=(n, 4)).astype(str), columns=list("abcd")) for n in (900, 100, 9000)]
        copies = count_copies(AuditTarget(*sets))
        met += copies.members > 0
        assert not copies.unexplained
    assert met > 0


def test_sets_that_differ_by_themselves_are_not_blamed_on_the_generator(cells: Cohort) -> None:
    dendritic = np.flatnonzero(cells.labels == "Dendritic")
    others = np.flatnonzero(cells.labels != "Dendritic")
    rng = np.random.default_rng(0)
    rng.shuffle(others)
    members = Cohort(cells.subset(np.concatenate([dendritic[:200], others[:100]])).adata)
    nonmembers = Cohort(cells.subset(others[100:300]).adata)
    synthetic = Cohort(cells.subset(np.concatenate([dendritic[200:], others[300:]])).adata)
    result = audit(AuditTarget(members, nonmembers, synthetic), seed=0, **{**QUICK, "metrics": ["rf_auroc"]})
    assert outcome(result, "split") == "cannot tell"
    assert max(attack.auc.point for attack in result.attacks) > 0.6
    assert result.verdict.outcome == "cannot tell"


def test_an_audit_repeats_itself_to_the_last_digit(harmless: AuditTarget, quiet: AuditResult) -> None:
    first, second = quiet.to_json(), audit(harmless, seed=1, claim=CLAIM, **QUICK).to_json()
    assert first.pop("timing")["total"] > 0
    second.pop("timing")
    assert first == second
    assert "seconds" not in json.dumps(first)


def test_the_json_is_strict_and_complete(leak: AuditResult) -> None:
    plain = leak.to_json()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["schema"] == "prisyn.audit/2"
    assert "confidential" in plain["confidential"]
    assert plain["verdict"]["outcome"] == "fail"
    assert {metric["name"] for metric in plain["metrics"]} == set(QUICK["metrics"])
    skipped = {part["name"]: part["reason"] for part in plain["skipped"]}
    assert skipped == dict.fromkeys(["domias", "dpi"], "needs a reference set")
    assert {gate["name"] for gate in plain["gates"]} == {gate.name for gate in GATES}
    assert plain["attacks"][0]["adjusted"].keys() == {"AUC", "TPR at 0.1"}


def test_every_metric_stays_in_its_declared_range_beside_a_control(leak: AuditResult, quiet: AuditResult) -> None:
    for metric in leak.metrics + quiet.metrics:
        for score in metric.scores:
            assert score.estimate.low <= score.estimate.point <= score.estimate.high
            assert score.low is None or score.low <= score.estimate.point
            assert score.high is None or score.estimate.point <= score.high
            assert score.control is not None or score.key == "privacy_loss"


def values(result: AuditResult) -> dict[str, Any]:
    return {f"{metric.name}.{score.key}": score for metric in result.metrics for score in metric.scores}


def test_real_cells_are_as_good_as_real_cells(quiet: AuditResult) -> None:
    found = values(quiet)
    assert found["mmd.mmd2"].p_value > 0.01
    assert found["rf_auroc.auroc"].estimate.low < 0.5
    assert abs(found["tstr.accuracy"].estimate.point - found["tstr.accuracy"].control.point) < 0.1
    assert found["retention.overlap"].estimate.point > 0.9


def test_members_copied_are_nearer_than_their_own_kind(leak: AuditResult) -> None:
    assert values(leak)["nnaa.privacy_loss"].estimate.low > 0.1


def test_a_lost_type_is_named(cells: Cohort) -> None:
    members, nonmembers, synthetic = split_cohort(cells, fractions=(0.4, 0.2, 0.4), seed=0)
    kept = synthetic.subset(np.flatnonzero(synthetic.labels != "CD34+"))
    result = audit(
        AuditTarget(members, nonmembers, kept), seed=0, attacks=["dcr"], metrics=[Retention().name], risks=[]
    )
    assert "Lost: no synthetic record of CD34+." in result.metrics[0].notes
    row = next(row for row in result.metrics[0].tables[0].rows if row[0] == "CD34+")
    assert row[9] == 0


def test_a_summary_can_be_read_and_shown(leak: AuditResult) -> None:
    assert leak.summary[0].startswith("FAIL: ")
    assert "<script" not in leak._repr_html_()
    assert "Closest record" in leak._repr_html_()


def test_progress_tells_of_each_part(harmless: AuditTarget) -> None:
    lines: list[str] = []
    audit(harmless, seed=0, attacks=["dcr"], metrics=["nnaa"], risks=[], progress=lines.append)
    assert lines[0] == "checking the sets"
    assert lines[2:] == [
        "testing the instruments",
        "attack: Closest record",
        "metric: Nearest-neighbour adversarial accuracy",
    ]


def test_donors_are_the_unit_where_they_are_known(cells: Cohort) -> None:
    adata = cells.adata.copy()
    adata.obs["donor"] = [f"d{i % 40}" for i in range(len(cells))]
    donors = Cohort(adata, label=cells.label, donor="donor")
    members, nonmembers, synthetic = split_cohort(donors, fractions=(0.5, 0.3, 0.2), seed=0)
    result = audit(AuditTarget(members, nonmembers, synthetic), seed=0, **{**QUICK, "metrics": []})
    assert all(attack.clustered and attack.epsilon.units == "donors" for attack in result.attacks)
    assert result.verdict.outcome != "fail"


def changed(cohort: Cohort, function: Callable[[Any], Any], **columns: Any) -> Cohort:
    adata = cohort.adata.copy()
    adata.X = function(adata.X.toarray() if hasattr(adata.X, "toarray") else adata.X)
    return Cohort(adata, **{"label": cohort.label, "donor": cohort.donor, **columns})


def repeated(cohort: Cohort) -> Cohort:
    counts = np.repeat(cohort.counts[:1].toarray(), 30, axis=0)
    return make_cohort(counts, genes=cohort.genes, labels=["a", "b"] * 15, label=str(cohort.label))


def test_every_problem_is_named_at_once(split: tuple[Cohort, Cohort]) -> None:
    members, nonmembers = split
    bad = nonmembers.adata.copy()
    bad.X = bad.X.toarray().astype(float)
    bad.X[0, 0] = np.nan
    target = AuditTarget(
        changed(members, np.log1p),
        Cohort(bad, label="no such column"),
        members.subset(np.arange(40)).select_genes(members.genes[:700]),
    )
    with pytest.raises(InputError) as caught:
        audit(target, seed=0)
    text = str(caught.value)
    for words in ("not whole numbers", "NaN", "no label column 'no such column'", "65 genes of members missing"):
        assert words in text
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda m, n: (m, m.subset(np.arange(60)), n), "records that are members too"),
        (lambda m, n: (m, changed(n, lambda x: -x), m), "negative values"),
        (lambda m, n: (m, n, repeated(m)), "the same record over and over"),
        (lambda m, n: (m, n, m.subset(np.arange(4))), "4 records"),
        (lambda m, n: (m, n, m.select_genes(m.genes[::-1])), "in another order"),
        (lambda m, n: (m, n, Cohort(m.adata)), "no label column"),
        (lambda m, n: (m, n.subset(n.labels == "Dendritic"), m), "one type only"),
    ],
)
def test_each_bad_target_is_refused(split: tuple[Cohort, Cohort], spoil: Callable[..., Any], words: str) -> None:
    members, nonmembers = split
    with pytest.raises(InputError, match=words):
        AuditTarget(*spoil(members, nonmembers)).check()


def test_few_records_are_warned_of(split: tuple[Cohort, Cohort]) -> None:
    members, nonmembers = split
    warned = AuditTarget(members, nonmembers.subset(np.arange(60)), members.subset(np.arange(50))).check()
    assert "nonmembers: 60 records are too few" in warned[0]


def test_by_default_all_is_run_that_the_target_allows_and_that_need_not_be_asked_for(harmless: AuditTarget) -> None:
    chosen = choose(harmless, Plugins({}, {}, {}), attacks=None, metrics=None, risks=None, seed=0)
    skipped = dict(chosen.skipped)
    ran = {attack.name for attack in chosen.attacks}
    assert ran | skipped.keys() >= {name for name, attack in ATTACKS.items() if by_default(attack)}
    assert {name for name, attack in ATTACKS.items() if attack.needs_reference and by_default(attack)} <= skipped.keys()
    assert skipped["edges"] == "needs a graph"
    assert {risk.name for risk in chosen.risks} <= set(RISKS)
    assert {metric.name for metric in chosen.metrics} == {m.name for m in METRICS.values() if by_default(m)}


@pytest.mark.parametrize("names", [("here", "nowhere"), ("here", "here")])
def test_a_graph_of_other_genes_is_none(harmless: AuditTarget, names: tuple[str, str]) -> None:
    known = {"here": harmless.features[0]}
    edge = known.get(names[0], names[0]), known.get(names[1], names[1])
    target = AuditTarget(harmless.members, harmless.nonmembers, harmless.synthetic, edges=[edge])
    skipped = dict(choose(target, Plugins({}, {}, {}), attacks=None, metrics=None, risks=None, seed=0).skipped)
    assert skipped["edges"] == "needs a graph with edges between genes of the records"


@dataclasses.dataclass(frozen=True, eq=False)
class Memory:
    """A model whose loss is the distance to the nearest record that it was trained on: a `LossModel`."""

    records: Any
    noise_size: int = 1
    steps: int = 1

    def losses(self, records: Any, *, noise: Any, step: int) -> Any:
        return nearest(records, self.records, 1).distances[:, 0]


def test_a_handle_on_the_model_brings_attacks_on_it_by_name_or_as_they_are(harmless: AuditTarget) -> None:
    sets = (harmless.members, harmless.nonmembers, harmless.synthetic)
    target = AuditTarget(*sets, model=Memory(harmless.values("members")))
    result = audit(target, seed=0, attacks=["elbo"], metrics=[], risks=[])
    assert result.attacks[0].auc.point > 0.95
    assert result.verdict.outcome == "fail"
    (attack,) = attacks_on(target.model, seed=0)
    given = audit(AuditTarget(*sets), seed=0, attacks=[attack], metrics=[], risks=[])
    assert given.attacks[0].auc == result.attacks[0].auc


def test_unlabelled_sets_are_audited_without_the_measures_that_need_types(split: tuple[Cohort, Cohort]) -> None:
    bare = [Cohort(cohort.adata) for cohort in split]
    result = audit(
        AuditTarget(*bare, bare[0].subset(np.arange(100))), seed=0, attacks=["dcr"], metrics=["nnaa", "tstr"], risks=[]
    )
    assert ("tstr", "needs a label column") in result.skipped


def test_unknown_names_and_impossible_claims_are_refused(harmless: AuditTarget) -> None:
    with pytest.raises(InputError, match="'nonsense'"):
        audit(harmless, seed=0, attacks=["nonsense"])
    with pytest.raises(InputError) as caught:
        Claim(float("inf"), 1.5, "cell", "")
    assert len(caught.value.problems) == 2
