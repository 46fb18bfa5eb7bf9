"""Our own format: a line per document with `document`, `edges`, `phenomenon`, and `text` or a corpus beside it.

`judged` lists the only pairs of genes that were looked at, where not all were (see `GoldDocument`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grn_extract.document import Document
from grn_extract.gold._model import GoldDocument, GoldEdge, Pair
from grn_extract.gold._rows import convert, json_rows
from grn_extract.sources import read_documents
from kg import Effect


def looks_like(head: str) -> bool:
    """Whether a file whose first line is `head` is in this format: any JSON object, for it is the last one tried."""
    return head.lstrip().startswith("{")


def read(path: Path, corpus: Path | None) -> list[GoldDocument]:
    """The documents; texts that are not in the lines are those of `corpus` (default: `corpus.jsonl` beside `path`)."""
    rows = json_rows(path)
    texts: dict[str, Document] = {}
    if not all("text" in row for _, row in rows) and (corpus or _beside(path).exists()):
        found = read_documents(corpus or _beside(path))
        texts = {document.id: document for document in found}
    return convert(rows, lambda row: _document(row, texts), path=path, form="own-jsonl")


def _beside(path: Path) -> Path:
    return path.parent / "corpus.jsonl"


def _document(row: Mapping[str, Any], texts: Mapping[str, Document]) -> GoldDocument:
    name = row["document"]
    if "text" not in row and name not in texts:
        raise ValueError(f"no `text`, and no text {name!r} in a corpus.jsonl beside the file")
    document = Document(name, "", row["text"], "gold") if "text" in row else texts[name]
    edges = tuple(
        GoldEdge(
            _identifier(edge["regulator"]),
            _identifier(edge["target"]),
            Effect(edge["effect"]),
            bool(edge.get("negated", False)),
            bool(edge.get("hypothetical", False)),
        )
        for edge in row["edges"]
    )
    judged = frozenset(map(_pair, row["judged"])) if "judged" in row else None
    return GoldDocument(document, edges, row.get("phenomenon", ""), row.get("split", ""), judged)


def _pair(genes: Sequence[str]) -> Pair:
    if not isinstance(genes, list) or len(genes) != 2:
        raise ValueError(f"{genes!r} is no pair of genes")
    return _identifier(genes[0]), _identifier(genes[1])


def _identifier(gene: str) -> str:
    """A symbol in a CURIE's place would match nothing a reader says, and be counted as missed without a word."""
    if ":" not in gene:
        raise ValueError(f"{gene!r} is no CURIE such as HGNC:4170; `prisyn kg names` gives it")
    return gene
