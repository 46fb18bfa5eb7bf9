"""What reading would come to: counted without a model, or told from a sample that one reads."""

from __future__ import annotations

from typing import Any

from prisyn._command import Format, emit, say
from prisyn._extractcheck import PUBMED
from prisyn.extraction import Request, check, documents, open_job, say_price
from prisyn.progress import reading


def try_sample(request: Request, size: int) -> None:
    """Read `size` texts for real and say what all will come to; the graph is not touched, no reply is lost."""
    from grn_extract.jobs import MemoryGraph, draw_sample, extrapolate

    check(request, opening=True)
    with open_job(request) as job:
        say_price(job.reader)
        sample, total = draw_sample(documents(request), size, seed=0)
        with reading(len(sample)) as progress:
            result = job.run(sample, graph=MemoryGraph(), progress=progress)
        if result.done < len(sample) or not sample:
            say(f"{result.done:,} of {len(sample):,} sampled texts were read: {result.stopped or 'there are no texts'}")
            return
        took = [job.state.came_to(text) for text in job.state.enrol(sample, job.settings)]
        lists = {
            "questions to the model": [float(spent.calls) for spent, _ in took],
            "tokens": [float(spent.tokens) for spent, _ in took],
            "US dollars": [spent.cost for spent, _ in took],
            "minutes": [seconds / 60 / job.engine.readers for _, seconds in took],
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
    from grn_extract.readers.chat import could_state

    texts = passages = screened = pairs = asked = 0
    for texts, document in enumerate(stream_all(request.paths), 1):  # noqa: B007
        found = find_passages(document)
        passed = [passage for passage in found if not request.screen or could_state_regulation(passage.text)]
        passages, screened = passages + len(found), screened + len(passed)
        asked += could_state(document) if request.screen else bool(document.text.strip())
        pairs += sum(1 for passage in passed for _ in find_candidates(passage))
    questions = pairs if request.reader == "embedded" else 0
    rows: list[dict[str, Any]] = [
        {"what": "texts", "number": texts},
        {"what": "passages that name two genes", "number": passages},
        {"what": f"passages that {'could state regulation' if request.screen else 'are read'}", "number": screened},
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
