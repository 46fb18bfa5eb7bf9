"""Finished stages are recognised, unfinished ones done again, and a kill at any moment loses nothing else."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prisyn.engine import STAMPS, Outcome, Stage, Watcher, execute, plan, read_stamp
from prisyn_base import InputError, atomic_folder, atomic_path

Make = Callable[..., list[Stage]]


def word_count(source: Path, out: Path, *, least: int) -> list[Stage]:
    """Two real stages: the words of a text by frequency, then those seen at least `least` times, one file a word."""

    def count() -> None:
        words = source.read_text().split()
        with atomic_path(out / "counts.json") as temporary:
            temporary.write_text(json.dumps({word: words.count(word) for word in sorted(set(words))}))

    def frequent() -> None:
        counts = json.loads((out / "counts.json").read_text())
        with atomic_folder(out / "frequent") as folder:
            for word, number in counts.items():
                if number >= least:
                    (folder / word).write_text(str(number))

    code = ("prisyn_base",)
    return [
        Stage("count", {}, {"source": source}, ("counts.json",), code, count),
        Stage("frequent", {"least": least}, {"counts.json": Path("counts.json")}, ("frequent",), code, frequent),
    ]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("SPI1 GATA1 SPI1 KLF1 GATA1 SPI1")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def ran(outcomes: list[Outcome]) -> list[str]:
    return [outcome.stage for outcome in outcomes if outcome.ran]


def reasons(stages: list[Stage], out: Path) -> dict[str, tuple[str, ...]]:
    return {item.stage: item.reasons for item in plan(stages, out)}


def test_a_finished_stage_is_not_run_again(source: Path, out: Path) -> None:
    stages = word_count(source, out, least=2)
    assert ran(execute(stages, out)) == ["count", "frequent"]
    written = (out / "counts.json").stat().st_mtime_ns
    assert ran(execute(stages, out)) == []
    assert (out / "counts.json").stat().st_mtime_ns == written
    assert {path.name for path in (out / "frequent").iterdir()} == {"SPI1", "GATA1"}


def test_a_changed_setting_runs_only_the_stages_that_have_it(source: Path, out: Path) -> None:
    execute(word_count(source, out, least=2), out)
    changed = word_count(source, out, least=3)
    assert reasons(changed, out) == {"count": (), "frequent": ("settings changed: least 2 -> 3",)}
    assert ran(execute(changed, out)) == ["frequent"]
    assert [path.name for path in (out / "frequent").iterdir()] == ["SPI1"]


def test_a_change_inside_a_section_is_told_by_its_own_name(source: Path, out: Path) -> None:
    stages = word_count(source, out, least=2)
    nested = [stages[0], replace(stages[1], settings={"words": {"least": 2, "most": None}})]
    execute(nested, out)
    changed = [stages[0], replace(stages[1], settings={"words": {"least": 2, "most": 9}})]
    assert reasons(changed, out)["frequent"] == ("settings changed: words.most null -> 9",)


def test_an_input_that_changes_nothing_downstream_stops_there(source: Path, out: Path) -> None:
    execute(word_count(source, out, least=2), out)
    source.write_text(source.read_text().replace(" ", "\n"))
    stages = word_count(source, out, least=2)
    assert reasons(stages, out) == {"count": ("input changed: source",), "frequent": ("count runs before it",)}
    assert ran(execute(stages, out)) == ["count"]


def test_a_dry_run_says_why_and_writes_nothing(source: Path, out: Path) -> None:
    stages = word_count(source, out, least=2)
    assert reasons(stages, out) == {
        "count": ("never finished",),
        "frequent": ("never finished", "count runs before it"),
    }
    assert not out.exists()


def test_a_lost_or_edited_output_is_made_again(source: Path, out: Path) -> None:
    stages = word_count(source, out, least=2)
    execute(stages, out)
    (out / "frequent" / "SPI1").write_text("99")
    assert reasons(stages, out)["frequent"] == ("output changed: frequent",)
    (out / "counts.json").unlink()
    assert reasons(stages, out)["count"] == ("output missing: counts.json",)
    execute(stages, out)
    assert (out / "frequent" / "SPI1").read_text() == "3"


def test_changed_code_runs_the_stage_again(
    source: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some_reader.py").write_text("LIMIT = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    stages = [replace(stage, code=("some_reader",)) for stage in word_count(source, out, least=2)]
    execute(stages, out)
    assert reasons(stages, out) == {"count": (), "frequent": ()}
    (tmp_path / "some_reader.py").write_text("LIMIT = 2\n")
    assert reasons(stages, out)["count"] == ("code changed",)


@pytest.mark.parametrize("damage", ["", "{", '{"schema": 1}', "[]", '{"schema": 99, "key": ""}'])
def test_a_damaged_stamp_counts_as_none(source: Path, out: Path, damage: str) -> None:
    stages = word_count(source, out, least=2)
    execute(stages, out)
    (out / STAMPS / "count.json").write_text(damage)
    assert read_stamp(out, "count") is None
    assert ran(execute(stages, out)) == ["count"]


def test_a_stamp_of_a_run_with_other_hashes_is_not_believed(source: Path, out: Path) -> None:
    stages = word_count(source, out, least=2)
    execute(stages, out)
    stamp = out / STAMPS / "count.json"
    data = json.loads(stamp.read_text())
    stamp.write_text(json.dumps(data | {"code": "0" * 64}))
    assert read_stamp(out, "count") is None


def test_a_failing_stage_leaves_the_earlier_ones_finished(source: Path, out: Path) -> None:
    stages = word_count(source, out, least=2)

    def fail() -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk is full"):
        execute([stages[0], replace(stages[1], run=fail)], out)
    assert ran(execute(stages, out)) == ["frequent"]


def test_a_stage_that_does_not_write_what_it_promised_is_not_finished(source: Path, out: Path) -> None:
    stage = replace(word_count(source, out, least=2)[0], outputs=("counts.json", "more.json"))
    with pytest.raises(RuntimeError, match=r"without writing more\.json"):
        execute([stage], out)
    assert read_stamp(out, "count") is None


def test_two_runs_on_one_folder_are_refused(source: Path, out: Path) -> None:
    stages = word_count(source, out, least=2)
    holding, done = multiprocessing.get_context("spawn").Event(), multiprocessing.get_context("spawn").Event()
    other = multiprocessing.get_context("spawn").Process(target=_hold, args=(str(out), holding, done))
    other.start()
    try:
        assert holding.wait(60)
        with pytest.raises(InputError, match=rf"another run at work in it \(process {other.pid} on .* since 20.*\)"):
            execute(stages, out)
    finally:
        done.set()
        other.join()
    assert ran(execute(stages, out)) == ["count", "frequent"]


def _hold(out: str, holding: object, done: object) -> None:
    from prisyn_base import folder_lock

    with folder_lock(Path(out) / STAMPS):
        holding.set()  # type: ignore[attr-defined]
        done.wait(60)  # type: ignore[attr-defined]


def test_the_watcher_hears_of_each_stage_and_its_reasons(source: Path, out: Path) -> None:
    heard: list[str] = []

    class Ear(Watcher):
        def start(self, stage: str, reasons: object) -> None:
            heard.append(f"start {stage} {reasons}")

        def finish(self, outcome: Outcome) -> None:
            heard.append(f"finish {outcome.stage} {outcome.ran}")

    stages = word_count(source, out, least=2)
    execute(stages, out, watcher=Ear())
    execute(stages, out, watcher=Ear())
    first = ["start count ['never finished']", "finish count True", "start frequent ['never finished']"]
    assert heard == [*first, "finish frequent True", "finish count False", "finish frequent False"]


SLOW_RUN = """
    import sys, time
    from pathlib import Path
    from prisyn.engine import Stage, execute
    from prisyn_base import atomic_folder, atomic_path, sha256_text

    out = Path(sys.argv[1])

    def chain(number):
        def run():
            before = (out / f"{number - 1}.txt").read_text() if number else "seed"
            with atomic_path(out / f"{number}.txt") as temporary:
                for piece in range(8):
                    with temporary.open("a") as stream:
                        stream.write(sha256_text(before + str(piece)))
                    time.sleep(0.004)
            with atomic_folder(out / f"{number}") as folder:
                for piece in range(4):
                    (folder / str(piece)).write_text(sha256_text(before + str(piece)))
                    time.sleep(0.004)
        inputs = {"before": Path(f"{number - 1}.txt")} if number else {}
        return Stage(str(number), {}, inputs, (f"{number}.txt", f"{number}"), ("prisyn_base",), run)

    print("begins", flush=True)
    execute([chain(number) for number in range(6)], out)
"""


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and STAMPS not in p.parts
    }


def _kill_and_go_on(script: Path, out: Path, environment: dict[str, str], rng: random.Random) -> int:
    """Start the script and kill it, again and again until one start ends by itself; how often it was killed."""
    for kills in range(100):
        with subprocess.Popen([sys.executable, script, out], env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            # Starting takes longer than running where a machine is busy, and killing it then shows nothing.
            process.stdout.readline()
            time.sleep(rng.uniform(0.0, 0.3))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
        if process.returncode == 0:
            return kills
    raise AssertionError("a hundred starts and never an end: no stage is kept")


def test_killed_at_any_moment_the_same_command_goes_on_to_the_same_end(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(SLOW_RUN))
    undisturbed = tmp_path / "undisturbed"
    subprocess.run([sys.executable, script, undisturbed], check=True, timeout=120, env=environment)
    rng = random.Random(20)
    kills = 0
    for number in range(5):
        kills += _kill_and_go_on(script, tmp_path / str(number), environment, rng)
        assert _contents(tmp_path / str(number)) == _contents(undisturbed)
    assert kills >= 5
