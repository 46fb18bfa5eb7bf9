"""`prisyn extract run` and `quarantine`: texts are read as a job, and what it kept out is listed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prisyn._command import Format, FormatOption, GraphOption, command, emit, say
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
from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from kg import Evidence


class EngineName(StrEnum):
    """Where texts are read: in threads of this process, or by workers of a Ray cluster."""

    THREADS = "threads"
    RAY = "ray"


def register(app: typer.Typer) -> None:
    """Add the commands to their group."""
    command(app, "run")(run)
    command(app, "quarantine")(quarantine)


def run(
    source: Annotated[
        list[str],
        typer.Option(
            "--source", help="A file or folder of texts, or pubmed; may be given repeatedly.", metavar="SOURCE"
        ),
    ],
    graph: GraphOption,
    reader: Annotated[
        str,
        typer.Option(
            "--reader", help="Who reads: embedded, openai:MODEL and others, replay:JOB once more, or cooccurrence."
        ),
    ] = "embedded",
    query: Annotated[str, typer.Option("--query", help="What to look for, where the source is pubmed.")] = "",
    most: Annotated[int | None, typer.Option("--most", min=1, help="Articles to take from PubMed at most.")] = None,
    job: JobOption = None,
    max_cost: MaxCostOption = None,
    max_tokens: MaxTokensOption = None,
    max_calls: MaxCallsOption = None,
    engine: Annotated[EngineName, typer.Option(help="Read in threads, or on a Ray cluster.")] = EngineName.THREADS,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Texts read at once.", show_default="8 for a server's model, else 1")
    ] = None,
    rate: RateOption = None,
    base_url: BaseUrlOption = None,
    key_variable: KeyVariableOption = None,
    price: PriceOption = None,
    samples: Annotated[
        int | None,
        typer.Option(min=1, max=99, help="Readings of each text; what most of them say counts.", show_default="1"),
    ] = None,
    passes: Annotated[
        int | None,
        typer.Option(min=1, max=2, help="2: ask again about direction and sign of each statement.", show_default="2"),
    ] = None,
    screen: Annotated[
        bool, typer.Option("--screen/--no-screen", help="Ask nothing about what holds no word for regulation.")
    ] = True,
    retry: RetryOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be read; ask no model, write nothing.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="With --dry-run: read so many texts, and say what all will come to.")
    ] = None,
) -> None:
    """Read texts and add what they state to a graph, text by text.

    Stopped at any point, the same command goes on: no text is read twice, no answer is paid for twice, no statement
    is added twice. What is done lies in a folder beside the graph (GRAPH.job). Texts are .txt, .jsonl, PubMed's .xml
    and MEDLINE, PubTator's and BioC's files; a folder is read with all its folders; pubmed is asked with --query.

    \b
    Examples:
      prisyn extract run --source abstracts.xml --graph grn.db
      prisyn extract run --source notes/ --source more.jsonl --reader embedded --graph grn.db
      prisyn extract run --source pubmed --query "GATA1 AND erythropoiesis" --most 500 --graph grn.db
      prisyn extract run --source notes/ --reader openai:gpt-4o-mini --max-cost 5 --graph grn.db
      prisyn extract run --source notes/ --reader openai:mine --base-url http://gpu7:8000/v1 --graph grn.db
      prisyn extract run --source abstracts.xml --graph grn.db --dry-run
    """
    from grn_extract.jobs import Limits
    from prisyn.dry_run import count, try_sample
    from prisyn.extraction import Request, check, read

    request = Request(
        sources=tuple(source),
        graph=graph,
        reader=reader,
        limits=Limits(max_calls, max_tokens, max_cost),
        job=job,
        query=query,
        most=most,
        engine=engine.value,
        concurrency=concurrency,
        rate=rate,
        base_url=base_url,
        key_variable=key_variable,
        price=price,
        samples=samples,
        passes=passes,
        screen=screen,
        retry=retry,
    )
    if sample is not None and not dry_run:
        found = Problem("--sample", str(sample), "nothing without --dry-run", "add --dry-run, or leave --sample out")
        raise InputError([found])
    if sample is not None:
        try_sample(request, sample)
    elif dry_run:
        check(request, opening=False)
        count(request)
    else:
        read(request)


def quarantine(
    job: Annotated[Path, typer.Argument(help="The folder of a job.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """List what a job could not read, the statements it kept out of the graph, and what is odd about those it let in.

    A `text` could not be read, a `statement` did not pass a check, a `note` is about one that did, a `remark` is what
    the source says of a text (another language, a correction, marks left out); each with the reason.

    \b
    Examples:
      prisyn extract quarantine grn.db.job
      prisyn extract quarantine grn.db.job --format tsv
    """
    from grn_extract.jobs import JobState
    from grn_extract.jobs.state import STATE

    if not (job / STATE).is_file():
        raise InputError(
            [Problem(str(job), "no job", "the folder of a job", "name the folder: GRAPH.job, or that of --job")]
        )
    with JobState(job) as state:
        rows = [
            *(_row("text", text.document, text.reason, retryable=text.retryable) for text in state.quarantined()),
            *(
                _row("statement", document, "; ".join(item.reasons), item.statement)
                for document, item in state.set_aside()
            ),
            *(_row("note", note.evidence.document, note.text, _in_words(note.evidence)) for note in state.notes()),
            *(_row("remark", document, said) for document, said in state.remarks()),
        ]
    emit(rows, form)
    if not rows:
        say(f"nothing was set aside in {job}")


def _in_words(item: Evidence) -> str:
    from prisyn._judged import words

    return f"{words(item)}: {item.quote}"


def _row(what: str, document: str, reason: str, statement: str = "", *, retryable: bool = False) -> dict[str, Any]:
    return {"what": what, "document": document, "retryable": retryable, "reason": reason, "statement": statement}
