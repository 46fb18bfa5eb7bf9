"""What a graph on a server promises beyond the contract: what Cypher sees, who is let in, what a lost line costs."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from kg import Effect, Verdict, open_store, store_problems
from kg._projection import edge_row
from kg.stores.neo4j import Neo4jStore
from prisyn_base import InputError
from tests.kg.test_store_contract import judge


def ask(store: Neo4jStore, query: str) -> list[dict[str, object]]:
    return store.connection.read(lambda transaction: transaction.run(query).data())


def seen(store: Neo4jStore) -> dict[tuple[str, str], dict[str, object]]:
    """The edges that Cypher sees."""
    query = "MATCH (r:Gene)-[e:REGULATES]->(t:Gene) RETURN r.symbol AS r, t.symbol AS t, properties(e) AS edge"
    return {(row["r"], row["t"]): row["edge"] for row in ask(store, query)}


def computed(store: Neo4jStore) -> dict[tuple[str, str], dict[str, object]]:
    """The edges that the rest of PriSyn computes."""
    return {(edge.regulator.symbol, edge.target.symbol): edge_row(edge) for edge in store.grn().edges()}


@pytest.fixture
def store(empty_server) -> Iterator[Neo4jStore]:
    with Neo4jStore(empty_server.url, batch=2, retry=5) as opened:
        yield opened


def test_cypher_sees_the_edges_that_are_computed_after_every_change(say, store):
    said = say("GATA1", "HBB", paper="PMID:1")
    store.add([said, say("SPI1", "CD14"), say("SPI1", "SPI1"), say("NF-kB", "IL1B", negated=True)])
    assert seen(store) == computed(store)
    assert seen(store)["GATA1", "HBB"]["effect"] == "activation"
    store.add([replace(said, effect=Effect.REPRESSION, paper=f"PMID:{n}", document=str(n)) for n in range(2, 7)])
    assert seen(store) == computed(store)
    assert seen(store)["GATA1", "HBB"]["statements"] == 6
    store.add([replace(said, retracted=True)])
    assert seen(store) == computed(store)
    store.decide([judge(say("SPI1", "CD14"), Verdict.REJECT), judge(say("SPI1", "LYZ"), Verdict.ACCEPT)])
    assert seen(store) == computed(store)
    assert seen(store)["SPI1", "CD14"]["belief"] == 0
    assert len(seen(store)) == 4


def test_a_biologist_reads_the_sentences_of_an_edge_in_cypher(say, store):
    store.add([say("GATA1", "HBB", paper="PMID:1"), say("SPI1", "HBB", paper="PMID:2")])
    found = ask(
        store,
        """
        MATCH (r:Gene)-[:REGULATES]->(t:Gene {symbol: 'HBB'})
        MATCH (s:Evidence {regulator: r.curie, target: t.curie})
        RETURN r.symbol AS regulator, s.quote AS quote, s.paper AS paper ORDER BY regulator
        """,
    )
    assert [tuple(row.values()) for row in found] == [
        ("GATA1", "GATA1 regulates HBB.", "PMID:1"),
        ("SPI1", "SPI1 regulates HBB.", "PMID:2"),
    ]


def test_questions_about_one_gene_are_answered_by_an_index(say, store):
    store.add([say("GATA1", "HBB")])
    for where in ("item.target = 'HGNC:4827'", "item.regulator = 'HGNC:4170' AND item.target = 'HGNC:4827'"):
        plan = store.connection.read(
            lambda work, where=where: (
                work.run(f"EXPLAIN MATCH (item:Evidence) WHERE {where} RETURN item").consume().plan
            )
        )
        assert "IndexSeek" in str(plan)


def test_two_writers_take_turns_and_no_edge_misses_evidence(say, store, empty_server):
    def write(reader: str) -> None:
        with Neo4jStore(empty_server.url, batch=1) as mine:
            mine.add(say("GATA1", "HBB", reader=reader, paper=f"PMID:{reader}{n}") for n in range(15))

    writers = [threading.Thread(target=write, args=(name,)) for name in ("trrust", "embedded")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(list(store.evidence())) == 30
    assert seen(store) == computed(store)


def test_a_server_of_another_programs_data_is_refused_untouched(store, empty_server):
    store.connection.write(lambda work: work.run("MATCH (n) DETACH DELETE n CREATE (:Film {name: 'Heat'})").consume())
    with pytest.raises(InputError, match="data of another program"):
        open_store(empty_server.url)
    assert ask(store, "MATCH (n) RETURN labels(n) AS labels") == [{"labels": ["Film"]}]


def test_a_graph_of_a_newer_version_is_refused(store, empty_server):
    store.connection.write(lambda work: work.run("MATCH (p:PriSyn) SET p.version = 99").consume())
    with pytest.raises(InputError, match="schema version 99"):
        open_store(empty_server.url)


def test_a_question_cannot_write(store):
    with pytest.raises(Exception, match="Writing in read access mode not allowed"):
        ask(store, "CREATE (n:Gene) RETURN n")


@pytest.mark.parametrize("scheme", ["neo4j", "bolt"])
def test_a_server_that_is_not_there_is_told(scheme):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{probe.getsockname()[1]}"
        (problem,) = store_problems(url)
    assert problem.where == url
    assert "no answer from Neo4j" in problem.found
    assert "start it" in problem.mend


def test_a_port_where_something_else_answers_is_told():
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=_answer_like_a_web_server, args=(other,), daemon=True).start()
        (problem,) = store_problems(f"bolt://127.0.0.1:{other.getsockname()[1]}")
    assert "Neo4j" in problem.found


def _answer_like_a_web_server(listening: socket.socket) -> None:
    with suppress(OSError):
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_a_wrong_password_is_told_and_no_password_is_shown(empty_server, monkeypatch, caplog):
    monkeypatch.setenv("NEO4J_PASSWORD", "hunter2-wrong")
    with caplog.at_level(logging.DEBUG), pytest.raises(InputError, match="set NEO4J_USER and NEO4J_PASSWORD") as told:
        open_store(empty_server.url)
    assert "hunter2-wrong" not in caplog.text + str(told.value) + repr(told.value.__cause__)


def test_a_right_password_is_in_no_log(say, empty_server, caplog):
    with caplog.at_level(logging.DEBUG), open_store(empty_server.url) as store:
        store.add([say("GATA1", "HBB")])
        assert empty_server.password not in repr(store)
    assert caplog.text
    assert empty_server.password not in caplog.text


def test_a_name_without_a_password_is_told(monkeypatch):
    monkeypatch.setenv("NEO4J_USER", "ada")
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)
    assert [problem.where for problem in store_problems("neo4j://127.0.0.1:1")] == ["NEO4J_PASSWORD"]


@pytest.mark.parametrize("url", ["neo4j://ada:hunter2@localhost", "neo4j://", "bolt://localhost:port", "bolt://h?a=b"])
def test_a_url_that_is_no_address_is_told_without_its_password(url):
    (problem,) = store_problems(url)
    assert "hunter2" not in str(problem)


@contextmanager
def line_to(url: str, breaks_after: int) -> Iterator[str]:
    """The URL of a line to a server that is cut once so many bytes went up, and not mended."""
    target = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        left = [breaks_after]
        threading.Thread(target=_carry, args=(listening, (target.hostname, target.port), left), daemon=True).start()
        yield f"bolt://127.0.0.1:{listening.getsockname()[1]}"


def _carry(listening: socket.socket, target: tuple[str, int], left: list[int]) -> None:
    with suppress(OSError):
        while left[0] > 0:
            near, _ = listening.accept()
            far = socket.create_connection(target)
            threading.Thread(target=_pump, args=(far, near, [1 << 40]), daemon=True).start()
            threading.Thread(target=_pump, args=(near, far, left), daemon=True).start()
    listening.close()


def _pump(source: socket.socket, sink: socket.socket, left: list[int]) -> None:
    with suppress(OSError):
        while left[0] > 0 and (data := source.recv(4096)):
            left[0] -= len(data)
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@pytest.mark.parametrize("breaks_after", [20_000, 35_000])
def test_a_server_that_drops_in_mid_import_keeps_whole_batches_and_the_import_goes_on(
    say, store, empty_server, breaks_after
):
    statements = [say("GATA1", "HBB", document=f"d{n}", quote=str(n)) for n in range(120)]
    told = pytest.raises(InputError, match=r"no answer from Neo4j .* whole.*give the same command again")
    with line_to(empty_server.url, breaks_after) as url, Neo4jStore(url, batch=10, retry=1) as far, told:
        far.add(statements)
    kept = len(list(store.evidence()))
    assert 0 < kept < 120
    assert kept % 10 == 0
    assert seen(store) == computed(store)
    assert store.add(statements) == 120 - kept
    assert seen(store) == computed(store)
