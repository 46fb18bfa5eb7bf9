"""Cypher is the same language on both stores, and reads the graph and nothing else on either."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kg import GRN, Effect, Evidence, GraphStore, Provenance, SourceKind, open_store, resolve
from kg.cypher import EXAMPLES, Cypher, ProjectedCypher, open_cypher
from kg.cypher._result import TIMEOUT
from kg.stores.neo4j import Neo4jStore
from prisyn_base import InputError
from tests.kg.neo4j_server import Server
from tests.kg.queries.drawing import arrow, gene

pytest.importorskip("ladybug", reason="the extra [cypher] is not installed")
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "biologist.md"
ROWS = """
SPI1>LYZ SPI1>IL1B CEBPA>LYZ SPI1|GATA1 GATA1|SPI1 GATA1>GATA1 NFKB1>IL6 RELA>IL6 RELA|TNF NFKB1?TNF SPI1>CEBPA
CEBPA>IL1B STAT1>SPI1 GATA1|CEBPA AP-1>IL6 NF-kB>TNF
"""


def rows() -> Iterator[Evidence]:
    """A small graph about which every example has something to say."""
    signs = {">": Effect.ACTIVATION, "|": Effect.REPRESSION, "?": Effect.UNKNOWN}
    for n, row in enumerate([*ROWS.split(), "SPI1|LYZ", "SPI1>LYZ"]):
        found = re.fullmatch(r"(.+)([>|?])(.+)", row)
        assert found is not None
        one, other = (resolve(name).gene for name in found.group(1, 3))
        assert one is not None
        assert other is not None
        source = Provenance("trrust")
        yield Evidence(one, other, signs[found[2]], row, row, source, SourceKind.DATABASE, paper=f"PMID:{n}")


def embedded(tmp_path_factory: pytest.TempPathFactory) -> GraphStore:
    return open_store(tmp_path_factory.mktemp("embedded") / "grn.db")


@pytest.fixture(scope="module", params=["embedded", "neo4j"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    if request.param == "embedded":
        with embedded(tmp_path_factory) as here:
            here.add(rows())
            yield here
        return
    server: Server = request.getfixturevalue("server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEO4J_USER", server.user)
        patch.setenv("NEO4J_PASSWORD", server.password)
        with Neo4jStore(server.url) as there:
            there.connection.write(lambda transaction: transaction.run("MATCH (n) DETACH DELETE n").consume())
        with Neo4jStore(server.url) as there:
            there.add(rows())
            yield there


@pytest.fixture(scope="module")
def session(store: GraphStore) -> Iterator[Cypher]:
    with open_cypher(store) as session:
        yield session


@pytest.fixture(scope="module")
def local() -> Iterator[ProjectedCypher]:
    """The projection of the same graph, to compare with."""
    with ProjectedCypher(GRN.from_evidence(rows())) as session:
        yield session


@pytest.mark.parametrize("title", EXAMPLES)
def test_a_documented_query_gives_the_same_rows_on_both_stores(session: Cypher, local: Cypher, title: str) -> None:
    found = session.run(EXAMPLES[title])
    assert found.rows
    assert found == local.run(EXAMPLES[title])


def documented(heading: str) -> list[str]:
    """The queries that the biologist's page shows under one heading."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [query.strip() for query in re.findall(r"```cypher\n(.*?)```", section, re.S)]


def test_the_documented_queries_are_those_that_are_tested() -> None:
    shown = documented("In Cypher")
    assert shown == [query.strip() for query in EXAMPLES.values()]
    assert len(shown) >= 8


@pytest.mark.parametrize("store", ["neo4j"], indirect=True)
def test_on_a_server_an_edge_is_joined_with_its_sentences(session: Cypher) -> None:
    (query,) = documented("A graph the lab shares")
    assert "NFKB1>IL6" in {row[3] for row in session.run(query.replace("HBB", "IL6")).rows}


def test_edges_have_what_the_graph_says_of_them(session: Cypher) -> None:
    (edge,) = [e for e in GRN.from_evidence(rows()).edges() if (e.regulator.symbol, e.target.symbol) == ("SPI1", "LYZ")]
    query = "MATCH (:Gene {symbol: $one})-[e:REGULATES]->(:Gene {curie: $other}) RETURN e"
    (row,) = session.run(query, {"one": "SPI1", "other": edge.target.curie}).rows
    assert row[0] == {
        "effect": "unknown",
        "belief": pytest.approx(edge.belief, abs=1e-12),
        "activation": pytest.approx(edge.beliefs.activation, abs=1e-12),
        "repression": pytest.approx(edge.beliefs.repression, abs=1e-12),
        "papers": 3,
        "statements": 3,
    }


