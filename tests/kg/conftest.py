"""Evidence of the kind a reader hands over, and stores to keep it in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import neo4j
import pytest

from kg import Effect, Evidence, GraphStore, Provenance, open_store, resolve
from tests.kg import neo4j_server

Say = Callable[..., Evidence]
OpenGraph = Callable[[], GraphStore]


@pytest.fixture(scope="session")
def say() -> Say:
    """`say("GATA1", "HBB", paper="PMID:1")`: one statement; any field of Evidence may be set."""

    def statement(regulator: str, target: str, reader: str = "trrust", **fields: object) -> Evidence:
        genes = [resolve(name).gene for name in (regulator, target)]
        assert genes[0] is not None
        assert genes[1] is not None
        said = Evidence(
            genes[0],
            genes[1],
            Effect.ACTIVATION,
            "doc",
            f"{regulator} regulates {target}.",
            Provenance(reader),
        )
        return replace(said, **fields)  # type: ignore[arg-type]

    return statement


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[neo4j_server.Server]:
    """A real Neo4j: that of NEO4J_URI, or one that these tests run themselves; CI must have one."""
    if url := os.environ.get("NEO4J_URI"):
        yield neo4j_server.Server(url, os.environ.get("NEO4J_USER", ""), os.environ.get("NEO4J_PASSWORD", ""))
        return
    try:
        with neo4j_server.running(tmp_path_factory.mktemp("neo4j") / "home") as server:
            yield server
    except neo4j_server.Unprovided as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def empty_server(server: neo4j_server.Server, monkeypatch: pytest.MonkeyPatch) -> neo4j_server.Server:
    """The server with nothing in it, and its name and password in the environment."""
    monkeypatch.setenv("NEO4J_USER", server.user)
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)
    with neo4j.GraphDatabase.driver(server.url, auth=(server.user, server.password)) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    return server


@pytest.fixture(params=["embedded", "neo4j"])
def graph_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a graph can be kept that is empty yet: once in a file, once on a server."""
    if request.param == "embedded":
        return str(tmp_path / "grn.db")
    url: str = request.getfixturevalue("empty_server").url
    return url


@pytest.fixture
def open_graph(graph_url: str) -> OpenGraph:
    """Opens the graph of `graph_url`, as often as asked."""
    return partial(open_store, graph_url)
