"""BioRED (Luo et al. 2022; public domain) in PubTator's format, genes by their number in NCBI Gene.

BioRED relates genes without direction: Positive_Correlation and Negative_Correlation are of expression or activity and
say not which gene acts. They are taken as undirected edges with a sign. Pairs under its other relations (Association,
Bind, ...) may or may not be regulation, so they are not judged. What can be measured here is whether related pairs
are found, in either order; directions cannot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from grn_extract.document import Document, GivenMention
from grn_extract.gold._model import GoldDocument, GoldEdge
from grn_extract.gold._rows import gold_lines
from kg import Effect, Gene
from prisyn_base import Problems

PREFIX = "NCBIGene"
_SIGNS = {"Positive_Correlation": Effect.ACTIVATION, "Negative_Correlation": Effect.REPRESSION}
_PART = re.compile(r"(\d+)\|([ta])\|(.*)")


@dataclass(slots=True)
class _Article:
    title: str = ""
    abstract: str = ""
    mentions: list[GivenMention] = field(default_factory=list)
    relations: list[tuple[str, str, str]] = field(default_factory=list)


def looks_like(head: str) -> bool:
    """Whether a file whose first line is `head` is in this format."""
    return _PART.match(head) is not None


def read(path: Path, corpus: Path | None) -> list[GoldDocument]:
    """A document per abstract, title first; a mention of several genes at once is left out."""
    articles: dict[str, _Article] = {}
    problems = Problems()
    for number, line in gold_lines(path):
        text = line.rstrip("\r\n")
        if text and not _take(text, articles):
            expected = "n|t|title, n|a|abstract, a mention of 6 columns or a relation of 5"
            problems.add(f"{path}:{number}", repr(text[:60]), expected, "mend or remove the line")
    problems.raise_if_any()
    return [_document(name, article) for name, article in articles.items()]


def _take(line: str, articles: dict[str, _Article]) -> bool:
    if part := _PART.fullmatch(line):
        article = articles.setdefault(part[1], _Article())
        if part[2] == "t":
            article.title = part[3]
        else:
            article.abstract = part[3]
        return True
    cells = line.split("\t")
    if cells[0] not in articles or len(cells) not in (5, 6):
        return False
    article = articles[cells[0]]
    if len(cells) == 5:
        article.relations.append((cells[1], cells[2], cells[3]))
    elif not (cells[1].isdecimal() and cells[2].isdecimal()):
        return False
    elif cells[4] == "GeneOrGeneProduct" and cells[5].isdecimal():
        article.mentions.append(GivenMention(int(cells[1]), int(cells[2]), Gene(_curie(cells[5]), cells[3], "any")))
    return True


def _document(name: str, article: _Article) -> GoldDocument:
    genes = {mention.gene.curie for mention in article.mentions}
    edges: dict[frozenset[str], GoldEdge] = {}
    others: set[frozenset[str]] = set()
    for kind, one, other in article.relations:
        for left, right in product(one.split(","), other.split(",")):
            pair = frozenset((_curie(left), _curie(right)))
            if len(pair) == 2 and pair <= genes:
                if kind in _SIGNS:
                    first, second = sorted(pair)
                    edges[pair] = GoldEdge(first, second, _SIGNS[kind])
                else:
                    others.add(pair)
    unjudged = frozenset((a, b) for pair in others - edges.keys() for a in pair for b in pair - {a})
    text = f"{article.title}\n{article.abstract}"
    document = Document(f"PMID:{name}", article.title, text, "biored", mentions=tuple(article.mentions))
    return GoldDocument(document, tuple(edges.values()), unjudged=unjudged, directed=False)


def _curie(number: str) -> str:
    return f"{PREFIX}:{number}"
