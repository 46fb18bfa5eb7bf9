"""ExTRI2's sentences (2026; MIT): TRI (is this marked TF -> target pair stated, 1 or 0) and MoR (with which sign).

One sentence comes in several rows, one a pair. Here a sentence is one document, the names marked in any of its rows are
its mentions, the pairs of its rows are the only ones judged, and those labelled 1 (TRI) or listed at all (MoR, whose
sentences are all positive) are its edges. A pair that two rows judge differently, by other places of the same names,
is an edge. MoR's negatives do not exist, so on MoR precision is 1 whatever a reader says; read recall and signs there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grn_extract.document import Document, GivenMention
from grn_extract.gold._model import GoldDocument, GoldEdge, given_gene
from grn_extract.gold._rows import convert, table_rows
from kg import Effect

_SIGNS = {"ACTIVATION": Effect.ACTIVATION, "REPRESSION": Effect.REPRESSION, "UNDEFINED": Effect.UNKNOWN}
_TAG = re.compile(r"<(/?)(T[FG])>")
_PLACE = re.compile(r"\[(T[FG])\]")


@dataclass(frozen=True, slots=True)
class _Row:
    sentence: str
    mentions: tuple[GivenMention, ...]
    edge: GoldEdge
    stated: bool


def looks_like(head: str) -> bool:
    """Whether a file whose first line is `head` is in this format."""
    return {"TF", "TG", "text"} <= set(head.rstrip("\r\n").split("\t"))


def read(path: Path, corpus: Path | None) -> list[GoldDocument]:
    """A document per sentence, in the file's order."""
    sentences: dict[str, list[_Row]] = {}
    for row in convert(table_rows(path), _row, path=path, form="extri-tsv"):
        sentences.setdefault(row.sentence, []).append(row)
    return [_document(sentence, rows) for sentence, rows in sentences.items()]


def _row(row: Mapping[str, str]) -> _Row:
    names = {"TF": row["TF"], "TG": row["TG"]}
    tagged = row["text"] if "label" in row else _filled(row["text"], names)
    sentence, mentions = _untagged(tagged, names)
    if {mention.gene.symbol for mention in mentions} != set(names.values()):
        raise ValueError("a sentence that does not mark its TF and its TG")
    if "label" in row:
        if row["label"] not in ("0", "1"):
            raise ValueError(f"label {row['label']!r}, neither 0 nor 1")
        effect, stated = Effect.UNKNOWN, row["label"] == "1"
    else:
        effect, stated = _SIGNS[row["type"]], True
    edge = GoldEdge(given_gene(names["TF"]).curie, given_gene(names["TG"]).curie, effect)
    return _Row(sentence, mentions, edge, stated)


def _filled(text: str, names: Mapping[str, str]) -> str:
    """Placeholders become tagged names."""
    return _PLACE.sub(lambda match: f"<{match[1]}>{names[match[1]]}</{match[1]}>", text)


def _untagged(text: str, names: Mapping[str, str]) -> tuple[str, tuple[GivenMention, ...]]:
    """The sentence without tags, and where the tagged names stand in it."""
    pieces: list[str] = []
    opened: dict[str, int] = {}
    mentions = []
    length = at = 0
    for tag in _TAG.finditer(text):
        pieces.append(text[at : tag.start()])
        length += len(pieces[-1])
        at = tag.end()
        if not tag[1]:
            opened[tag[2]] = length
        elif tag[2] in opened:
            mentions.append(GivenMention(opened.pop(tag[2]), length, given_gene(names[tag[2]])))
    return "".join([*pieces, text[at:]]), tuple(mentions)


def _document(sentence: str, rows: Iterable[_Row]) -> GoldDocument:
    kept = list(rows)
    mentions = sorted({m for row in kept for m in row.mentions}, key=lambda m: (m.start, m.end, m.gene.symbol))
    edges: dict[tuple[str, str], GoldEdge] = {}
    for row in kept:
        if row.stated:
            edges.setdefault((row.edge.regulator, row.edge.target), row.edge)
    name = "EXTRI:" + hashlib.sha256(sentence.encode()).hexdigest()[:12]
    return GoldDocument(
        Document(name, "", sentence, "extri", mentions=tuple(mentions)),
        tuple(edges.values()),
        judged=frozenset((row.edge.regulator, row.edge.target) for row in kept),
        marks_flagged=False,
    )
