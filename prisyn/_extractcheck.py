"""Whether the options of a job go together, before anything is opened."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from prisyn._graphs import beside
from prisyn_base import Problems

if TYPE_CHECKING:
    from prisyn.extraction import Request

PUBMED = "pubmed"
RAY = "ray"
REPLAY = "replay:"
KNOWLEDGE = "knowledge:"
COOCCURRENCE = "cooccurrence"


def job_problems(request: Request) -> Problems:
    """What is wrong with what is read and where it is kept."""
    problems = Problems()
    if PUBMED in request.sources and not request.query.strip():
        problems.add("--query", "nothing", "what to look for in PubMed", "add, say, --query 'GATA1 AND transcription'")
    if PUBMED not in request.sources:
        for name, given in (("--query", request.query), ("--most", request.most)):
            if given:
                problems.add(
                    name, str(given), "nothing: no source is pubmed", f"add --source pubmed, or leave {name} out"
                )
    if request.engine == RAY and importlib.util.find_spec("ray") is None:
        problems.add("--engine", "ray is not installed", "prisyn[scale]", "run: pip install 'prisyn[scale]'")
    if request.job is None and beside(request.graph, ".job") is None:
        problems.add("--job", "nothing", "a folder to keep the job in", "add --job FOLDER: this graph is no file")
    return problems


def reader_problems(request: Request) -> Problems:
    """What is wrong with the options of its reader; one that has any cannot be opened with them."""
    problems = Problems()
    server = (
        ("--base-url", request.base_url),
        # Its value may be the key itself, by mistake.
        ("--key-variable", request.key_variable and "..."),
        ("--price", request.price),
        ("--rate", request.rate),
    )
    asking = (("--samples", request.samples), ("--passes", request.passes))
    asks_nobody = request.in_process or request.reader.startswith(REPLAY)
    for name, told in (*(server if asks_nobody else ()), *(asking if request.in_process else ())):
        if told is not None:
            wanted = "nothing" if name in ("--samples", "--passes") else f"nothing: {request.reader} asks no server"
            problems.add(name, str(told), wanted, f"leave {name} out, or choose a chat model as reader")
    if not request.screen and request.reader == COOCCURRENCE:
        problems.add("--no-screen", request.reader, "a reader that leaves something out", "leave --no-screen out")
    if request.reader.startswith(KNOWLEDGE) and not request.texts:
        mend = "`prisyn extract recall --genes ...` asks what a model recalls"
        problems.add("--reader", request.reader, "one that reads texts", mend)
    if request.limits.cost is not None and not asks_nobody and _has_no_price(request):
        found = f"{request.limits.cost:g}, but what {request.model} costs is not known"
        expected = "a price, so that the limit can be kept"
        mend = "add --price IN,OUT, US dollars for a million tokens read and written, or bound it with --max-tokens"
        problems.add("--max-cost", found, expected, mend)
    return problems


def _has_no_price(request: Request) -> bool:
    """Whether neither the person nor our table knows it; false for a name that is no model's, which is told apart."""
    from grn_extract.chat.prices import find_price
    from grn_extract.chat.providers import PROVIDERS, split_name

    if request.price is not None or split_name(request.model)[0] not in PROVIDERS:
        return False
    return find_price(request.model, request.base_url) is None
