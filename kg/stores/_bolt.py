"""A Neo4j server: where it is, who asks, and what its errors mean to a person."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import neo4j
from neo4j import exceptions

from prisyn_base import InputError, Problem

RETRY = 30.0
"""Seconds for which a transaction is tried again where the server is busy or gone."""

_CONNECT = 10.0
_EXAMPLE = "neo4j://localhost:7687"
_AGAIN = "then give the same command again: what is kept already is not written twice"

# What the driver would say on standard error for want of a handler, we say in words.
logging.getLogger("neo4j").addHandler(logging.NullHandler())

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Address:
    """A server, as the driver is told, and the database on it; None is the one that the user gets by default."""

    url: str
    database: str | None = None

    @classmethod
    def parse(cls, url: str) -> Address:
        """Of `neo4j://host:port` or `neo4j://host:port/database`. Raises InputError, which shows no password."""
        parts = urlsplit(url)
        if "@" in parts.netloc:
            mend = "put them into NEO4J_USER and NEO4J_PASSWORD, where no log and no list of processes shows them"
            raise _problem(f"{parts.scheme}://...", "a URL with a name or password in it", _EXAMPLE, mend)
        try:
            whole = bool(parts.hostname) and parts.port != 0
        except ValueError:
            whole = False
        if not whole or parts.query or parts.fragment:
            raise _problem(url, "no address of a server", _EXAMPLE, "name a host, and a port where it is not 7687")
        return cls(f"{parts.scheme}://{parts.netloc}", parts.path.strip("/") or None)

    def __str__(self) -> str:
        return self.url + (f"/{self.database}" if self.database else "")


class Connection:
    """A driver of a server that answers. All work is done in managed transactions, which are whole or not there.

    The name and password are those of NEO4J_USER and NEO4J_PASSWORD; with neither, none are sent. Raises InputError,
    here and from `read` and `write`, where the server is not there, does not let us in, or cannot do it now.
    """

    def __init__(self, address: Address, *, retry: float = RETRY) -> None:
        self.address = address
        self._driver = neo4j.GraphDatabase.driver(
            address.url,
            auth=_credentials(),
            connection_timeout=_CONNECT,
            max_transaction_retry_time=retry,
            notifications_min_severity="OFF",
            telemetry_disabled=True,
        )
        try:
            with self._mendable():
                self._driver.verify_connectivity()
        except BaseException:
            self._driver.close()
            raise

    def read(self, work: Callable[..., Answer], *values: Any, **named: Any) -> Answer:
        """What `work(transaction, ...)` returns; the server refuses to write in it."""
        with self._mendable(), self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(work, *values, **named)

    def write(self, work: Callable[..., Answer], *values: Any, **named: Any) -> Answer:
        """What `work(transaction, ...)` returns once all that it wrote is kept. It may be tried several times."""
        with self._mendable(), self._session(neo4j.WRITE_ACCESS) as session:
            return session.execute_write(work, *values, **named)

    def close(self) -> None:
        """Let go of the server; harmless when called twice."""
        self._driver.close()

    def _session(self, access: str) -> neo4j.Session:
        return self._driver.session(database=self.address.database, default_access_mode=access)

    @contextmanager
    def _mendable(self) -> Iterator[None]:
        try:
            yield
        except (exceptions.Neo4jError, exceptions.DriverError) as error:
            if (told := _told(error)) is None:
                raise
            raise _problem(str(self.address), *told) from None


def _told(error: exceptions.Neo4jError | exceptions.DriverError) -> tuple[str, str, str] | None:
    """What was found, what was expected and how to mend it; None where it is our own mistake."""
    code = getattr(error, "code", "") or ""
    if code.startswith("Neo.ClientError.Security") or isinstance(error, exceptions.AuthError):
        mend = "set NEO4J_USER and NEO4J_PASSWORD to a name and password that it knows"
        return f"a Neo4j that does not let us in ({code.rpartition('.')[2]})", "a Neo4j that does", mend
    if code == "Neo.ClientError.Database.DatabaseNotFound":
        return "no database of this name", "a database on this server", "leave the name away to use the usual one"
    gone = exceptions.ServiceUnavailable | exceptions.SessionExpired | exceptions.DatabaseUnavailable
    if isinstance(error, gone | exceptions.ConnectionAcquisitionTimeoutError | exceptions.ReadServiceUnavailable):
        found = f"no answer from Neo4j ({_short(error)}); what was written before is whole"
        return found, "a server that answers there", f"start it, or check host and port; {_AGAIN}"
    if isinstance(error, exceptions.TransientError | exceptions.DatabaseError):
        found = f"a Neo4j that could not do it ({code}: {_short(error)}); what was written before is whole"
        return found, "a server with memory and disk to spare", f"see its log and mend that; {_AGAIN}"
    if isinstance(error, exceptions.UnsupportedServerProduct | exceptions.ConfigurationError):
        return f"a server that is none of ours ({_short(error)})", "Neo4j 5 or later", "name such a server"
    return None


def _short(error: Exception) -> str:
    words = " ".join((getattr(error, "message", None) or str(error)).split())
    return words if len(words) <= 200 else f"{words[:197]}..."


def _credentials() -> tuple[str, str] | None:
    user, password = os.environ.get("NEO4J_USER", ""), os.environ.get("NEO4J_PASSWORD", "")
    if user and not password:
        mend = "set both in the environment, or neither for a server without passwords"
        raise _problem("NEO4J_PASSWORD", "nothing, beside a NEO4J_USER", "a password", mend)
    return (user or "neo4j", password) if password else None


def _problem(where: str, found: str, expected: str, mend: str) -> InputError:
    return InputError([Problem(where, found, expected, mend)])
