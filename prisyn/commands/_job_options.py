"""Options that every command which asks a model as a job has alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JobOption = Annotated[Path | None, typer.Option("--job", help="The folder that keeps the job.")]
MaxCostOption = Annotated[
    float | None, typer.Option("--max-cost", min=0, help="US dollars that the whole job may cost.")
]
MaxTokensOption = Annotated[int | None, typer.Option("--max-tokens", min=0, help="Tokens that the whole job may take.")]
MaxCallsOption = Annotated[int | None, typer.Option("--max-calls", min=0, help="Questions that the whole job may ask.")]
RateOption = Annotated[float | None, typer.Option("--rate", min=0.01, help="Questions a minute at most.")]
BaseUrlOption = Annotated[
    str | None, typer.Option("--base-url", help="A server that speaks the provider's API.", metavar="URL")
]
KeyVariableOption = Annotated[
    str | None,
    typer.Option("--key-variable", help="The environment variable that holds that server's key.", metavar="NAME"),
]
PriceOption = Annotated[
    str | None, typer.Option("--price", help="US dollars for a million tokens read and written.", metavar="IN,OUT")
]
RetryOption = Annotated[bool, typer.Option("--retry", help="Try again what could not be read before.")]
