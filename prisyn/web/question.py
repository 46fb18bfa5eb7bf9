"""What the pages of questions have in common: names as people type them, and answers worked out once."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Query

from kg import GRN, Gene
from prisyn.web.search import Suggestion, find, suggestions

QUESTIONS = (
    ("/paths", "Paths"),
    ("/connect", "Connect"),
    ("/hubs", "Hubs"),
    ("/motifs", "Motifs"),
    ("/contradictions", "Contradictions"),
    ("/changes", "Changes"),
    ("/compare", "Compare"),
    ("/cypher", "Cypher"),
)
"""The pages of questions: address and name."""

MOST_GENES = 200
"""Genes of one list."""

KEPT = 16
"""Answers that are kept."""

Name = Annotated[str, Query(max_length=200)]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that stands for no gene of the graph: why, and the same question with a gene that may be meant."""

    name: str
    why: str
    instead: tuple[tuple[Suggestion, str], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """The genes that names stand for, each once, and the names that stand for none."""

    genes: tuple[Gene, ...]
    missing: tuple[Missing, ...]


def genes_named(grn: GRN, names: Iterable[str], again: Callable[[str, str], str]) -> Named:
    """The genes of a graph by their names; `again(name, symbol)` is the address with a symbol in a name's place."""
    genes: dict[Gene, None] = {}
    missing = []
    for name in names:
        gene, why = find(grn, name)
        if gene is not None:
            genes[gene] = None
        else:
            near = tuple((each, again(name, each.gene.symbol)) for each in suggestions(grn, name)[:5])
            missing.append(Missing(name, why.partition("; did you mean")[0], near))
    return Named(tuple(genes), tuple(missing))


def split_names(text: str) -> tuple[str, ...]:
    """The names in a text, each once: between commas, semicolons or lines, where there are any, else between spaces.

    >>> split_names("NF-kB p65, SPI1"), split_names("SPI1 GATA1 SPI1")
    (('NF-kB p65', 'SPI1'), ('SPI1', 'GATA1'))
    """
    parts = re.split(r"[,;\n]", text) if re.search(r"[,;\n]", text.strip()) else text.split()
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


class Answers:
    """Answers to the questions last asked, for any thread. A key holds the graph, so a changed one is asked anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, work: Callable[[], Answer]) -> Answer:
        """What `work` answers, or has answered before."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: Answer = self._kept[key]
                return found
        answer = work()
        with self._lock:
            self._kept[key] = answer
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return answer
