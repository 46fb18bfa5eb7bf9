"""`REGULATES`: the edges as a view over evidence and decisions, written beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from kg._projection import edge_row, evidence_of_row, gene_of_row
from kg.curation import Decision
from kg.grn import GRN
from kg.model import Evidence
from kg.stores._decisions import decision_of_text

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

Pair = tuple[str, str]

ROW = "RETURN item {.*, added: null} AS row"
"""A statement without the time it was added, which costs more to read than all the rest of it."""

_EVIDENCE = f"""
UNWIND $pairs AS pair
MATCH (item:Evidence {{regulator: pair[0], target: pair[1]}}) USING INDEX item:Evidence(regulator, target) {ROW}
"""
_DECISIONS = """
UNWIND $pairs AS pair
MATCH (item:Decision {regulator: pair[0], target: pair[1]}) USING INDEX item:Decision(regulator, target)
RETURN item.record AS row
"""
_GENES = "UNWIND $curies AS curie MATCH (gene:Gene {curie: curie}) RETURN properties(gene) AS row"
_ENDS = "UNWIND $rows AS row MATCH (r:Gene {curie: row.regulator}) MATCH (t:Gene {curie: row.target}) "
_CREATE = f"{_ENDS} CREATE (r)-[edge:REGULATES]->(t) SET edge = row.edge"
_CHANGE = f"{_ENDS} MATCH (r)-[edge:REGULATES]->(t) SET edge = row.edge"


def pair(item: Evidence | Decision) -> Pair:
    """The CURIEs of the edge that a statement or decision is about."""
    if isinstance(item, Decision):
        return (item.regulator, item.target)
    return (item.regulator.curie, item.target.curie)


def rows(transaction: ManagedTransaction, query: str, **values: object) -> list[Any]:
    """What a query returns as `row`."""
    return [record["row"] for record in transaction.run(query, values)]


def run(transaction: ManagedTransaction, query: str, **values: object) -> None:
    """Write; a query that asks for rows of an empty list is not sent."""
    if values.get("rows") != []:
        transaction.run(query, values).consume()


def statements(transaction: ManagedTransaction, query: str, **values: object) -> list[Evidence]:
    """Evidence of a query that returns its rows, in that order."""
    found = rows(transaction, query, **values)
    curies = sorted({row[end] for row in found for end in ("regulator", "target")})
    genes = {row["curie"]: gene_of_row(row) for row in rows(transaction, _GENES, curies=curies)}
    return [evidence_of_row(row, genes[row["regulator"]], genes[row["target"]]) for row in found]


def statements_of(transaction: ManagedTransaction, pairs: Collection[Pair]) -> list[Evidence]:
    """All evidence for these pairs."""
    return statements(transaction, _EVIDENCE, pairs=list(map(list, pairs)))


def show(
    transaction: ManagedTransaction, pairs: Collection[Pair], known: Iterable[Evidence], new: Iterable[Evidence]
) -> None:
    """Bring the edges of these pairs up to date; `known` and `new` evidence is all that there is for them now.

    A pair without known evidence has no edge yet.
    """
    before = list(known)
    decisions = map(decision_of_text, rows(transaction, _DECISIONS, pairs=list(map(list, pairs))))
    grn = GRN.from_evidence((item for item in (*before, *new) if pair(item) in pairs), decisions)
    there = set(map(pair, before))
    edges = [
        {"regulator": edge.regulator.curie, "target": edge.target.curie, "edge": edge_row(edge)} for edge in grn.edges()
    ]
    run(transaction, _CREATE, rows=[row for row in edges if (row["regulator"], row["target"]) not in there])
    run(transaction, _CHANGE, rows=[row for row in edges if (row["regulator"], row["target"]) in there])
