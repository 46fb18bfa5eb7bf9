"""An audit that was stopped goes on where it was, and says what it would have said."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import AuditTarget, Kept, audit
from audit.attacks._controls import Control
from audit.statistics import Estimate

PARTS: dict[str, list[str]] = {"attacks": ["dcr"], "risks": ["linkability"], "metrics": ["prdc", "retention"]}


def test_a_stopped_audit_ends_with_the_results_of_one_that_was_not(copied: AuditTarget, tmp_path: Path) -> None:
    whole = audit(copied, seed=3, **PARTS).to_json()

    def stop(line: str) -> None:
        if line.startswith("metric: Types"):
            raise KeyboardInterrupt

    kept = Kept(tmp_path / "kept")
    with pytest.raises(KeyboardInterrupt):
        audit(copied, seed=3, **PARTS, kept=kept, progress=stop)
    told: list[str] = []
    resumed = audit(copied, seed=3, **PARTS, kept=kept, progress=told.append).to_json()
    assert sum(line.endswith("(from before)") for line in told) == 3
    assert {**resumed, "timing": None} == {**whole, "timing": None}
    kept.forget()
    assert not kept.folder.exists()


def test_a_part_that_cannot_be_read_is_none_and_numbers_keep_all_digits(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    (tmp_path / "attack-dcr.json").write_text('{"name": "dcr"}')
    (tmp_path / "attack-mmd.json").write_text("{")
    assert kept.get("attack-dcr", Control) is None
    assert kept.get("attack-mmd", Control) is None
    assert kept.get("nothing", Control) is None
    control = Control("none", Estimate(0.1, 1 / 3, float("nan"), 5), 0.5, True, "")
    kept.put("attack-dcr", control)
    assert repr(kept.get("attack-dcr", Control)) == repr(control)
