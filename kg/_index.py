"""Every name on file, by its folded spelling."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from kg._lookup import TABLES, table
from kg._spelling import fold
from kg.model import Gene, GeneKind

ANY_SPECIES = "any"
"""The species of families and complexes: FamPlex names them for all."""


class NameKind(Enum):
    """What a name is to its gene, in words that go before the gene's symbol."""

    SYMBOL = "the approved symbol of"
    CURATED = "a curated name of"
    FAMILY = "a name of the family or complex"
    NAME = "the approved name of"
    ALIAS = "an alias of"
    PREVIOUS = "a previous symbol of"


class Name(NamedTuple):
    """One name on file: its gene, what it is to the gene, and how it is written."""

    gene: Gene
    kind: NameKind
    text: str


@dataclass
class Index:
    """`names` by folded spelling; everything else by CURIE. Built once, then only read."""

    names: dict[str, list[Name]] = field(default_factory=dict)
    by_curie: dict[str, Gene] = field(default_factory=dict)
    entrez: dict[str, str] = field(default_factory=dict)
    full_names: dict[str, str] = field(default_factory=dict)
    locus: dict[str, str] = field(default_factory=dict)
    orthologs: dict[str, str] = field(default_factory=dict)
    family_members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    not_genes: dict[str, str] = field(default_factory=dict)
    wrong: set[tuple[str, str]] = field(default_factory=set)

    def add(self, gene: Gene, kind: NameKind, texts: Iterable[str]) -> None:
        for text in texts:
            if key := fold(text):
                self.names.setdefault(key, []).append(Name(gene, kind, text))

    @cached_property
    def suggestions(self) -> dict[str, str]:
        """Symbols and family names by folded spelling."""
        return {
            key: name.gene.symbol
            for key, names in self.names.items()
            for name in reversed(names)
            if name.kind in (NameKind.SYMBOL, NameKind.FAMILY) and self.locus.get(name.gene.curie, "p") == "p"
        }

    @cached_property
    def _ortholog_of(self) -> dict[str, str]:
        return self.orthologs | {mouse: human for human, mouse in self.orthologs.items()}

    @cached_property
    def by_entrez(self) -> dict[str, Gene]:
        """Human genes by their number in NCBI Gene; MGI's table carries no such numbers."""
        return {number: self.by_curie[curie] for curie, number in self.entrez.items()}

    def ortholog(self, gene: Gene) -> Gene | None:
        """The gene of the other species that HGNC pairs with this one."""
        return self.by_curie.get(self._ortholog_of.get(gene.curie, ""))

    def member_curies(self, family: str) -> set[str]:
        """CURIEs of the genes in a family, through families within it."""
        found: set[str] = set()
        open_families, seen = [family], {family}
        while open_families:
            for curie in self.family_members.get(open_families.pop(), ()):
                if curie.startswith("FPLX:") and curie not in seen:
                    seen.add(curie)
                    open_families.append(curie)
                elif not curie.startswith("FPLX:"):
                    found.add(curie)
        return found


def load_index() -> Index:
    """The index of the packaged tables."""
    index = Index()
    # Half a million new objects, none of them garbage: looking for some again and again takes longer than reading.
    collecting = gc.isenabled()
    gc.disable()
    try:
        for add in (_add_human, _add_mouse, _add_families, _add_curated):
            add(index)
    finally:
        if collecting:
            gc.enable()
    return index


def _split(names: str) -> list[str]:
    return names.split("|") if names else []


def _add_human(index: Index) -> None:
    for number, symbol, entrez, locus, mouse, aliases, previous, name in table("human.tsv.gz"):
        gene = Gene(f"HGNC:{number}", symbol, "human")
        index.by_curie[gene.curie] = gene
        index.locus[gene.curie] = locus
        index.full_names[gene.curie] = name
        if entrez:
            index.entrez[gene.curie] = entrez
        if mouse:
            index.orthologs[gene.curie] = f"MGI:{mouse}"
        index.add(gene, NameKind.SYMBOL, (symbol,))
        index.add(gene, NameKind.ALIAS, _split(aliases))
        index.add(gene, NameKind.PREVIOUS, _split(previous))
        if locus == "p":
            index.add(gene, NameKind.NAME, (name,))


def _add_mouse(index: Index) -> None:
    for number, symbol, synonyms in table("mouse.tsv.gz"):
        gene = Gene(f"MGI:{number}", symbol, "mouse")
        index.by_curie[gene.curie] = gene
        index.add(gene, NameKind.SYMBOL, (symbol,))
        index.add(gene, NameKind.ALIAS, _split(synonyms))


def _add_families(index: Index) -> None:
    for family, names, members in table("families.tsv.gz"):
        gene = Gene(f"FPLX:{family}", family, ANY_SPECIES, GeneKind.FAMILY)
        index.by_curie[gene.curie] = gene
        index.family_members[gene.curie] = tuple(_split(members))
        index.add(gene, NameKind.FAMILY, _split(names))


def _add_curated(index: Index) -> None:
    for name, verdict, curie in table("curated.tsv.gz"):
        if verdict == "all":
            index.not_genes[name] = curie
        elif verdict == "not":
            index.wrong.add((name, curie))
        elif gene := index.by_curie.get(curie):
            index.add(gene, NameKind.CURATED, (name,))
    for line in (TABLES / "own_names.tsv").read_text(encoding="utf-8").splitlines():
        name, curie = line.split("\t")
        if gene := index.by_curie.get(curie):
            _settle(index, gene, name)
        else:
            index.not_genes[name] = curie


def _settle(index: Index, gene: Gene, name: str) -> None:
    """Add a name of ours; a symbol that differs from it by a hyphen alone stands back (SF-1 is NR5A1, not SF1)."""
    alike = [found for found in index.names.get(fold(name), ()) if found.kind is NameKind.SYMBOL]
    index.wrong.update((name, found.gene.curie) for found in alike if found.text != name and found.gene != gene)
    index.add(gene, NameKind.CURATED, (name,))
