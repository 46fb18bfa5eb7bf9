"""The graph on a Neo4j server, for a lab that shares one.

    (:Gene {curie, symbol, species, kind})
    (:Gene)-[:REGULATES {effect, belief, activation, repression, papers, statements}]->(:Gene)
    (:Evidence {id, regulator, target, quote, ...})     what was stated; regulator and target are CURIEs
    (:Decision {id, claim, regulator, target, ...})     what curators said of it
    (:Reading {name})   (:PriSyn {version, ...})

Evidence and decisions are what is kept. `REGULATES` is a view over them, written in the same transaction, so that
whoever asks in Cypher sees the edges that every other part of PriSyn computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kg._projection import Row, evidence_row, gene_of_row, gene_row
from kg.curation import Decision
from kg.model import Evidence, Gene
from kg.stores import _neo4j_schema as schema
from kg.stores import _neo4j_view as view
from kg.stores._base import BaseStore, in_batches
from kg.stores._bolt import RETRY, Address, Connection
from kg.stores._clock import now, parse
from kg.stores._decisions import decision_of_text, decision_text
from kg.stores._settle import settle

if TYPE_CHECKING:
    from datetime import datetime

    from neo4j import ManagedTransaction

BATCH = 2_000
"""Statements per transaction."""

_PAGE = 5_000

_ALL_GENES = "MATCH (gene:Gene) RETURN properties(gene) AS row ORDER BY gene.symbol, gene.curie"
_ADD_GENES = """
UNWIND $rows AS row
MERGE (gene:Gene {curie: row.curie}) ON CREATE SET gene = row
WITH gene, row WHERE [row.symbol, row.species, row.kind] < [gene.symbol, gene.species, gene.kind]
SET gene = row
"""
_OF_IDS = f"UNWIND $ids AS id MATCH (item:Evidence {{id: id}}) {view.ROW}"
_AFTER = f"MATCH (item:Evidence) WHERE item.id > $after {view.ROW} ORDER BY item.id LIMIT {_PAGE}"
_SINCE = "MATCH (item:Evidence) WHERE item.added >= $since RETURN item.id AS row ORDER BY item.added, item.id"
_ADD = "UNWIND $rows AS row CREATE (item:Evidence) SET item = row, item.added = $added"
_CHANGE = "UNWIND $rows AS row MATCH (item:Evidence {id: row.id}) SET item = row, item.added = $added"
_DECIDED = "UNWIND $ids AS id MATCH (item:Decision {id: id}) RETURN item.id AS row"
_DECIDE = "UNWIND $rows AS row CREATE (item:Decision) SET item = row"


class Neo4jStore(BaseStore):
    """A `GraphStore` on a server. Writers take turns, batch by batch, so that no edge misses another's evidence.

    `address` is `neo4j://host:port`, or has another scheme of `kg.store.SERVERS`; `retry` is how many seconds a lost
    server is waited for. Raises InputError, here and in every method, as `Connection` says, and where the database
    holds something else or a graph of a newer version.
    """

    def __init__(self, address: str, *, batch: int = BATCH, retry: float = RETRY) -> None:
        self._batch = batch
        self._connection = Connection(Address.parse(address), retry=retry)
        self._genes: dict[str, Gene] = {}
        try:
            schema.prepare(self._connection)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"Neo4jStore({str(self._connection.address)!r})"

    @property
    def connection(self) -> Connection:
        """The server, for those who ask it in Cypher."""
        return self._connection

    def add(self, evidence: Iterable[Evidence], *, reading: str = "") -> int:
        """Keep these statements, a batch to a transaction, then note the reading; returns how many are new."""
        new = 0
        for batch in in_batches(evidence, self._batch):
            genes = self._unknown_genes(batch)
            new += self._connection.write(_add_batch, batch, genes, now())
            self._genes |= {gene.curie: gene for gene in genes}
        if reading:
            self._connection.write(view.run, "MERGE (:Reading {name: $name})", name=reading)
        return new

    def has_read(self, reading: str) -> bool:
        """Whether a reading of this name has been noted."""
        query = "MATCH (noted:Reading {name: $name}) RETURN 1 AS row"
        return bool(self._connection.read(view.rows, query, name=reading))

    def evidence(self, regulator: str | None = None, target: str | None = None) -> Iterator[Evidence]:
        """Statements sorted by id, optionally only those of a regulator or target given by CURIE."""
        wanted = {name: curie for name, curie in (("regulator", regulator), ("target", target)) if curie}
        if wanted:
            where = " AND ".join(f"item.{name} = ${name}" for name in wanted)
            # The index over both serves the regulator alone only if something is asked of the target, too.
            where += "" if target else " AND item.target IS NOT NULL"
            query = f"MATCH (item:Evidence) WHERE {where} {view.ROW} ORDER BY item.id"
            yield from self._connection.read(view.statements, query, **wanted)
            return
        after = ""
        while page := self._connection.read(view.statements, _AFTER, after=after):
            yield from page
            after = page[-1].id

    def changed_since(self, time: str) -> Iterator[Evidence]:
        """Statements that were added, or became better known, at this time or later; the earliest first."""
        for ids in in_batches(self._connection.read(view.rows, _SINCE, since=parse(time)), _PAGE):
            found = {item.id: item for item in self._connection.read(view.statements, _OF_IDS, ids=ids)}
            yield from (found[identifier] for identifier in ids)

    def genes(self) -> Iterator[Gene]:
        """Every gene and family, sorted by symbol and CURIE."""
        yield from map(gene_of_row, self._connection.read(view.rows, _ALL_GENES))

    def decide(self, decisions: Iterable[Decision]) -> int:
        """Append decisions; returns how many are new."""
        return sum(self._connection.write(_decide, batch) for batch in in_batches(decisions, self._batch))

    def decisions(self, claim: str | None = None) -> Iterator[Decision]:
        """Decisions by time and id, optionally only those on one claim."""
        which = "" if claim is None else "{claim: $claim}"
        query = f"MATCH (item:Decision {which}) RETURN item.record AS row ORDER BY item.time, item.id"
        yield from map(decision_of_text, self._connection.read(view.rows, query, claim=claim))

    def close(self) -> None:
        """Let go of the server; harmless when called twice."""
        self._connection.close()

    def _unknown_genes(self, batch: Sequence[Evidence]) -> list[Gene]:
        """The genes of a batch that are not kept, or may be kept in a way that sorts behind this one."""
        genes = {gene for item in batch for gene in (item.regulator, item.target)}
        return sorted(gene for gene in genes if gene.curie not in self._genes or gene < self._genes[gene.curie])


def _add_batch(
    transaction: ManagedTransaction, batch: Sequence[Evidence], genes: Sequence[Gene], added: datetime
) -> int:
    """Write what a batch adds, and its edges; returns how many statements are new."""
    schema.take_turn(transaction)
    view.run(transaction, _ADD_GENES, rows=list(map(gene_row, genes)))
    # A statement's id is made of its genes, too, so whatever has one of these ids is among those of these pairs.
    known = {item.id: item for item in view.statements_of(transaction, set(map(view.pair, batch)))}
    settled = settle(batch, known)
    view.run(transaction, _ADD, rows=list(map(evidence_row, settled.new.values())), added=added)
    view.run(transaction, _CHANGE, rows=list(map(evidence_row, settled.changed.values())), added=added)
    touched = set(map(view.pair, (*settled.new.values(), *settled.changed.values())))
    view.show(transaction, touched, (known | settled.changed).values(), settled.new.values())
    return len(settled.new)


def _decide(transaction: ManagedTransaction, batch: Sequence[Decision]) -> int:
    """Write the decisions that are new, and the edges they are about; returns how many they are."""
    schema.take_turn(transaction)
    by_id = {item.id: item for item in batch}
    there = set(view.rows(transaction, _DECIDED, ids=list(by_id)))
    new = [item for identifier, item in by_id.items() if identifier not in there]
    view.run(transaction, _DECIDE, rows=list(map(_decision_row, new)))
    pairs = set(map(view.pair, new))
    view.show(transaction, pairs, view.statements_of(transaction, pairs), ())
    return len(new)


def _decision_row(item: Decision) -> Row:
    """The properties of a `Decision` node: what it is found by, and the whole of it as a line of JSON."""
    return {
        "id": item.id,
        "claim": item.claim,
        "regulator": item.regulator,
        "target": item.target,
        "curator": item.curator,
        "verdict": item.verdict.value,
        "time": item.time,
        "record": decision_text(item),
    }
