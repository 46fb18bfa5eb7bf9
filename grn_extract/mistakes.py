"""What a reader got wrong on texts with answers, a row each, to be read by a person."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

from grn_extract.evaluate import gold_pairs, stated_pairs
from grn_extract.gold import GoldDocument, Pair
from grn_extract.mentions import gene_mentions
from kg import Effect, Evidence
from prisyn_base import atomic_path


@dataclass(frozen=True, slots=True)
class Mistake:
    """A pair where reader and gold differ; `gold` and `said` are effects, or `none`.

    - `missed`: gold, and not stated
    - `grounding`: missed, because one of its genes was not found in the text
    - `wrong`: stated, and not gold
    - `reversed`: stated, and gold the other way round
    - `sign`: stated and gold, with another sign
    """

    document: str
    sentence: str
    regulator: str
    target: str
    gold: str
    said: str
    kind: str


def find_mistakes(evidence: Iterable[Evidence], gold: Sequence[GoldDocument]) -> list[Mistake]:
    """Every mistake, by document. `sentence` is what was quoted, or, of a missed pair, empty."""
    found = list(evidence)
    stated = stated_pairs(found, gold)
    quotes = {(e.document, e.regulator.curie, e.target.curie): e.quote for e in found}
    return [
        replace(row, sentence=quotes.get((row.document, row.regulator, row.target), ""))
        for item in gold
        for row in _mistakes(item, stated[item.document.id])
    ]


def write_mistakes(mistakes: Iterable[Mistake], path: str | os.PathLike[str]) -> None:
    """A tab-separated table with a header, whole or not at all."""
    with atomic_path(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(field.name for field in fields(Mistake))
        writer.writerows(astuple(row) for row in mistakes)


def _mistakes(item: GoldDocument, stated: dict[Pair, Effect]) -> Iterator[Mistake]:
    wanted = gold_pairs(item)
    own_names = item.document.mentions is None and item.directed
    named = {mention.gene.curie for mention in gene_mentions(item.document)} if own_names else None
    for pair in sorted(wanted.keys() | stated.keys()):
        gold, said = wanted.get(pair), stated.get(pair)
        if gold is None:
            kind = "reversed" if pair[::-1] in wanted else "wrong"
        elif said is None:
            kind = "missed" if named is None or set(pair) <= named else "grounding"
        elif gold is not Effect.UNKNOWN and said is not gold:
            kind = "sign"
        else:
            continue
        yield Mistake(item.document.id, "", *pair, str(gold or "none"), str(said or "none"), kind)
