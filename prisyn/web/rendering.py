"""Templates, and the few words of ours that they know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from kg import Edge, Gene
from prisyn import __version__
from prisyn.web.guard import form_key
from prisyn.web.identity import curator_of
from prisyn.web.marking import mark_quote, visible
from prisyn.web.question import QUESTIONS
from prisyn.web.settings import Settings

_PMID = re.compile(r"PMID:(\d{1,9})\Z")
_IDENTIFIERS = {
    "HGNC": "https://identifiers.org/",
    "MGI": "https://identifiers.org/",
    "FPLX": "https://identifiers.org/fplx:",
}
_CURIE = re.compile(r"(HGNC|MGI|FPLX):([A-Za-z0-9_]+)\Z")


def render(request: Request, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The page of a template. Every page knows the request, who is curating, and the key of its forms."""
    settings: Settings = request.app.state.settings
    known = {
        "path": request.url.path,
        "asks": request.url.path in dict(QUESTIONS),
        "curator": curator_of(request),
        "form_key": form_key(settings, request.state.session),
        "version": __version__,
        "with_token": bool(settings.token),
    }
    return HTMLResponse(_environment().get_template(name).render(known | context), status)


def is_fragment(request: Request) -> bool:
    """Whether only the part of the page is asked for that changes."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def gene_path(gene: Gene | str, parameters: Mapping[str, Any] | None = None) -> str:
    """The address of a gene's page."""
    curie = gene if isinstance(gene, str) else gene.curie
    return f"/gene/{quote(curie, safe=':')}" + (f"?{urlencode(parameters)}" if parameters else "")


def edge_path(edge: Edge) -> str:
    """The address of the page of one edge."""
    return "/edge?" + urlencode({"regulator": edge.regulator.curie, "target": edge.target.curie}, safe=":")


def paper_link(witness: str) -> str:
    """PubMed's address of a paper, "" for a witness that is none."""
    found = _PMID.match(witness)
    return f"https://pubmed.ncbi.nlm.nih.gov/{found[1]}/" if found else ""


def gene_link(gene: Gene) -> str:
    """The address of what is known of a gene elsewhere, "" where there is none."""
    found = _CURIE.match(gene.curie)
    if not found:
        return ""
    return _IDENTIFIERS[found[1]] + (found[2] if found[1] == "FPLX" else found[0])


def belief_words(value: float) -> str:
    """A belief with two digits; one that only rounds to certainty says so.

    >>> belief_words(0.8), belief_words(0.9992), belief_words(0.0)
    ('0.80', '>0.99', '0.00')
    """
    return ">0.99" if 0.995 <= value < 1 else f"{value:.2f}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("prisyn.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "belief": belief_words,
        "edge_path": edge_path,
        "gene_link": gene_link,
        "gene_path": gene_path,
        "marked": mark_quote,
        "paper_link": paper_link,
        "visible": visible,
    }
    return environment
