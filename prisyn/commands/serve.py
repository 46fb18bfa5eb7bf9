"""`prisyn serve`: the graph, the review queue, jobs and reports as web pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from prisyn._command import GraphOption, command, say

TOKEN = "PRISYN_TOKEN"


def register(app: typer.Typer) -> None:
    """Put the command at the top level of `app`."""
    command(app, "serve")(serve)


def serve(
    graph: GraphOption,
    run: Annotated[
        list[Path] | None, typer.Option("--run", help="The folder of a `prisyn run`: its report and job are shown.")
    ] = None,
    job: Annotated[list[Path] | None, typer.Option("--job", help="The folder of an extraction job.")] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option("--reference", help="A graph to compare with, say CollecTRI; may be repeated.", metavar="URL"),
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen. Anything but this machine needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8765,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", help="A name under which browsers may ask for the pages.")
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="The certificate, for HTTPS (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="The key of the certificate (PEM).")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy speaks HTTPS with the browsers for these pages.")
    ] = False,
) -> None:
    """Serve the graph, the review queue, jobs and reports as web pages, until Ctrl-C.

    Only this machine is answered, unless told otherwise. Then PRISYN_TOKEN holds the token that visitors must give,
    and the pages go over HTTPS. A graph's own job (grn.db.job) is shown without being named.

    \b
    Examples:
      prisyn serve --graph grn.db
      prisyn serve --graph demo-out/graph/grn.db --run demo-out
      prisyn serve --graph grn.db --reference collectri.db
      PRISYN_TOKEN=$(cat token) prisyn serve --graph grn.db --host 0.0.0.0 --allow-host grn.lab.org \\
        --certificate grn.pem --key grn.key
    """
    from prisyn_base import require

    for module in ("fastapi", "uvicorn", "python_multipart"):
        require(module, extra="web")

    from prisyn.web.server import Listening, run_server

    listening = Listening(host, port, certificate, key, behind_proxy)
    run_server(
        listening,
        graph=graph,
        runs=tuple(run or ()),
        jobs=tuple(job or ()),
        hosts=tuple(allow_host or ()),
        token=os.environ.get(TOKEN, ""),
        references=tuple(reference or ()),
        tell=say,
    )
