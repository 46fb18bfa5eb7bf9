"""What a Neo4j database must have to hold a graph: one node that says so, constraints and indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.stores._bolt import Connection
from prisyn_base import InputError, Problem

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

VERSION = 1

_UNIQUE = (("Gene", "curie"), ("Evidence", "id"), ("Decision", "id"), ("Reading", "name"), ("PriSyn", "name"))
_INDEXED = (
    ("Gene", ("symbol",)),
    ("Evidence", ("regulator", "target")),
    ("Evidence", ("target",)),
    ("Evidence", ("added",)),
    ("Decision", ("regulator", "target")),
    ("Decision", ("claim",)),
)


def prepare(connection: Connection) -> None:
    """Make an empty database ready; InputError for one that holds something else, or a graph of a newer version."""
    version = connection.read(_version)
    if version is None:
        if connection.read(_anything):
            mend = "name a server or database that is empty, or clear this one"
            raise _problem(connection, "data of another program", "a graph written by PriSyn, or nothing", mend)
        for statement in _statements():
            connection.write(_run, statement)
        connection.write(_run, f"MERGE (p:PriSyn {{name: 'graph'}}) ON CREATE SET p.version = {VERSION}, p.writes = 0")
    elif version > VERSION:
        mend = "install a newer PriSyn, or name another server or database"
        raise _problem(connection, f"schema version {version}", f"version {VERSION} or older", mend)


def take_turn(transaction: ManagedTransaction) -> None:
    """Hold the one node that every writer writes to, until this transaction ends."""
    transaction.run("MATCH (p:PriSyn {name: 'graph'}) SET p.writes = p.writes + 1").consume()


def _statements() -> list[str]:
    """Constraints and indexes, by names that start with `prisyn_`."""
    unique = [
        f"CREATE CONSTRAINT prisyn_{label}_{name} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{name} IS UNIQUE"
        for label, name in _UNIQUE
    ]
    indexed = [
        f"CREATE INDEX prisyn_{label}_{'_'.join(names)} IF NOT EXISTS FOR (n:{label}) "
        f"ON ({', '.join(f'n.{name}' for name in names)})"
        for label, names in _INDEXED
    ]
    return unique + indexed


def _version(transaction: ManagedTransaction) -> int | None:
    found = transaction.run("MATCH (p:PriSyn {name: 'graph'}) RETURN p.version AS version").single()
    return None if found is None else int(found["version"])


def _anything(transaction: ManagedTransaction) -> bool:
    return transaction.run("MATCH (n) RETURN 1 LIMIT 1").single() is not None


def _run(transaction: ManagedTransaction, statement: str) -> None:
    transaction.run(statement).consume()


def _problem(connection: Connection, found: str, expected: str, mend: str) -> InputError:
    return InputError([Problem(str(connection.address), found, expected, mend)])
