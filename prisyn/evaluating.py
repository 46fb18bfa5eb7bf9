"""Readers tried on texts whose answers are known; what a server is asked for it is kept as a job, and paid for once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from prisyn.extraction import Request, open_job, opening_problems, say_price, tell
from prisyn.progress import counting, reading

if TYPE_CHECKING:
    from kg import Evidence


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader stated in some texts: `calls` to a model were made for it, `unread` texts could not be read."""

    reader: str
    evidence: tuple[Evidence, ...]
    seconds: float
    calls: int
    unread: int = 0


def read_texts(request: Request) -> Reading:
    """What the request's reader states in its `texts`. Raises InputError with everything that keeps it from reading."""
    problems = opening_problems(request)
    if ":" in request.reader and request.job is None:
        mend = "add --job FOLDER: what was answered is kept there, and is not asked or paid for again"
        problems.add("--job", "nothing", "a folder for what the model answers", mend)
    problems.raise_if_any()
    return _here(request) if request.in_process else _as_job(request)


def _here(request: Request) -> Reading:
    from grn_extract import open_reader

    reader = open_reader(request.reader, **request.options)
    started, before = time.perf_counter(), reader.calls
    with counting("texts read", len(request.texts)) as progress:
        evidence = tuple(reader.read(request.texts, progress))
    return Reading(reader.name, evidence, _since(started), reader.calls - before)


def _as_job(request: Request) -> Reading:
    from grn_extract.jobs import MemoryGraph

    graph, started, total = MemoryGraph(), time.perf_counter(), len(request.texts)
    with open_job(request) as job:
        say_price(job.reader)
        with reading(total) as progress:
            result = job.run(request.texts, graph=graph, retry=request.retry, progress=progress)
        tell(job, result, total)
        evidence = tuple(chain.from_iterable(graph.readings.values()))
        unread = total - result.read - result.known
        return Reading(job.reader.name, evidence, _since(started), result.total.calls, unread)


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 3)
