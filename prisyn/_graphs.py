"""The graphs that commands name: files or stores that exist already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from kg import GRN


def read_grn(graph: str) -> GRN:
    """The network of a graph that exists: asking must not make an empty one. Raises InputError where it does not."""
    from kg import open_store

    if "://" not in graph and not Path(graph).exists():
        mend = "check the path; `prisyn kg import` or `prisyn extract run` makes a graph"
        raise InputError([Problem(graph, "no such file", "a graph", mend)])
    with open_store(graph) as store:
        return store.grn()
