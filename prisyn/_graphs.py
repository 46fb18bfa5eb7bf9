"""The graphs that commands name: files or stores that exist already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from prisyn_base import InputError, Problem, Problems

if TYPE_CHECKING:
    from kg import GRN, Gene, GraphStore


def open_graph(graph: str) -> GraphStore:
    """A store that exists: asking must not make an empty one. Raises InputError where it does not."""
    from kg import graph_file, open_store

    file = graph_file(graph)
    if file is not None and not file.exists():
        mend = "check the path; `prisyn kg import` or `prisyn extract run` makes a graph"
        raise InputError([Problem(graph, "no such file", "a graph", mend)])
    return open_store(graph)


def beside(graph: str, ending: str) -> Path | None:
    """The path of what is kept beside a graph's file, named as it is and with this ending; None for a server's."""
    from kg import graph_file

    file = graph_file(graph)
    return None if file is None else file.with_name(file.name + ending)


def read_grn(graph: str) -> GRN:
    """The network of a graph that exists. Raises InputError where it does not."""
    with open_graph(graph) as store:
        return store.grn()


@contextmanager
def asking() -> Iterator[None]:
    """What a question to a graph cannot be asked about (KeyError, ValueError), as input that can be mended."""
    try:
        yield
    except InputError:
        raise
    except KeyError as error:
        raise InputError([_not_there(error)]) from None
    except ValueError as error:
        mend = "see the command's --help"
        raise InputError([Problem("question", str(error), "one that has an answer", mend)]) from None


def find_genes(graph: GRN | GraphStore, names: Iterable[str]) -> list[Gene]:
    """The genes of a graph that names stand for. Raises InputError with every name that stands for none."""
    from kg.queries import finder

    problems, found, find = Problems(), [], finder(graph)
    for name in names:
        try:
            found.append(find(name))
        except KeyError as error:
            problems.extend([_not_there(error)])
    problems.raise_if_any()
    return found


def _not_there(error: KeyError) -> Problem:
    """What a name was taken for and names like it are in the error's words."""
    return Problem("gene", str(error.args[0]), "a gene of this graph", "`prisyn kg names NAME` explains a name")
