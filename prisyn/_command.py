"""What every command does alike: answer for what went wrong, and print rows."""

from __future__ import annotations

import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from prisyn_base import InputError, MissingExtraError, Problem

STOPPED = "stopped; the same command goes on from here"
DEBUG = "PRISYN_DEBUG"


class Format(StrEnum):
    """How rows are printed."""

    JSON = "json"
    TSV = "tsv"
    TABLE = "table"


FormatOption = Annotated[Format, typer.Option("--format", help="How rows are printed on standard output.")]
GraphOption = Annotated[
    str, typer.Option("--graph", help="The graph: a file such as grn.db, or neo4j://host:port.", metavar="URL")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random but the privacy noise.")]


_MENDABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EEXIST})
"""Failures of writing that are the disk's or the place's, not ours."""


class Command(TyperCommand):
    """A command whose failures end in the promised exit codes.

    0 it worked; 1 our failure; 2 input the user can mend, or a part that is not installed; 130 stopped by a signal.
    """

    def invoke(self, ctx: Any) -> Any:
        with answering():
            return super().invoke(ctx)


@contextmanager
def answering() -> Iterator[None]:
    """Turn exceptions into words on standard error and an exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except KeyboardInterrupt:
        say(STOPPED)
        raise typer.Exit(130) from None
    except (InputError, MissingExtraError) as error:
        say(str(error))
        raise typer.Exit(2) from None
    except OSError as error:
        if error.errno not in _MENDABLE:
            _tell_failure(error)
            raise typer.Exit(1) from None
        where, found = str(error.filename or "standard output"), error.strerror or str(error)
        mend = "make room, or name a place that may be written"
        say(str(InputError([Problem(where, found, "a place that can be written", mend)])))
        raise typer.Exit(2) from None
    except Exception as error:
        _tell_failure(error)
        raise typer.Exit(1) from None


def _tell_failure(error: Exception) -> None:
    if os.environ.get(DEBUG):
        traceback.print_exc()
    lines = str(error).strip().splitlines()
    say(f"prisyn failed: {type(error).__name__}: {lines[0] if lines else 'no message'}")
    say(f"This is our fault, not yours. With {DEBUG}=1 the same command says where it happened.")


def group(text: str) -> typer.Typer:
    """An empty command group with this help text."""
    return typer.Typer(help=text, no_args_is_help=True, pretty_exceptions_enable=False)


def command(app: typer.Typer, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command of `app` under `name`; its docstring is the help."""
    return app.command(name, cls=Command)


def say(text: str) -> None:
    """Words for the person, on standard error."""
    print(text, file=sys.stderr, flush=True)


LISTED = 3
"""Members of a list that a table for people names."""


def emit(rows: Sequence[Mapping[str, Any]], form: Format) -> None:
    """Rows, all with the same keys, on standard output."""
    if form is Format.JSON:
        emit_json(list(rows))
        return
    if not rows:
        return
    header = list(rows[0])
    short = form is Format.TABLE
    cells = [header, *([_cell(row[name], short=short) for name in header] for row in rows)]
    if form is Format.TSV:
        text = "\n".join("\t".join(line) for line in cells)
    else:
        widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
        text = "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells)
    print(text)


def emit_json(value: Any) -> None:
    """JSON on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _cell(value: Any, *, short: bool) -> str:
    """One value as text of one line; control characters of quoted papers never reach the terminal.

    A `short` cell names the first of a long list: in a table for people, one much-studied edge would widen all rows.
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        more = len(value) - LISTED if short else 0
        named = value[:LISTED] if more > 0 else value
        text = ", ".join(map(str, named)) + (f" and {more} more" if more > 0 else "")
    else:
        text = str(value)
    return "".join(c if c.isprintable() else " " for c in text)