def test_nodes_paths_and_numbers_are_plain_values(session: Cypher) -> None:
    query = "MATCH p = (:Gene {symbol: 'STAT1'})-[:REGULATES*2..2]->(g:Gene {symbol: 'IL1B'}) RETURN p, g, 0.0/0.0 AS n"
    path, node, number = session.run(query).rows[0]
    assert [found["symbol"] for found in path["nodes"]] == ["STAT1", "SPI1", "IL1B"]
    assert len(path["relationships"]) == 2
    assert set(node) == {"curie", "symbol", "species", "kind"}
    assert number is None


def test_there_are_no_more_rows_than_asked_for(session: Cypher) -> None:
    found = session.run("MATCH (g:Gene) RETURN g.symbol AS s ORDER BY s", most=2)
    assert (len(found.rows), found.more) == (2, True)
    assert not session.run("MATCH (g:Gene) RETURN g.symbol LIMIT 2", most=2).more


WRITING = [
    "CREATE (:Gene {curie: 'X:evil'})",
    "MERGE (:Gene {curie: 'X:evil'})",
    "MATCH (g:Gene) SET g.symbol = 'evil'",
    "MATCH (g:Gene) DETACH DELETE g",
    "MATCH (:Gene)-[e:REGULATES]->() DELETE e",
    "MATCH (g:Gene) RETURN g; CREATE (:Gene {curie: 'X:evil'})",
    "match (g:Gene) /* harmless */ with g cReAtE (:Gene {curie: 'X:evil'})",
    "nonsense",
]


@pytest.mark.parametrize("query", WRITING)
def test_a_query_that_writes_is_refused_and_nothing_is_written(session: Cypher, query: str) -> None:
    counted = "MATCH (g:Gene) OPTIONAL MATCH (g)-[e:REGULATES]->() RETURN count(DISTINCT g), count(e), min(g.symbol)"
    before = session.run(counted)
    with pytest.raises(InputError, match="query: found"):
        session.run(query)
    assert session.run(counted) == before


REACHING = {  # the statement, and the only store that knows it
    "LOAD FROM '{secret}' RETURN *": "embedded",
    "LOAD FROM '{secret}' (file_format='csv', delim='~') RETURN *": "embedded",
    "LOAD FROM '/proc/self/environ' (file_format='csv') RETURN *": "embedded",
    "LOAD FROM '/dev/fd/0' (file_format='csv') RETURN *": "embedded",
    "LOAD FROM 'http://127.0.0.1:9/x.csv' RETURN *": "embedded",
    "COPY Gene FROM '{secret}'": "embedded",
    "COPY (MATCH (g:Gene) RETURN g.symbol) TO '{folder}/out.csv'": "embedded",
    "EXPORT DATABASE '{folder}/out'": "embedded",
    "IMPORT DATABASE '{folder}'": "embedded",
    "ATTACH '{folder}/other.db' AS other (dbtype lbug)": "embedded",
    "INSTALL httpfs": "embedded",
    "LOAD EXTENSION '{folder}/evil.so'": "embedded",
    "CHECKPOINT": "embedded",
    "DROP TABLE REGULATES": "embedded",
    "ALTER TABLE Gene ADD evil STRING": "embedded",
    "CREATE MACRO evil(x) AS x": "embedded",
    "LOAD CSV FROM 'file://{secret}' AS line RETURN line": "neo4j",
    "LOAD CSV FROM 'http://127.0.0.1:9/x.csv' AS line RETURN line": "neo4j",
    "CALL {{ LOAD CSV FROM 'file://{secret}' AS line RETURN line }} RETURN line": "neo4j",
    "CALL dbms.listConfig() YIELD name RETURN name": "neo4j",
    "CALL db.labels()": "neo4j",
    "SHOW SETTINGS": "neo4j",
    "SHOW USERS": "neo4j",
    "CREATE USER eve SET PASSWORD 'evil-evil'": "neo4j",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'": "neo4j",
    "CREATE INDEX evil FOR (g:Gene) ON (g.symbol)": "neo4j",
    "MATCH (g:Gene) CALL {{ WITH g DETACH DELETE g }} IN TRANSACTIONS": "neo4j",
}


