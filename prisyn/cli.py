"""The command line: the groups and where they live. Keep this file light; `prisyn --help` must be quick."""

from __future__ import annotations

from typing import Annotated

import typer

from prisyn import __version__
from prisyn._command import group
from prisyn.commands import audit, extract, generate, kg, kg_curate, kg_exchange, models, prompts, run, serve

app = group(
    "Published gene regulation, one private release, one honest audit.\n\n"
    "\b\nExamples:\n"
    "  prisyn demo --out demo-out   the whole way, on input that comes with it\n"
    "  prisyn init                  writes a run file to edit for your own files\n"
    "  prisyn run run.yaml          does what a run file says\n"
    "  prisyn doctor                what is installed and what is missing\n"
)
run.register(app)
serve.register(app)
prompts.register(extract.app)
kg_exchange.register(kg.app)
kg.app.add_typer(kg_curate.app, name="curate")
app.add_typer(extract.app, name="extract")
app.add_typer(kg.app, name="kg")
app.add_typer(generate.app, name="generate")
app.add_typer(audit.app, name="audit")
app.add_typer(models.app, name="models")


def _version(asked: bool) -> None:
    if asked:
        print(f"prisyn {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass
