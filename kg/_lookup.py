"""Reads the packaged tables, each once and only when it is asked for."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

TABLES = Path(__file__).parent / "_tables"


def table(name: str) -> Iterator[list[str]]:
    """The rows of a packaged table, as lists of fields."""
    with gzip.open(TABLES / name, "rt", encoding="utf-8", newline="\n") as stream:
        for line in stream:
            yield line.rstrip("\n").split("\t")


def demo_table() -> Path:
    """The packaged part of TRRUST about genes of the demo's panel, in TRRUST's own layout (see `SOURCES.md`)."""
    return TABLES / "trrust_demo.tsv"


@cache
def transcription_factors() -> frozenset[str]:
    """CURIEs of human and mouse transcription factors: the union of the lists named in `_tables/SOURCES.md`."""
    return frozenset(row[0] for row in table("tfs.tsv.gz"))


@cache
def retracted_pmids() -> frozenset[int]:
    """PubMed ids of retracted articles."""
    return frozenset(accumulate(int(row[0]) for row in table("retracted.tsv.gz")))


def is_retracted(paper: str) -> bool:
    """Whether a paper, given as `PMID:123` or `123`, is among PubMed's retracted articles."""
    number = paper.removeprefix("PMID:").strip()
    return number.isdecimal() and int(number) in retracted_pmids()
