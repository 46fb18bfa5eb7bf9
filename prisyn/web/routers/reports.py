"""Audit reports of runs: what they say in a line, and the page itself, which may run nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from prisyn.web.rendering import render
from prisyn.web.settings import Settings

router = APIRouter()

REPORT, FACTS = "audit.html", "audit.json"
LARGEST_FACTS = 20 * 2**20
"""Bytes of the largest file of facts that is read."""

CAGED = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""A report brings its own style and its pictures; it gets no script, no form, and not these pages' origin."""


@dataclass(frozen=True, slots=True)
class Report:
    """The report of the run in `folder`; `outcome` and `headline` are "" where no audit has been made."""

    number: int
    folder: Path
    outcome: str = ""
    headline: str = ""


@router.get("/reports", response_class=HTMLResponse)
def reports(request: Request) -> Response:
    """The runs there are, with their verdicts."""
    return render(request, "reports.html.j2", reports=[_report(n, run) for n, run in enumerate(_runs(request), 1)])


@router.get("/reports/{number}/audit.html", response_class=HTMLResponse)
def report(request: Request, number: int) -> Response:
    """The report of a run, as it was written."""
    return FileResponse(
        _file(request, number, REPORT), media_type="text/html", headers={"Content-Security-Policy": CAGED}
    )


@router.get("/reports/{number}/audit.json")
def facts(request: Request, number: int) -> Response:
    """The same for programs."""
    return FileResponse(_file(request, number, FACTS), media_type="application/json")


def _runs(request: Request) -> tuple[Path, ...]:
    settings: Settings = request.app.state.settings
    return settings.runs


def _file(request: Request, number: int, name: str) -> Path:
    runs = _runs(request)
    if not 1 <= number <= len(runs) or not (runs[number - 1] / name).is_file():
        raise HTTPException(404, "There is no such report.")
    path = (runs[number - 1] / name).resolve()
    if path.parent != runs[number - 1].resolve():
        raise HTTPException(404, "This report lies outside its run and is not shown.")
    return path


def _report(number: int, run: Path) -> Report:
    path = run / FACTS
    if not path.is_file() or path.stat().st_size > LARGEST_FACTS:
        return Report(number, run)
    try:
        verdict = json.loads(path.read_bytes())["verdict"]
        return Report(number, run, str(verdict["outcome"]), str(verdict["headline"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return Report(number, run, headline=f"{FACTS} cannot be read")
