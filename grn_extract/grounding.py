"""How right the names of genes are: each annotated mention of BioRED against what we say it stands for.

BioRED (Luo et al. 2022) numbers genes as NCBI Gene does, of any species. A mention is of a human gene where one of its
numbers is in HGNC's table; numbers of other species beside it are passed over. Such a mention is right when we say the
gene of its one human number, or, where it has several, a family among whose members all of them are; one gene of two is
wrong. BioRED also numbers a family by one member ("AKT" as AKT1): to say the family there is wrong in `accuracy` and
`precision`, and right in `accuracy_by_family` and `precision_by_family`. For other species no numbers are on file, so
only the species is judged there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grn_extract.gold import read_gold
from grn_extract.gold._rows import gold_lines
from grn_extract.mentions import document_species
from kg import Context, Gene, GeneKind, find_mentions, gene_by_entrez, members

RESAMPLES = 2000
SHARES = ("accuracy", "precision", "accuracy_by_family", "precision_by_family", "families", "species", "spans")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `total` and its 95 % percentile bootstrap over documents; `value` is 0 of nothing."""

    right: int
    total: int
    ci: tuple[float, float]

    @property
    def value(self) -> float:
        return self.right / max(self.total, 1)


@dataclass(frozen=True, slots=True)
class GroundingError:
    """A human mention that is not right. `said` is empty where we say nothing, and then `reason` says why."""

    document: str
    start: int
    text: str
    numbers: tuple[str, ...]
    said: str
    reason: str


@dataclass(frozen=True, slots=True)
class Grounding:
    """One way of measuring, over mentions of human genes.

    `accuracy` is right / all mentions, `precision` right / those grounded to anything; `_by_family` as said above.
    `families` is the accuracy over mentions of several human numbers. `species` is over all mentions, of any species,
    that are grounded to a gene: whether that gene is human exactly where the annotated one is. `spans` is the recall
    of spans (1 where they are given).
    """

    accuracy: Share
    precision: Share
    accuracy_by_family: Share
    precision_by_family: Share
    families: Share
    species: Share
    spans: Share
    errors: tuple[GroundingError, ...]


@dataclass(frozen=True, slots=True)
class GroundingEvaluation:
    """`given`: the annotated spans, resolved in their text. `found`: the spans `find_mentions` finds by itself."""

    documents: int
    given: Grounding
    found: Grounding

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; each share with its value and interval."""
        ways = {"given": self.given, "found": self.found}
        return {"documents": self.documents} | {name: _plain(way) for name, way in ways.items()}


@dataclass(frozen=True, slots=True)
class _Marked:
    start: int
    end: int
    text: str
    numbers: tuple[str, ...]

    @property
    def genes(self) -> set[Gene]:
        return {gene for number in self.numbers if (gene := gene_by_entrez(number))}

    @property
    def human(self) -> bool:
        return bool(self.genes)


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of a span: the gene, or the reason why none."""

    gene: Gene | None
    reason: str


_Way = Callable[[str, Sequence[_Marked]], dict[Span, _Said]]
_Judged = tuple[_Marked, _Said | None]


def evaluate_grounding(
    path: str | os.PathLike[str], *, documents: Collection[str] | None = None, seed: int = 0
) -> GroundingEvaluation:
    """Both ways of measuring on a BioRED file in PubTator's format, or on those of its documents with these ids.

    Raises InputError listing its bad lines.
    """
    file = Path(path)
    texts = {
        item.document.id.removeprefix("PMID:"): item.document.text
        for item in read_gold(file, format=NUMBERED)
        if documents is None or item.document.id in documents
    }
    marked = _marked(file)
    return GroundingEvaluation(
        documents=len(texts),
        given=_measure(_given, texts, marked, seed),
        found=_measure(_found, texts, marked, seed),
    )


NUMBERED = "biored-pubtator"
"""The gold format whose genes are numbered mention by mention, so that grounding can be measured."""


