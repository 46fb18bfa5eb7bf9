"""Genes and sources by the numbers that stand for them in the rows of the embedded store."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from kg.model import Evidence, Gene, GeneKind, Provenance

Source = tuple[str, str, str, str]
"""Reader, model, prompt and its hash."""

_ADD_GENE = """
INSERT INTO gene (curie, symbol, species, kind) VALUES (?, ?, ?, ?) ON CONFLICT (curie) DO UPDATE
SET symbol = excluded.symbol, species = excluded.species, kind = excluded.kind
WHERE (excluded.symbol, excluded.species, excluded.kind) < (symbol, species, kind)
"""
_GENES = "SELECT number, curie, symbol, species, kind FROM gene"
_ADD_SOURCE = "INSERT OR IGNORE INTO source (reader, model, prompt, prompt_hash) VALUES (?, ?, ?, ?)"


class Numbers:
    """What a connection knows of both tables; read anew when another connection has written.

    A gene that is written in two ways keeps the one that sorts first, whichever came first.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._seen: int | None = None
        self.genes: dict[int, Gene] = {}
        self.sources: dict[int, Source] = {}
        self.of_gene: dict[str, int] = {}
        self.of_source: dict[Source, int] = {}

    def refresh(self) -> None:
        """See what others have written since."""
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        if version != self._seen:
            self._read_genes(_GENES)
            self._read_sources()
            self._seen = version

    def forget(self) -> None:
        """What was noted was not kept after all."""
        self._seen = None
        for table in (self.genes, self.sources, self.of_gene, self.of_source):
            table.clear()

    def note(self, batch: Iterable[Evidence]) -> None:
        """Give every gene and source of these statements a number, within the caller's transaction."""
        self.refresh()
        genes: set[Gene] = set()
        sources: set[Source] = set()
        for item in batch:
            for gene in (item.regulator, item.target):
                number = self.of_gene.get(gene.curie)
                if number is None or (self.genes[number] is not gene and self.genes[number] != gene):
                    genes.add(gene)
            source = source_of(item.provenance)
            if source not in self.of_source:
                sources.add(source)
        if genes:
            rows = [(gene.curie, gene.symbol, gene.species, gene.kind.value) for gene in genes]
            self._db.executemany(_ADD_GENE, rows)
            curies = json.dumps([gene.curie for gene in genes])
            self._read_genes(f"{_GENES} WHERE curie IN (SELECT value FROM json_each(?))", curies)
            self._share(genes)
        if sources:
            self._db.executemany(_ADD_SOURCE, sources)
            self._read_sources()

    def _read_genes(self, query: str, *values: str) -> None:
        for number, curie, symbol, species, kind in self._db.execute(query, values):
            self.genes[number] = Gene(curie, symbol, species, GeneKind(kind))
            self.of_gene[curie] = number

    def _share(self, genes: Iterable[Gene]) -> None:
        """Know genes as the very objects that readers hand over: telling that two are one is then quick."""
        for gene in genes:
            number = self.of_gene[gene.curie]
            if self.genes[number] == gene:
                self.genes[number] = gene

    def _read_sources(self) -> None:
        rows = self._db.execute("SELECT number, reader, model, prompt, prompt_hash FROM source")
        self.sources = {number: tuple(source) for number, *source in rows}
        self.of_source = {source: number for number, source in self.sources.items()}


def source_of(by: Provenance) -> Source:
    """The source of a statement."""
    return (by.reader, by.model, by.prompt, by.prompt_hash)