@pytest.mark.parametrize(("store", "query"), [(kind, query) for query, kind in REACHING.items()], indirect=["store"])
def test_files_the_network_and_the_server_are_out_of_reach(session: Cypher, tmp_path: Path, query: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("the-secret,2\n")
    with pytest.raises(InputError) as told:
        session.run(query.format(secret=secret, folder=tmp_path))
    assert "the-secret" not in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_the_engine_alone_would_have_read_the_file(tmp_path: Path) -> None:
    """So it is the worker's confinement that the test above is about."""
    import ladybug

    (tmp_path / "secret.csv").write_text("the-secret,2\n")
    with ladybug.Database(tmp_path / "g.lbug"):
        pass
    with (
        ladybug.Database(tmp_path / "g.lbug", read_only=True) as database,
        ladybug.Connection(database) as connection,
    ):
        found = connection.execute(f"LOAD FROM '{tmp_path}/secret.csv' (header=false) RETURN *")
        assert found.get_all() == [["the-secret", 2]]


@pytest.mark.parametrize("store", ["neo4j"], indirect=True)
def test_the_server_itself_refuses_to_write_in_a_session_of_reading(store: Neo4jStore) -> None:
    from neo4j.exceptions import ClientError

    with pytest.raises(ClientError, match="read access mode"):
        store.connection.read(lambda transaction: transaction.run("CREATE (:Gene {curie: 'X:evil'})").consume())


def test_a_query_that_does_not_end_is_stopped_and_the_next_one_answered(session: Cypher) -> None:
    endless = "UNWIND range(1, 100000000) AS x UNWIND range(1, 1000000) AS y RETURN sum(x * y)"
    with pytest.raises(InputError, match="not answered in"):
        session.run(endless, timeout=0.2)
    assert session.run("MATCH (g:Gene {symbol: 'LYZ'}) RETURN g.symbol").rows == (("LYZ",),)


def test_names_of_any_kind_reach_the_projection_whole() -> None:
    odd = 'A "quoted", name\nof two lines; \N{GREEK SMALL LETTER ALPHA} \\ ${x}'
    grn = GRN.from_evidence([arrow("A>B", target=gene(odd))])
    with ProjectedCypher(grn) as session:
        assert session.run("MATCH (:Gene {symbol: 'A'})-->(g:Gene) RETURN g.symbol").rows == ((odd,),)
        found = session.run("MATCH (g:Gene) WHERE g.symbol = $name RETURN count(g)", {"name": odd})
        assert found.rows == ((1,),)


def test_an_empty_graph_and_a_closed_session_answer(draw: Callable[..., GRN]) -> None:
    with ProjectedCypher(draw()) as session:
        assert session.run("MATCH (g:Gene) RETURN count(g)").rows == ((0,),)
        session.close()
        session.close()
        assert session.run("MATCH ()-[e:REGULATES]->() RETURN count(e)").rows == ((0,),)


def test_secrets_of_the_environment_do_not_reach_the_worker(
    draw: Callable[..., GRN], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "secret")
    with ProjectedCypher(draw("A>B")) as session:
        session.run("MATCH (g:Gene) RETURN g")
        assert session._process is not None
        inherited = Path(f"/proc/{session._process.pid}/environ").read_bytes()
    assert b"secret" not in inherited


def test_collectri_has_its_feed_forward_loops_in_cypher_too(collectri: GRN) -> None:
    with ProjectedCypher(collectri) as session:
        triples = "MATCH (x:Gene)-[:REGULATES]->(y:Gene)-[:REGULATES]->(z:Gene), (x)-[:REGULATES]->(z) RETURN count(*)"
        assert session.run(triples, timeout=10 * TIMEOUT).rows == ((172_276,),)
        assert session.run(EXAMPLES["How many feed-forward loops there are"]).rows == ((131_970,),)


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="Landlock is of Linux")
def test_not_even_an_empty_folder_can_be_made_where_the_kernel_has_landlock(tmp_path: Path) -> None:
    import ctypes

    if ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) < 1:
        pytest.skip("this kernel has no Landlock")
    with ProjectedCypher(GRN.from_evidence(rows())) as session, pytest.raises(InputError, match="create directory"):
        session.run(f"EXPORT DATABASE '{tmp_path}/made'")
    assert list(tmp_path.iterdir()) == []
