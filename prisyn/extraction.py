"""What `prisyn extract run` does once its options are known: check them all, estimate, read."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prisyn._command import Format, emit, say
from prisyn._fingerprint import code_fingerprint, json_fingerprint
from prisyn.progress import counting, reading
from prisyn_base import InputError, Problems

if TYPE_CHECKING:
    from grn_extract import Document, Reader
    from grn_extract.jobs import Engine, JobBudget, JobResult, JobState, Limits

PUBMED = "pubmed"
RAY = "ray"
SHOWN = 5
"""Texts and statements that were set aside and are named at the end; `prisyn extract quarantine` names them all."""

AT_ONCE = 8
"""Calls under way at once, where a server answers them."""

FIRST_CALL = (2000, 500)
"""Tokens in and out that a first call is taken to need, until one is known."""


@dataclass(frozen=True, slots=True)
class Request:
    """The options of `prisyn extract run`."""

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
    price: str | None = None
    retry: bool = False
    sample: int | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    """Options of a reader that runs in this process."""

    @property
    def folder(self) -> Path:
        """Where the job is kept: beside its graph, where nothing else was said."""
        return self.job or Path(self.graph.removeprefix("file://") + ".job")

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
    def options(self) -> dict[str, Any]:
        """What the reader is opened with."""
        if self.in_process:
            return dict(self.own)
        given = {"base_url": self.base_url, "price": self.price, "per_minute": self.rate}
        return {name: value for name, value in given.items() if value is not None}


def check(request: Request, *, opening: bool) -> int:
    """How many texts the files and folders hold. Raises InputError with everything that is wrong with the request.

    Without `opening` the reader is not opened, so it need not be installed yet.
    """
    from grn_extract import open_reader, stream_all
    from kg import store_problems

    problems = Problems()
    texts = 0
    problems.extend(_option_problems(request))
    if opening or not request.in_process:
        try:
            open_reader(request.reader, **request.options)
        except InputError as error:
            problems.extend(error.problems)
    problems.extend(store_problems(request.graph))
    try:
        with counting("texts found") as progress:
            for texts, _ in enumerate(stream_all(request.paths), 1):
                progress(texts)
    except InputError as error:
        problems.extend(error.problems)
    problems.raise_if_any()
    return texts


def documents(request: Request) -> Iterator[Document]:
    """The texts, each once, as often as they are asked for: what came from PubMed is kept in the job's folder."""
    from grn_extract import stream_all

    yield from stream_all(request.paths, more=_pubmed(request))


def read(request: Request) -> None:
    """Read everything that has not been read; say what came of it."""
    from grn_extract.jobs import run_job
    from kg import open_store

    texts = check(request, opening=True)
    with open_job(request) as (state, engine, reader, budget), open_store(request.graph) as graph:
        total = texts if PUBMED not in request.sources else sum(1 for _ in documents(request))
        with reading(total) as progress:
            result = run_job(
                state,
                engine,
                documents(request),
                settings=settings_of(reader),
                graph=graph,
                budget=budget,
                retry=request.retry,
                progress=progress,
            )
        _tell(request, state, result, total)


def try_sample(request: Request) -> None:
    """Read a sample for real and say what all of it will come to; the graph is not touched, no reply is lost."""
    from grn_extract.jobs import MemoryGraph, draw_sample, extrapolate, run_job

    assert request.sample is not None
    check(request, opening=True)
    with open_job(request) as (state, engine, reader, budget):
        sample, total = draw_sample(documents(request), request.sample, seed=0)
        settings = settings_of(reader)
        with reading(len(sample)) as progress:
            result = run_job(
                state, engine, sample, settings=settings, graph=MemoryGraph(), budget=budget, progress=progress
            )
        if result.done < len(sample) or not sample:
            say(f"{result.done:,} of {len(sample):,} sampled texts were read: {result.stopped or 'there are no texts'}")
            return
        took = [state.came_to(text) for text in state.enrol(sample, settings)]
        lists = {
            "questions to the model": [float(spent.calls) for spent, _ in took],
            "tokens": [float(spent.tokens) for spent, _ in took],
            "US dollars": [spent.cost for spent, _ in took],
            "minutes": [seconds / 60 / engine.readers for _, seconds in took],
        }
        estimates = [extrapolate(what, values, total) for what, values in lists.items()]
        emit([{"what": e.what, "in all": e.total, "from": e.low, "to": e.high} for e in estimates], Format.TABLE)
        say(
            f"from {len(sample):,} of {total:,} texts, drawn at random and read, with 95 % intervals; their replies "
            f"are kept in {request.folder} and are not paid for again"
        )


