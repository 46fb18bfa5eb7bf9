"""BioNLP-ST 2011 GE (Kim et al. 2011) as directed signed edges: `doc`, `text`, `proteins`, and `edges` by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grn_extract.document import Document, GivenMention
from grn_extract.gold._model import GoldDocument, GoldEdge, given_gene
from grn_extract.gold._rows import convert, json_rows
from kg import Effect


def looks_like(head: str) -> bool:
    """Whether a file whose first line is `head` is in this format."""
    return head.lstrip().startswith("{") and '"proteins"' in head


def read(path: Path, corpus: Path | None) -> list[GoldDocument]:
    """The documents; the proteins' names are given as mentions, wherever they stand."""
    return convert(json_rows(path), _document, path=path, form="ge-jsonl")


def _document(row: Mapping[str, Any]) -> GoldDocument:
    text = row["text"]
    document = Document(
        id=f"GE:{row['doc']}", title="", text=text, source="bionlp-ge", mentions=tuple(_marks(text, row["proteins"]))
    )
    edges = tuple(
        GoldEdge(given_gene(edge["source"]).curie, given_gene(edge["target"]).curie, Effect(edge["sign"]))
        for edge in row["edges"]
    )
    return GoldDocument(document, edges, split=row.get("split", ""), marks_flagged=False)


def _marks(text: str, names: list[str]) -> Iterator[GivenMention]:
    """Every occurrence of the names, the longest first where they overlap."""
    if not names:
        return
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))
    for match in re.finditer(rf"(?<!\w)(?:{longest_first})(?!\w)", text):
        yield GivenMention(match.start(), match.end(), given_gene(match.group()))