def _marked(path: Path) -> dict[str, list[_Marked]]:
    marks: dict[str, list[_Marked]] = {}
    for _, line in gold_lines(path):
        cells = line.rstrip("\r\n").split("\t")
        if len(cells) == 6 and cells[4] == "GeneOrGeneProduct":
            numbers = tuple(part.strip() for part in cells[5].replace(";", ",").split(","))
            marks.setdefault(cells[0], []).append(_Marked(int(cells[1]), int(cells[2]), cells[3], numbers))
    return marks


def _given(text: str, marks: Sequence[_Marked]) -> dict[Span, _Said]:
    species, context = document_species(text), Context(text)
    resolved = {(m.start, m.end): context.resolve(m.text, species) for m in marks}
    return {span: _Said(resolution.gene, resolution.reason) for span, resolution in resolved.items()}


def _found(text: str, marks: Sequence[_Marked]) -> dict[Span, _Said]:
    found = find_mentions(text, document_species(text))
    return {(m.start, m.end): _Said(m.gene, m.resolution.reason) for m in found}


def _measure(way: _Way, texts: dict[str, str], marked: dict[str, list[_Marked]], seed: int) -> Grounding:
    rows: dict[str, list[_Judged]] = {}
    for name, text in texts.items():
        marks = marked.get(name, [])
        said = way(text, marks)
        rows[name] = [(mark, said.get((mark.start, mark.end))) for mark in marks]
    human = [[(m, s) for m, s in judged if m.human] for judged in rows.values()]
    named = [[(m, s.gene) for m, s in judged if s and _is_gene(s.gene)] for judged in rows.values()]
    return Grounding(
        accuracy=_share(([_right(m, s) for m, s in judged] for judged in human), seed),
        precision=_share(([_right(m, s) for m, s in judged if s and s.gene] for judged in human), seed),
        accuracy_by_family=_share(([_in_family(m, s) for m, s in judged] for judged in human), seed),
        precision_by_family=_share(([_in_family(m, s) for m, s in judged if s and s.gene] for judged in human), seed),
        families=_share(([_right(m, s) for m, s in judged if len(m.genes) > 1] for judged in human), seed),
        species=_share(([m.human == (g is not None and g.species == "human") for m, g in j] for j in named), seed),
        spans=_share(([s is not None for _, s in judged] for judged in human), seed),
        errors=tuple(_errors(rows)),
    )


def _is_gene(gene: Gene | None) -> bool:
    return gene is not None and gene.kind is GeneKind.GENE


def _right(mark: _Marked, said: _Said | None) -> bool:
    if said is None or said.gene is None:
        return False
    if len(mark.genes) == 1:
        return mark.genes == {said.gene}
    return _in_family(mark, said)


def _in_family(mark: _Marked, said: _Said | None) -> bool:
    return said is not None and said.gene is not None and mark.genes <= set(members(said.gene))


def _errors(rows: dict[str, list[_Judged]]) -> Iterator[GroundingError]:
    for name, judged in rows.items():
        for mark, said in judged:
            if mark.human and not _right(mark, said):
                curie = said.gene.curie if said and said.gene else ""
                reason = said.reason if said else "no mention was found at these offsets"
                yield GroundingError(f"PMID:{name}", mark.start, mark.text, mark.numbers, curie, reason)


def _share(documents: Iterable[Sequence[bool]], seed: int) -> Share:
    counts = np.array([(sum(judged), len(judged)) for judged in documents], dtype=np.int64).reshape(-1, 2)
    if not counts.sum():
        return Share(0, 0, (0.0, 0.0))
    drawn = np.random.default_rng(seed).integers(len(counts), size=(RESAMPLES, len(counts)))
    right, total = counts[drawn].sum(axis=1).T
    low, high = np.quantile(right / np.maximum(total, 1), (0.025, 0.975))
    return Share(int(counts[:, 0].sum()), int(counts[:, 1].sum()), (float(low), float(high)))


def _plain(way: Grounding) -> dict[str, Any]:
    shares = {name: getattr(way, name) for name in SHARES}
    return {name: asdict(share) | {"value": share.value, "ci": list(share.ci)} for name, share in shares.items()}