def count(request: Request) -> None:
    """What reading would amount to: passages, those that pass the screen, and pairs of genes to ask about."""
    from grn_extract import could_state_regulation, find_candidates, find_passages, stream_all

    texts = passages = screened = pairs = asked = 0
    for texts, document in enumerate(stream_all(request.paths), 1):  # noqa: B007
        found = find_passages(document)
        passed = [passage for passage in found if could_state_regulation(passage.text)]
        passages, screened, asked = passages + len(found), screened + len(passed), asked + bool(passed)
        pairs += sum(1 for passage in passed for _ in find_candidates(passage))
    questions = pairs if request.reader == "embedded" else 0
    rows: list[dict[str, Any]] = [
        {"what": "texts", "number": texts},
        {"what": "passages that name two genes", "number": passages},
        {"what": "passages that could state regulation", "number": screened},
        {"what": "ordered pairs of genes in them", "number": pairs},
    ]
    if request.in_process:
        rows += [
            {"what": "questions to the model, at most", "number": questions},
            {"what": "US dollars", "number": 0},
        ]
    else:
        rows += [{"what": "texts that the model would be asked about", "number": asked}]
        say("add --sample 20 to read 20 texts and learn what all will cost")
    emit(rows, Format.TABLE)
    if PUBMED in request.sources:
        say("PubMed is not asked in a dry run: these are the files alone")
    say(f"dry run: nothing was read by a model, nothing written to {request.graph}")


@contextmanager
def open_job(request: Request) -> Iterator[tuple[JobState, Engine, Reader, JobBudget]]:
    """State, engine, reader and budget of the job; the folder is held meanwhile."""
    from grn_extract import open_reader
    from grn_extract.jobs import DroppedStatements, JobBudget, JobState, RayEngine, Spent, ThreadEngine, text_reader

    with JobState(request.folder) as state:
        dropped = DroppedStatements()
        if request.in_process:
            reader = open_reader(request.reader, **request.options)
            budget = JobBudget(request.limits, state.spent(), dearest=state.dearest(), folder=request.folder)
            read_text = text_reader(reader, dropped, budget=budget)
        else:
            price = getattr(open_reader(request.reader, **request.options), "price", None)
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
        yield state, engine, reader, budget


def settings_of(reader: Reader) -> str:
    """What a reading depends on beside the text: with other code, names or prompts, texts are read anew.

    Nothing is paid for anew where the questions are the same: replies are known by what was asked.
    """
    from grn_extract import load_prompt, prompt_names

    prompts = [load_prompt(name).hash for name in prompt_names()]
    own = getattr(reader, "settings", "")
    return json_fingerprint([reader.name, own, code_fingerprint(("grn_extract", "kg")), prompts])


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


def _option_problems(request: Request) -> Problems:
    problems = Problems()
    if PUBMED in request.sources and not request.query.strip():
        problems.add("--query", "nothing", "what to look for in PubMed", "add, say, --query 'GATA1 AND transcription'")
    if PUBMED not in request.sources:
        for name, given in (("--query", request.query), ("--most", request.most)):
            if given:
                problems.add(
                    name, str(given), "nothing: no source is pubmed", f"add --source pubmed, or leave {name} out"
                )
    if request.in_process:
        for name, told in (("--base-url", request.base_url), ("--price", request.price), ("--rate", request.rate)):
            if told is not None:
                found = f"nothing: {request.reader} asks no server"
                problems.add(name, str(told), found, f"leave {name} out, or choose another reader")
    if request.engine == RAY and importlib.util.find_spec("ray") is None:
        problems.add("--engine", "ray is not installed", "prisyn[scale]", "run: pip install 'prisyn[scale]'")
    if request.job is None and "://" in request.graph.removeprefix("file://"):
        problems.add("--job", "nothing", "a folder to keep the job in", "add --job FOLDER: this graph is no file")
    return problems


def _tell(request: Request, state: JobState, result: JobResult, total: int) -> None:
    from grn_extract.jobs import summary

    asides = list(state.set_aside()) if result.aside else []
    for document, item in asides[:SHOWN]:
        say(f"set aside: {document}: {'; '.join(item.reasons)}")
    failed = state.quarantined()
    for text in failed[:SHOWN]:
        say(f"not read: {text.document}: {text.reason}")
    if len(failed) > SHOWN or len(asides) > SHOWN:
        say(f"`prisyn extract quarantine {request.folder}` lists them all")
    for line in summary(result, total=total):
        say(line)
