"""`prisyn extract recall`: what a chat model recalls of a list of genes, without any text."""

from __future__ import annotations

from typing import Annotated

import typer

from prisyn._command import GraphOption, command
from prisyn._graphs import beside
from prisyn.commands._job_options import (
    BaseUrlOption,
    JobOption,
    KeyVariableOption,
    MaxCallsOption,
    MaxCostOption,
    MaxTokensOption,
    PriceOption,
    RateOption,
    RetryOption,
)


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    command(app, "recall")(recall)


def recall(
    genes: Annotated[
        str, typer.Option("--genes", help="A file of names, a line each, or names parted by commas.", metavar="GENES")
    ],
    reader: Annotated[str, typer.Option("--reader", help="The chat model that is asked.", metavar="PROVIDER:MODEL")],
    graph: GraphOption,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Ask for this gene's regulators alone; may be given repeatedly."),
    ] = None,
    species: Annotated[str, typer.Option("--species", help="Whose genes they are: human or mouse.")] = "human",
    repeats: Annotated[int, typer.Option(min=1, max=99, help="How often the factors are asked for.")] = 3,
    frequency: Annotated[int, typer.Option(min=1, help="How often a factor must be named to be taken.")] = 2,
    job: JobOption = None,
    max_cost: MaxCostOption = None,
    max_tokens: MaxTokensOption = None,
    max_calls: MaxCallsOption = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Questions asked at once.", show_default="8")] = None,
    rate: RateOption = None,
    base_url: BaseUrlOption = None,
    key_variable: KeyVariableOption = None,
    price: PriceOption = None,
    retry: RetryOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the questions; ask no model.")] = False,
) -> None:
    """Ask a chat model, without any text, which genes of a list are transcription factors and whom they regulate.

    Models recall regulation hardly better than by chance, so what comes of it is marked `recalled`, counts 0.1 at
    most, and all that one model recalls is one witness. The factors are printed; the same command goes on where it
    stopped and pays for no answer twice (GRAPH.recall keeps them).

    \b
    Examples:
      prisyn extract recall --genes genes.txt --reader openai:gpt-4o-mini --max-cost 1 --graph grn.db
      prisyn extract recall --genes GATA1,SPI1,KLF1 --target HBB --reader ollama:llama3.1 --graph grn.db
    """
    from grn_extract.jobs import Limits
    from prisyn._extractcheck import KNOWLEDGE
    from prisyn.extraction import Request
    from prisyn.recall import check_targets, count, listed_genes
    from prisyn.recall import recall as ask
    from prisyn_base import InputError, Problem

    if frequency > repeats:
        found = f"{frequency} of {repeats} askings"
        raise InputError([Problem("--frequency", found, f"at most --repeats {repeats}", "lower it")])
    text, listed = listed_genes(genes, species)
    check_targets(target or (), species)
    targets = list(dict.fromkeys(target or (item.name for item in listed.genes)))
    if dry_run:
        count(listed, len(targets), repeats)
        return
    request = Request(
        sources=(),
        graph=graph,
        reader=KNOWLEDGE + reader.removeprefix(KNOWLEDGE),
        limits=Limits(max_calls, max_tokens, max_cost),
        job=job or beside(graph, ".recall"),
        concurrency=concurrency,
        rate=rate,
        base_url=base_url,
        key_variable=key_variable,
        price=price,
        retry=retry,
        own={"species": species, "repeats": repeats, "frequency": frequency},
    )
    ask(request, text, targets)
