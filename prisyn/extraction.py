"""What `prisyn extract run` and `recall` do once their options are known: check them all, and read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prisyn._command import say
from prisyn._extractcheck import KNOWLEDGE, PUBMED, RAY, REPLAY, job_problems, reader_problems
from prisyn._fingerprint import code_fingerprint, json_fingerprint
from prisyn._graphs import beside
from prisyn.progress import counting, reading
from prisyn_base import InputError, Problems

if TYPE_CHECKING:
    from grn_extract import Document, Reader
    from grn_extract.chat.prices import Price
    from grn_extract.jobs import Engine, JobBudget, JobResult, JobState, Limits
    from grn_extract.jobs.job import Graph

SHOWN = 5
"""Texts and statements that were set aside and are named at the end; `prisyn extract quarantine` names them all."""

AT_ONCE = 8
"""Calls under way at once, where a server answers them."""

FIRST_CALL = (2000, 500)
"""Tokens in and out that a first call is taken to need, until one is known."""


@dataclass(frozen=True, slots=True)
class Request:
    """The options of a job. `texts` are read beside those of the sources."""

    sources: tuple[str, ...]
    graph: str
    reader: str
    limits: Limits
    job: Path | None = None
    query: str = ""
    most: int | None = None
    engine: str = "threads"
    concurrency: int | None = None
    rate: float | None = None
    base_url: str | None = None
    key_variable: str | None = None
    price: str | None = None
    samples: int | None = None
    passes: int | None = None
    screen: bool = True
    retry: bool = False
    texts: tuple[Document, ...] = ()
    own: Mapping[str, Any] = field(default_factory=dict)
    """Further options of the reader, by the names it gives them."""

    @property
    def folder(self) -> Path:
        """Where the job is kept: beside its graph, if not told otherwise. Raises ValueError where that is none."""
        folder = self.job or beside(self.graph, ".job")
        if folder is None:
            raise ValueError(f"{self.graph} is no file: a folder for the job has to be named")
        return folder

    @property
    def paths(self) -> list[str]:
        """The sources that are files and folders."""
        return [source for source in self.sources if source != PUBMED]

    @property
    def in_process(self) -> bool:
        """Whether the reader asks nobody outside this process."""
        from grn_extract import reader_names

        return self.reader in reader_names()

    @property
    def model(self) -> str:
        """The model that is asked, `provider:model`."""
        return self.reader.removeprefix(KNOWLEDGE)

    @property
    def options(self) -> dict[str, Any]:
        """What the reader is opened with."""
        given = {
            "base_url": self.base_url,
            "key_variable": self.key_variable,
            "price": self.price,
            "per_minute": self.rate,
            "samples": self.samples,
            "verify": None if self.passes is None else self.passes > 1,
            "screen": None if self.screen else False,
        }
        return {name: value for name, value in given.items() if value is not None} | dict(self.own)


def check(request: Request, *, opening: bool) -> int:
    """How many texts the files and folders hold. Raises InputError with everything that is wrong with the request.

    Without `opening` the reader is not opened, so it need not be installed yet.
    """
    from grn_extract import stream_all
    from kg import store_problems

    problems, texts = job_problems(request), 0
    problems.extend(opening_problems(request) if opening or not request.in_process else reader_problems(request))
    problems.extend(store_problems(request.graph))
    try:
        with counting("texts found") as progress:
            for texts, _ in enumerate(stream_all(request.paths, tell=say), 1):
                progress(texts)
    except InputError as error:
        problems.extend(error.problems)
    problems.raise_if_any()
    return texts + len(request.texts)


def opening_problems(request: Request) -> Problems:
    """What is wrong with the options of the reader; where nothing is, what keeps it from being opened with them."""
    from grn_extract import open_reader

    problems = reader_problems(request)
    if not problems:
        try:
            open_reader(request.reader, **request.options)
        except InputError as error:
            problems.extend(error.problems)
    return problems


def documents(request: Request) -> Iterator[Document]:
    """The texts, each once, as often as they are asked for: what came from PubMed is kept in the job's folder."""
    from grn_extract import stream_all

    yield from stream_all(request.paths, more=chain(_pubmed(request), request.texts))


def read(request: Request) -> None:
    """Read everything that has not been read; say what came of it."""
    from kg import open_store

    texts = check(request, opening=True)
    with open_job(request) as job, open_store(request.graph) as graph:
        say_price(job.reader)
        total = texts if PUBMED not in request.sources else sum(1 for _ in documents(request))
        with reading(total) as progress:
            result = job.run(documents(request), graph=graph, retry=request.retry, progress=progress)
        tell(job, result, total)


