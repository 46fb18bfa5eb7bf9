"""Instruments of other distributions: found by their entry points, held to the protocol, left out if broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit import AuditTarget, audit, catalogue, load_plugins
from prisyn_base import InputError

REPOSITORY = Path(__file__).resolve().parents[2]

BROKEN = """
class Nameless:
    label = "Nameless"

def explode():
    raise RuntimeError("the disk is full")

class Impostor:
    name, label, explanation, reference, needs_reference = "dcr", "Impostor", "Copies.", "Nobody", False
    def scores(self, view):
        return view.queries[:, 0]
"""
ENTRY_POINTS = """
[prisyn.attacks]
nameless = broken_plugin:Nameless
explode = broken_plugin:explode
impostor = broken_plugin:Impostor
absent = broken_plugin:NotThere

[prisyn.metrics]
gone = no_such_module:Metric
"""


def distribution(folder: Path, name: str, module: str, source: str, entry_points: str) -> None:
    """An installed distribution: a module, and metadata beside it."""
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)


@pytest.fixture
def documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of docs/plugins.md, installed as it stands there."""
    text = (REPOSITORY / "docs" / "plugins.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    (metadata,) = re.findall(r"```toml\n(.*?)```", text, flags=re.S)
    points = re.findall(r'\[project\.entry-points\."(.+?)"\]\n(\w+) = "(.+?)"', metadata)
    lines = "\n".join(f"[{group}]\n{name} = {value}" for group, name, value in points)
    distribution(tmp_path, "nearest-type", "nearest_type", source, lines)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("documented")
def test_the_documented_plug_in_is_found_listed_and_run(copied: AuditTarget) -> None:
    plugins = load_plugins()
    assert plugins.faults == ()
    assert ("attack", "gap") in {(row["kind"], row["name"]) for row in catalogue(plugins)}
    result = audit(copied, seed=0, attacks=["gap"], metrics=["library_size"], risks=[])
    (attack,), (metric,) = result.attacks, result.metrics
    assert attack.auc.low > 0.6, "it finds copied members"
    assert not attack.fault
    assert metric.scores[0].estimate.point == pytest.approx(1.0, abs=0.2)


def test_broken_plug_ins_are_named_and_left_out_and_the_audit_goes_on(
    harmless: AuditTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path, "broken-plugin", "broken_plugin", BROKEN, ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    faults = {fault.name: str(fault) for fault in load_plugins().faults}
    assert "lacks name, explanation" in faults["nameless"]
    assert "RuntimeError: the disk is full" in faults["explode"]
    assert "'dcr' is taken" in faults["impostor"]
    assert "AttributeError" in faults["absent"]
    assert "ModuleNotFoundError" in faults["gone"]
    assert all("of broken-plugin 1.0" in said for said in faults.values())
    result = audit(harmless, seed=0, attacks=["dcr"], metrics=[], risks=[])
    assert len(result.left_out) == len(faults)
    assert result.attacks[0].label == "Closest record"


def test_a_plug_in_that_is_not_there_is_told_like_any_wrong_name(harmless: AuditTarget) -> None:
    with pytest.raises(InputError, match="'gap'"):
        audit(harmless, seed=0, attacks=["gap"])
