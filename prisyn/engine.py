"""Stages that are not run again when nothing they depend on has changed.

A stage is known by the hash of its settings, the contents of its inputs and the source code of the packages it uses.
Its stamp (`OUT/.stages/NAME.json`) is written after its outputs and holds that hash and the hash of each output, so a
run killed at any moment leaves a stage either finished or to be done again, never half done.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from prisyn._fingerprint import code_fingerprint, fingerprint, json_fingerprint
from prisyn_base import folder_lock, write_json

STAMPS = ".stages"
SCHEMA = 1


@dataclass(frozen=True)
class Stage:
    """One step of a run.

    `settings` is JSON data; `inputs` names files or folders, absolute or relative to the run's folder (where they may
    be outputs of an earlier stage); `outputs` are relative to the run's folder; `code` names the packages and modules
    whose source decides the result. `run` writes every output through `atomic_path` or `atomic_folder`.
    """

    name: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, Path]
    outputs: tuple[str, ...]
    code: tuple[str, ...]
    run: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """Whether a stage would run, and why. `reasons` is empty for a finished stage."""

    stage: str
    reasons: tuple[str, ...]

    @property
    def runs(self) -> bool:
        return bool(self.reasons)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a stage: whether it ran now, and the seconds it took when it did run."""

    stage: str
    ran: bool
    seconds: float


@dataclass(frozen=True)
class Stamp:
    """What a finished stage leaves behind."""

    settings: Mapping[str, Any]
    inputs: Mapping[str, str | None]
    outputs: Mapping[str, str | None]
    code: str
    seconds: float = 0.0

    @property
    def key(self) -> str:
        """The hash a finished stage is recognised by: settings, contents of the inputs, code."""
        return json_fingerprint([dict(self.settings), dict(self.inputs), self.code])


class Watcher:
    """Told how a run goes on. This one keeps silent."""

    def start(self, stage: str, reasons: Sequence[str]) -> None:
        """`stage` begins, for `reasons`."""

    def finish(self, outcome: Outcome) -> None:
        """A stage has ended, or was found finished."""


def plan(stages: Sequence[Stage], out: Path) -> list[Plan]:
    """What `execute` would do, and why; nothing is written.

    A stage that reads what an unfinished stage writes is listed with that reason, although it turns out to be finished
    when the earlier stage writes the same bytes again.
    """
    plans: list[Plan] = []
    unfinished: dict[Path, str] = {}
    for stage in stages:
        reasons = _reasons(stage, out) + [
            f"{unfinished[path]} runs before it" for path in _input_paths(stage, out).values() if path in unfinished
        ]
        plans.append(Plan(stage.name, tuple(dict.fromkeys(reasons))))
        if reasons:
            unfinished |= {out / name: stage.name for name in stage.outputs}
    return plans


def execute(stages: Sequence[Stage], out: Path, *, watcher: Watcher | None = None) -> list[Outcome]:
    """Run what is not finished, in order. Raises InputError when another run holds the folder."""
    watcher = watcher or Watcher()
    outcomes: list[Outcome] = []
    with folder_lock(out / STAMPS):
        for stage in stages:
            reasons = _reasons(stage, out)
            if reasons:
                watcher.start(stage.name, reasons)
                _run(stage, out)
            stamp = read_stamp(out, stage.name)
            outcomes.append(Outcome(stage.name, bool(reasons), stamp.seconds if stamp else 0.0))
            watcher.finish(outcomes[-1])
    return outcomes


def read_stamp(out: Path, name: str) -> Stamp | None:
    """The stamp of a stage, or None when there is none that can be read."""
    try:
        data = json.loads((out / STAMPS / f"{name}.json").read_text(encoding="utf-8"))
        if data.pop("schema") != SCHEMA:
            return None
        key = data.pop("key")
        stamp = Stamp(**data)
        return stamp if stamp.key == key else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _run(stage: Stage, out: Path) -> None:
    path = out / STAMPS / f"{stage.name}.json"
    path.unlink(missing_ok=True)
    _sweep(stage, out)
    before = _current(stage, out)
    started = time.monotonic()
    stage.run()
    seconds = round(time.monotonic() - started, 3)
    stamp = replace(before, outputs={name: fingerprint(out / name) for name in stage.outputs}, seconds=seconds)
    missing = [name for name, found in stamp.outputs.items() if found is None]
    if missing:
        raise RuntimeError(f"stage {stage.name} ended without writing {', '.join(missing)}")
    write_json(path, {"schema": SCHEMA, "key": stamp.key, **asdict(stamp)})


def _current(stage: Stage, out: Path) -> Stamp:
    return Stamp(
        settings=json.loads(json.dumps(stage.settings, allow_nan=False)),
        inputs={name: fingerprint(path) for name, path in _input_paths(stage, out).items()},
        outputs={name: fingerprint(out / name) for name in stage.outputs},
        code=code_fingerprint(stage.code),
    )


def _reasons(stage: Stage, out: Path) -> list[str]:
    stamp = read_stamp(out, stage.name)
    if stamp is None:
        return ["never finished"]
    now = _current(stage, out)
    reasons = _differences(stamp.settings, now.settings)
    reasons += [
        f"input changed: {name}"
        for name in sorted(set(stamp.inputs) | set(now.inputs))
        if stamp.inputs.get(name) != now.inputs.get(name)
    ]
    for name, found in now.outputs.items():
        if found is None:
            reasons.append(f"output missing: {name}")
        elif stamp.outputs.get(name) != found:
            reasons.append(f"output changed: {name}")
    if stamp.code != now.code:
        reasons.append("code changed")
    return reasons


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    before, after = _flat(old), _flat(new)
    names = sorted(key for key in set(before) | set(after) if before.get(key) != after.get(key))
    return [f"settings changed: {key} {_short(before.get(key))} -> {_short(after.get(key))}" for key in names]


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted name, so that a change inside a section is told by itself."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _input_paths(stage: Stage, out: Path) -> dict[str, Path]:
    return {name: path if path.is_absolute() else out / path for name, path in stage.inputs.items()}


def _sweep(stage: Stage, out: Path) -> None:
    """Remove temporaries that a killed run left beside the outputs; the lock says they are nobody's."""
    for name in stage.outputs:
        target = out / name
        for stale in target.parent.glob(f".{target.name}.*"):
            if stale.is_dir() and not stale.is_symlink():
                shutil.rmtree(stale, ignore_errors=True)
            else:
                stale.unlink(missing_ok=True)
