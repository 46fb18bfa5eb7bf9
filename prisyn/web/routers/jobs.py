"""Extraction jobs: how far, what it cost, what was set aside."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from grn_extract.jobs import JobSeen, look_at
from prisyn._graphs import beside
from prisyn.stages.extract import JOB
from prisyn.web.rendering import is_fragment, render
from prisyn.web.settings import Settings
from prisyn_base import InputError

router = APIRouter()

MOST_LISTED = 200
"""Texts and statements set aside that are listed; `prisyn extract quarantine` lists all of them."""


@router.get("/jobs", response_class=HTMLResponse)
def jobs(request: Request) -> Response:
    """Every job there is, as it stands."""
    found = [(number, *_seen(folder)) for number, folder in enumerate(_folders(request), 1)]
    return render(request, "jobs.html.j2", jobs=found)


@router.get("/jobs/{number}", response_class=HTMLResponse)
def job(request: Request, number: int) -> Response:
    """One job; while it runs the page keeps itself up to date."""
    folders = _folders(request)
    if not 1 <= number <= len(folders):
        raise HTTPException(404, f"There is no job {number}; {len(folders)} are shown here.")
    seen = look_at(folders[number - 1])
    name = "job_seen.html.j2" if is_fragment(request) else "job.html.j2"
    return render(request, name, job=seen, number=number, most_listed=MOST_LISTED)


def _folders(request: Request) -> list[Path]:
    """Folders of the jobs that were named, of the graph's own, and of runs; the order does not change."""
    settings: Settings = request.app.state.settings
    job = beside(settings.graph, ".job")
    own = [] if job is None else [job]
    there = (folder for folder in (*own, *(run / JOB for run in settings.runs)) if folder.is_dir())
    return list(dict.fromkeys((*settings.jobs, *there)))


def _seen(folder: Path) -> tuple[Path, JobSeen | None, str]:
    try:
        return folder, look_at(folder), ""
    except InputError as error:
        return folder, None, "; ".join(problem.found for problem in error.problems)
