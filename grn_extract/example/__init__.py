"""The packaged example corpus: short texts written for this project, with the regulations they state."""

from __future__ import annotations

from pathlib import Path

from grn_extract.document import Document
from grn_extract.gold import GoldDocument, read_gold
from grn_extract.sources import read_documents

CORPUS = Path(__file__).parent / "corpus.jsonl"
GOLD = Path(__file__).parent / "gold.jsonl"


def example_corpus() -> list[Document]:
    """The example texts, in order."""
    return list(read_documents(CORPUS))


def example_gold() -> list[GoldDocument]:
    """The example texts with the regulations they speak of."""
    return read_gold(GOLD)
