"""The page of a question: its tabs, its files, and names that stand for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response

from prisyn.web.asked import Asked
from prisyn.web.files import address, file_links
from prisyn.web.question import QUESTIONS, Answers, Missing
from prisyn.web.rendering import render


def question_page(
    request: Request,
    template: str,
    *,
    asked: Asked,
    given: Mapping[str, Any],
    missing: Sequence[Missing] = (),
    networks: bool = False,
    table: bool = True,
    status: int = 200,
    **context: Any,
) -> Response:
    """The page of a template that extends `question.html.j2`.

    `given` is all that the address asks for, by the names of the form's fields; with `networks` the answer's edges are
    offered as files, with `table` its rows.
    """
    path = request.url.path
    parameters = {name: value for name, value in given.items() if value not in ("", None)}
    return render(
        request,
        template,
        status=status,
        questions=QUESTIONS,
        asked=asked,
        given=given,
        missing=missing,
        exports=file_links(path, parameters, networks=networks, table=table),
        permalink=address(path, parameters),
        **context,
    )


def answers_of(request: Request) -> Answers:
    """The answers that the application keeps."""
    answers: Answers = request.app.state.answers
    return answers
