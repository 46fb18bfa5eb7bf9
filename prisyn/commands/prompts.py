"""`prisyn extract prompts`: what is said to language models, as it stands and filled in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, command, emit
from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from grn_extract.prompting import Prompt


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    command(app, "prompts")(prompts)


def prompts(
    name: Annotated[str | None, typer.Argument(help="The prompt; without it, those there are are listed.")] = None,
    text: Annotated[
        str | None, typer.Option("--text", help="A file whose text is filled in, or - for standard input.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the prompts, or show one as a model is shown it.

    Fields other than the text are shown by their names in capitals.

    \b
    Examples:
      prisyn extract prompts
      prisyn extract prompts read-regulation --text abstract.txt
    """
    from grn_extract import load_prompt, prompt_names

    if name is None:
        found = [load_prompt(known) for known in prompt_names()]
        emit([{"prompt": item.reference, "hash": item.hash, "task": item.task} for item in found], form)
        return
    prompt = load_prompt(name)
    fields: dict[str, Any] = {field: _placeholder(prompt, field) for field in prompt.fields}
    if text is not None:
        fields["text" if "text" in fields else "sentence"] = _read(text)
    for role, content in prompt.messages(**fields) if prompt.parts else (("prompt", prompt.render(**fields)),):
        print(f"[{role}]\n{content}\n")


def _placeholder(prompt: Prompt, field: str) -> str | list[str]:
    """The field's name in capitals; two of them where the prompt's own examples give a list."""
    listed = any(isinstance(example.fields.get(field), list) for example in prompt.examples)
    return [f"{field.upper()} {number}" for number in (1, 2)] if listed else field.upper()


def _read(source: str) -> str:
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "bytes that are not UTF-8"
        raise InputError([Problem(source, found, "a text in UTF-8", "check the path and the encoding")]) from error