@dataclass(frozen=True, slots=True)
class Job:
    """A job that is open: its folder is held by this process."""

    state: JobState
    engine: Engine
    reader: Reader
    budget: JobBudget

    @property
    def settings(self) -> str:
        """What its readings depend on beside the texts."""
        return settings_of(self.reader)

    def run(
        self,
        texts: Iterable[Document],
        *,
        graph: Graph,
        retry: bool = False,
        progress: Callable[[JobResult], None] = lambda so_far: None,
    ) -> JobResult:
        """Read what has not been read of `texts`, as `run_job` does."""
        from grn_extract.jobs import run_job

        return run_job(
            self.state,
            self.engine,
            texts,
            settings=self.settings,
            graph=graph,
            budget=self.budget,
            retry=retry,
            progress=progress,
        )


@contextmanager
def open_job(request: Request) -> Iterator[Job]:
    """The job of a request; its folder is held meanwhile."""
    from grn_extract import open_reader
    from grn_extract.jobs import DroppedStatements, JobBudget, JobState, RayEngine, Spent, ThreadEngine, text_reader

    with JobState(request.folder) as state:
        dropped = DroppedStatements()
        if request.in_process:
            reader = open_reader(request.reader, **request.options)
            budget = JobBudget(request.limits, state.spent(), dearest=state.dearest(), folder=request.folder)
            read_text = text_reader(reader, dropped, budget=budget)
        else:
            price = _price(request)
            first = Spent(1, sum(FIRST_CALL), price.cost(*FIRST_CALL) if price else 0.0)
            dearest = state.dearest() if state.dearest().calls else first
            budget = JobBudget(request.limits, state.spent(), dearest=dearest, folder=request.folder)
            reader = open_reader(request.reader, **request.options, log=state, budget=budget, quarantine=dropped)
            read_text = text_reader(reader, dropped)
        engine: Engine
        if request.engine == RAY:
            workers = request.concurrency or os.cpu_count() or 1
            engine = RayEngine(request.reader, request.options, state, budget, readers=workers)
        else:
            engine = ThreadEngine(read_text, budget, readers=_readers(request, reader))
        yield Job(state, engine, reader, budget)


def settings_of(reader: Reader) -> str:
    """What a reading depends on beside the text: with other code, names or prompts, texts are read anew.

    Nothing is paid for anew where the questions are the same: replies are known by what was asked.
    """
    from grn_extract import load_prompt, prompt_names

    prompts = [load_prompt(name).hash for name in prompt_names()]
    own = getattr(reader, "settings", "")
    return json_fingerprint([reader.name, own, code_fingerprint(("grn_extract", "kg")), prompts])


def _price(request: Request) -> Price | None:
    from grn_extract.chat.prices import find_price, parse_price

    if request.reader.startswith(REPLAY):
        return None
    return find_price(request.model, request.base_url) if request.price is None else parse_price(request.price)


def _readers(request: Request, reader: Reader) -> int:
    if not reader.concurrent:
        return 1
    return request.concurrency or (1 if request.in_process else AT_ONCE)


def _pubmed(request: Request) -> Iterator[Document]:
    if PUBMED not in request.sources:
        return
    from grn_extract.sources.eutils import read_pubmed

    with counting("articles of PubMed") as progress:
        yield from read_pubmed(
            query=request.query, folder=request.folder / PUBMED, most=request.most, progress=progress, tell=say
        )


def say_price(reader: Reader) -> None:
    """Say what a model costs and where that is from; nothing of a reader that runs in this process."""
    from grn_extract.chat.prices import price_note

    if hasattr(reader, "price"):
        say(price_note(reader.name, reader.price))


def tell(job: Job, result: JobResult, total: int, *, what: str = "texts") -> None:
    """Say what a run of a job came to over `total` texts (or whatever each of them stands for).

    Ends the command with 1 where none of them could be read.
    """
    import typer

    from grn_extract.jobs import summary

    state = job.state
    asides = list(state.set_aside()) if result.aside else []
    for document, item in asides[:SHOWN]:
        say(f"set aside: {document}: {'; '.join(item.reasons)}")
    failed = state.quarantined()
    for text in failed[:SHOWN]:
        say(f"not read: {text.document}: {text.reason}")
    remarked = len({document for document, _ in state.remarks()})
    if remarked:
        say(f"{remarked:,} {what} with a remark of their source: another language, a correction, marks left out")
    if len(failed) > SHOWN or len(asides) > SHOWN or result.noted or remarked:
        say(f"`prisyn extract quarantine {state.folder}` lists all that was set aside, noted or remarked")
    for line in summary(result, total=total, what=what):
        say(line)
    if result.failed:
        raise typer.Exit(1)
