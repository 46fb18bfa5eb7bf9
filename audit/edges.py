"""The regulations that an audit is told of, by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Edge(NamedTuple):
    """`regulator` acts on `target`, both names of features; `sign` is +1, -1, or 0 where not known."""

    regulator: str
    target: str
    sign: int = 0


def make_edges(edges: Iterable[Edge | tuple[str, str] | tuple[str, str, int]]) -> tuple[Edge, ...]:
    """Edges from tuples, each once, in the order given."""
    return tuple(dict.fromkeys(Edge(*edge) for edge in edges))
