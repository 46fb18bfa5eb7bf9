"""The command line: spellings that are promised, examples in every help, exit codes, and a quick `--help`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import prisyn as package
from prisyn._command import Format, answering, command, emit, group
from prisyn.cli import app
from prisyn_base import InputError, MissingExtraError, Problem

Prisyn = Callable[..., subprocess.CompletedProcess[str]]

COMMANDS = [
    ("demo",),
    ("run",),
    ("init",),
    ("doctor",),
    ("serve",),
    ("extract",),
    ("extract", "run"),
    ("extract", "evaluate"),
    ("extract", "databases"),
    ("extract", "quarantine"),
    ("extract", "recall"),
    ("extract", "prompts"),
    ("kg",),
    ("kg", "import"),
    ("kg", "export"),
    ("kg", "formats"),
    ("kg", "names"),
    ("kg", "regulators"),
    ("kg", "targets"),
    ("kg", "evidence"),
    ("kg", "path"),
    ("kg", "subgraph"),
    ("kg", "hubs"),
    ("kg", "motifs"),
    ("kg", "contradictions"),
    ("kg", "changes"),
    ("kg", "compare"),
    ("kg", "restrict"),
    ("kg", "cypher"),
    ("kg", "stats"),
    ("generate",),
    ("generate", "fit"),
    ("generate", "sample"),
    ("generate", "schema"),
    ("generate", "plan"),
    ("generate", "methods"),
    ("generate", "ledger"),
    ("audit",),
    ("audit", "run"),
    ("audit", "report"),
    ("audit", "compare"),
    ("audit", "attacks"),
    ("audit", "selftest"),
    ("models",),
    ("models", "list"),
    ("models", "fetch"),
]
HEAVY = {
    "fastapi",
    "torch",
    "transformers",
    "anndata",
    "scanpy",
    "networkx",
    "pandas",
    "numpy",
    "sklearn",
    "matplotlib",
}


def loaded_by(arguments: list[str], environment: dict[str, str]) -> set[str]:
    """The top-level modules a command line has loaded when it ends."""
    script = (
        "import sys\n"
        "from prisyn.__main__ import main\n"
        f"sys.argv = ['prisyn', *{arguments!r}]\n"
        "try:\n    main()\n"
        "finally:\n    print('\\n'.join(sorted({m.partition('.')[0] for m in sys.modules})), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=120, check=True
    )
    return set(done.stderr.splitlines())


def test_help_loads_nothing_heavy(environment: dict[str, str]) -> None:
    assert loaded_by(["--help"], environment) & HEAVY == set()


def test_help_of_a_heavy_command_loads_nothing_heavy(environment: dict[str, str]) -> None:
    assert loaded_by(["generate", "fit", "--help"], environment) & HEAVY == set()


def test_what_a_command_does_load_is_seen(environment: dict[str, str]) -> None:
    assert loaded_by(["kg", "names", "PU.1"], environment) & HEAVY != set()


def test_the_top_help_names_every_group(prisyn: Prisyn) -> None:
    done = prisyn("--help", COLUMNS="120")
    assert done.returncode == 0
    for name in {words[0] for words in COMMANDS}:
        assert f" {name} " in done.stdout


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_help_shows_an_example_of_its_own(words: tuple[str, ...]) -> None:
    done = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"}).invoke(app, [*words, "--help"])
    assert done.exit_code == 0
    assert "Examples:" in done.stdout
    assert f"prisyn {' '.join(words)}" in done.stdout.replace("Usage: prisyn", "", 1)


def test_there_is_no_command_without_a_test() -> None:
    names = {tuple(_name(c) for c in [one]) for one in app.registered_commands}
    for one in app.registered_groups:
        assert one.typer_instance is not None
        names |= {(str(one.name),)} | {(str(one.name), _name(c)) for c in one.typer_instance.registered_commands}
    assert names == set(COMMANDS)


def _name(info: typer.models.CommandInfo) -> str:
    return str(info.name)


def test_the_version_is_printed(prisyn: Prisyn) -> None:
    done = prisyn("--version")
    assert (done.returncode, done.stdout) == (0, f"prisyn {package.__version__}\n")


def test_shell_completion_knows_the_commands(environment: dict[str, str]) -> None:
    asked = {**environment, "_PRISYN_COMPLETE": "complete_bash", "COMP_WORDS": "prisyn kg reg", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "prisyn"], capture_output=True, text=True, env=asked, timeout=60, check=False
    )
    assert done.stdout.split() == ["regulators"]


def test_a_misspelt_option_is_the_users_to_mend(prisyn: Prisyn) -> None:
    done = prisyn("kg", "stats", "--grahp", "grn.db")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--grahp" in done.stderr


def test_input_that_can_be_mended_is_listed_whole_with_exit_code_2(prisyn: Prisyn, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("seed: one\ncohort: {file: gone.h5ad}\ngenerate: {epsilon: -1, delta: 2}\n")
    done = prisyn("run", tmp_path / "run.yaml")
    assert done.returncode == 2
    assert done.stdout == ""
    for part in ("seed", "cohort.file", "generate.epsilon", "generate.delta", "extract"):
        assert f"run.yaml: {part}: found" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["run.yaml"]


def test_asking_a_graph_that_is_not_there_does_not_make_one(prisyn: Prisyn, tmp_path: Path) -> None:
    done = prisyn("kg", "regulators", "HBB", "--graph", tmp_path / "grn.db")
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError([Problem("a", "b", "c", "d")]), 2, "1. a: found b; expected c. To mend: d."),
        (MissingExtraError("ray is not installed: pip install 'prisyn[scale]'"), 2, "pip install 'prisyn[scale]'"),
        (RuntimeError("the sum is wrong"), 1, "RuntimeError: the sum is wrong"),
        (KeyboardInterrupt(), 130, "stopped; the same command goes on from here"),
    ],
    ids=["input", "missing extra", "our failure", "stopped"],
)
def test_how_a_command_ends_tells_whose_turn_it_is(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRISYN_DEBUG", raising=False)
    with pytest.raises(typer.Exit) as ended, answering():
        raise error
    captured = capsys.readouterr()
    assert ended.value.exit_code == code
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_our_failure_shows_where_it_happened_when_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRISYN_DEBUG", "1")
    with pytest.raises(typer.Exit), answering():
        raise RuntimeError("the sum is wrong")
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_ends_a_run_cleanly(
    number: signal.Signals, environment: dict[str, str], tmp_path: Path
) -> None:
    command_line = [sys.executable, "-m", "prisyn", "demo", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command_line, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "starts" in line:
                break
        time.sleep(0.3)
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "stopped; the same command goes on from here" in rest
    assert "Traceback" not in rest


def test_rows_come_out_as_json_tsv_and_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"gene": "SPI1", "belief": 0.98765, "papers": ["PMID:1", "PMID:2"]},
        {"gene": "E2F", "belief": None, "papers": []},
    ]
    emit(rows, Format.JSON)
    assert json.loads(capsys.readouterr().out) == rows
    emit(rows, Format.TSV)
    assert capsys.readouterr().out == "gene\tbelief\tpapers\nSPI1\t0.9877\tPMID:1, PMID:2\nE2F\t\t\n"
    emit(rows, Format.TABLE)
    assert capsys.readouterr().out.splitlines()[1] == "SPI1  0.9877  PMID:1, PMID:2"


def test_a_paper_cannot_write_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    emit([{"quote": "\x1b]0;owned\x07a\tb\nc"}], Format.TSV)
    assert capsys.readouterr().out == "quote\n ]0;owned a b c\n"


def test_a_reader_that_stops_listening_is_no_failure(environment: dict[str, str]) -> None:
    line = f"{sys.executable} -m prisyn audit attacks --format json | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )
    assert done.stdout == "["
    assert "fault" not in done.stderr


def test_a_command_is_answered_for_through_the_real_machinery() -> None:
    own = group("A group.")

    @command(own, "fail")
    def fail() -> None:
        raise InputError([Problem("a", "b", "c", "d")])

    @command(own, "well")
    def well() -> None:
        print(os.getpid())

    runner = CliRunner()
    assert runner.invoke(own, ["fail"]).exit_code == 2
    assert runner.invoke(own, ["well"]).stdout == f"{os.getpid()}\n"
