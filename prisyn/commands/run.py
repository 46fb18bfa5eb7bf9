"""`prisyn demo`, `run`, `init` and `doctor`: the whole way, and what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prisyn._command import Format, FormatOption, SeedOption, command, emit, say

DEMO_NOISE_SEED = 5
"""The demo's cells are public, so its noise may be fixed; its ledger then says that nobody is protected."""


def register(app: typer.Typer) -> None:
    """Put these commands at the top level of `app`."""
    for name, function in (("demo", demo), ("run", run), ("init", init), ("doctor", doctor)):
        command(app, name)(function)


def demo(
    out: Annotated[Path, typer.Option(help="The folder everything is written to.")] = Path("demo-out"),
    public: Annotated[Path | None, typer.Option(help="An .h5ad file of public cells for the generator.")] = None,
    seed: SeedOption = 1,
) -> None:
    """The whole way on real input that comes with the package, offline.

    Texts and a database become a graph, the graph conditions a private generator, its cells are attacked, and
    OUT/audit.html says what came of it. OUT/run.yaml is the run itself, to edit and run again.

    \b
    Examples:
      prisyn demo --out demo-out
      prisyn demo --out demo-out --public public_cells.h5ad --seed 2
    """
    from prisyn.pipeline import run_all
    from prisyn.runfile import NAME, read_run
    from prisyn.template import run_file
    from prisyn_base import atomic_path

    text = run_file(
        name=NAME,
        out=".",
        seed=seed,
        public=str(public.absolute()) if public else None,
        noise_seed=DEMO_NOISE_SEED,
    )
    path = out / NAME
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    run_all(read_run(path))


def run(
    path: Annotated[Path, typer.Argument(help="The run file; `prisyn init` writes one.", metavar="RUN.YAML")],
    out: Annotated[Path | None, typer.Option(help="Write here instead of where the run file says.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would run and why; write nothing.")] = False,
) -> None:
    """Do what a run file says.

    Finished stages are not run again; stopped at any point, the same command goes on.

    \b
    Examples:
      prisyn run run.yaml
      prisyn run run.yaml --dry-run
      prisyn run run.yaml --out elsewhere
    """
    from prisyn.pipeline import run_all, what_would_run
    from prisyn.runfile import read_run

    job = read_run(path, out=out)
    if not dry_run:
        run_all(job)
        return
    rows = [
        {"stage": plan.stage, "runs": "yes" if plan.runs else "no", "why": "; ".join(plan.reasons) or "already done"}
        for plan in what_would_run(job)
    ]
    emit(rows, Format.TABLE)


def init(
    path: Annotated[Path, typer.Argument(help="The run file to write.")] = Path("run.yaml"),
) -> None:
    """Write a commented run file to start from.

    It runs as it is, on the packaged example.

    \b
    Examples:
      prisyn init
      prisyn init studies/spleen.yaml
    """
    from prisyn.template import run_file
    from prisyn_base import InputError, Problem, atomic_path

    if path.is_dir():
        path = path / "run.yaml"
    if path.exists():
        raise InputError([Problem(str(path), "a file already there", "a new name", "name another, or move that away")])
    with atomic_path(path) as temporary:
        temporary.write_text(run_file(name=path.name, out="out"), encoding="utf-8")
    say(f"wrote {path}; next: prisyn run {path} --dry-run")


def doctor(form: FormatOption = Format.TABLE) -> None:
    """Say what is installed, what is missing, and the line that installs it.

    Ends with exit code 2 when something that `prisyn demo` needs is missing.

    \b
    Examples:
      prisyn doctor
      prisyn doctor --format json
    """
    from prisyn.doctor import examine, healthy

    findings = examine()
    rows = [{"what": f.what, "state": str(f.state), "found": f.found, "mend": f.mend} for f in findings]
    emit(rows, form)
    if not healthy(findings):
        raise typer.Exit(2)
