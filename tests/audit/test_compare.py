"""Several audits side by side, and the card of one."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from audit import AuditTarget, Claim, audit, compare, model_card, render_comparison
from audit.metrics import METRICS
from audit.report._comparison import UTILITY
from cohort import Cohort, split_cohort
from prisyn_base import InputError

CHOSEN: dict[str, Any] = {"attacks": ["dcr", "calibrated"], "metrics": ["retention"], "risks": []}


@pytest.fixture(scope="module")
def audits(cells: Cohort) -> dict[str, Any]:
    """Copies of members, and real cells that were none, audited against the same sets."""
    members, inside, outside, reference = split_cohort(cells, fractions=(0.4, 0.2, 0.2, 0.2), seed=0)
    sets = {"copies": members.subset(np.arange(140)), "fresh": outside}
    claim = Claim(2, 1e-5, "cell", "A promise | with a bar.")
    targets = {name: AuditTarget(members, inside, synthetic, reference) for name, synthetic in sets.items()}
    return {name: audit(target, seed=0, claim=claim, **CHOSEN).to_json() for name, target in targets.items()}


def test_what_leaks_and_what_does_not_stand_side_by_side_with_intervals(audits: dict[str, Any]) -> None:
    comparison = compare(audits)
    measures = {measure.key: measure for measure in comparison.measures}
    area = measures["dcr.auc"]
    assert area.values["copies"].low > area.values["fresh"].high
    assert area.not_told_apart == ("fresh",)
    outcomes = {each["name"]: each["outcome"] for each in comparison.to_json()["audits"]}
    assert outcomes["copies"] == "fail"
    assert outcomes["fresh"] != "fail"


def test_audits_of_other_records_are_not_compared_silently(audits: dict[str, Any]) -> None:
    other = copy.deepcopy(audits["fresh"])
    other["sets"]["members"]["records"] += 1
    said = compare({"copies": audits["copies"], "other": other}).warnings
    assert any("other members" in warning for warning in said)


def test_a_broken_instrument_leads_nowhere(audits: dict[str, Any]) -> None:
    broken = copy.deepcopy(audits)
    broken["fresh"]["attacks"][0]["fault"] = "its scores are ties"
    comparison = compare(broken)
    measure = next(m for m in comparison.measures if m.key == f"{broken['fresh']['attacks'][0]['name']}.auc")
    assert measure.not_told_apart == ()
    assert "cannot tell" in render_comparison(comparison)


def test_each_audit_is_held_against_its_own_target(audits: dict[str, Any]) -> None:
    own = copy.deepcopy(audits)
    for name, target in (("copies", 0.2), ("fresh", 0.8)):
        score = own[name]["metrics"][0]["scores"][0]
        score |= {"goal": "target", "target": target, "estimate": {"point": 0.8, "low": 0.79, "high": 0.81}}
    own["copies"]["metrics"][0]["scores"][0]["estimate"] = {"point": 0.4, "low": 0.39, "high": 0.41}
    comparison = compare(own)
    measure = next(m for m in comparison.measures if m.part == "metric")
    assert measure.target is None
    assert measure.not_told_apart == ("fresh",)
    assert "near each set" in render_comparison(comparison)


def test_the_plane_asks_for_measures_that_there_are() -> None:
    assert {key.partition(".")[0] for key in UTILITY} <= set(METRICS)
    assert "feature_r2.r2" in UTILITY


def test_one_audit_and_other_files_are_refused_at_once(audits: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        compare({"copies": {"schema": "prisyn.audit/1"}})
    assert len(caught.value.problems) == 2


def test_the_comparison_s_page_may_run_its_own_script_and_no_other(audits: dict[str, Any]) -> None:
    evil = "<script>alert(1)</script>"
    page = render_comparison(compare({evil: audits["copies"], "fresh": audits["fresh"]}))
    assert page.count("<script>") == 1
    assert "script-src 'sha256-" in page
    assert evil not in page


def test_a_card_says_what_was_promised_found_and_left_unsaid(audits: dict[str, Any]) -> None:
    card = model_card(audits["copies"], name="pbmc|copy")
    assert card.startswith("# Model card: pbmc\\|copy\n")
    for words in ("A promise \\| with a bar.", "**Fail.**", "Closest record", "Too few records", "cannot prove"):
        assert words in card
    rows = [line for line in card.splitlines() if line.startswith("| Closest record")]
    assert rows[0].count(" | ") == 2
    assert "scores" not in card
