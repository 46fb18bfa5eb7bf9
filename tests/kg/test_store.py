from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg import GRN, Effect, Evidence, Gene, Provenance, SourceKind, open_store, resolve, store_problems
from kg.stores.embedded import BATCH
from prisyn_base import InputError

REPOSITORY = Path(__file__).resolve().parents[2]


def full(say) -> Evidence:
    source = Provenance("chat", "some-model", "read", "ab12", 0.75, 321, 0.0042, "2024-05-01T10:00:00Z")
    text = 'SPI1 "represses" GATA1\t<b>\n\N{GREEK SMALL LETTER ALPHA}'
    said = say("SPI1", "GATA1", quote=text, start=3, end=30, paper="PMID:7", negated=True)
    return Evidence(
        said.regulator,
        said.target,
        Effect.REPRESSION,
        "doc:9",
        text,
        source,
        SourceKind.TEXT,
        3,
        30,
        "PMID:7",
        True,
        True,
    )


def test_every_field_survives_the_store(say, tmp_path):
    said = full(say)
    with open_store(tmp_path / "grn.db") as store:
        assert store.add([said]) == 1
    with open_store(tmp_path / "grn.db") as store:
        assert list(store.evidence()) == [said]
        assert store.grn().evidence == (said,)


def test_a_closed_store_is_one_plain_file(say, tmp_path):
    with open_store(tmp_path / "grn.db") as store:
        store.add([full(say)])
    assert [path.name for path in tmp_path.iterdir()] == ["grn.db"]


def test_importing_again_changes_nothing(say, tmp_path):
    statements = [full(say), say("GATA1", "HBB"), say("GATA1", "HBB")]
    with open_store(tmp_path / "grn.db") as store:
        assert store.add(statements) == 2
        before = list(store.evidence())
        assert store.add(reversed(statements)) == 0
        assert list(store.evidence()) == before


def test_a_statement_read_again_keeps_its_row_and_learns_of_its_retraction(say, tmp_path):
    with open_store(tmp_path / "grn.db") as store:
        store.add([say("GATA1", "HBB", paper="PMID:1")])
        assert store.add([say("GATA1", "HBB", paper="PMID:1", retracted=True)]) == 0
        assert store.stats().retracted_only == 1


def test_evidence_is_found_by_regulator_and_target(say, tmp_path):
    with open_store(tmp_path / "grn.db") as store:
        store.add([say("GATA1", "HBB"), say("SPI1", "HBB"), say("SPI1", "CD14")])
        assert {item.regulator.symbol for item in store.evidence(target="HGNC:4827")} == {"GATA1", "SPI1"}
        assert [item.target.symbol for item in store.evidence("HGNC:11241", "HGNC:1628")] == ["CD14"]


def test_an_import_that_fails_leaves_whole_batches(say, tmp_path):
    def broken():
        yield from (say("GATA1", "HBB", quote=str(n)) for n in range(BATCH + 10))
        raise RuntimeError("the reader broke")

    with open_store(tmp_path / "grn.db") as store:
        with pytest.raises(RuntimeError, match="broke"):
            store.add(broken())
        assert sum(1 for _ in store.evidence()) == BATCH


def test_a_batch_that_cannot_be_written_leaves_nothing_of_itself(say, tmp_path):
    unwritable = replace(say("SPI1", "CD14"), start=2**70)
    with open_store(tmp_path / "grn.db") as store:
        with pytest.raises(OverflowError):
            store.add([say("SPI1", "CD14"), unwritable])
        assert list(store.evidence()) == []
        assert store.add([say("SPI1", "CD14")]) == 1
        assert store.stats().edges == 1


KILLED = """
import sys
from kg import Effect, Evidence, Gene, Provenance, open_store
genes = Gene("HGNC:4170", "GATA1", "human"), Gene("HGNC:4827", "HBB", "human")
def statements():
    for n in range(2_000_000):
        yield Evidence(*genes, Effect.UNKNOWN, "d", str(n), Provenance("trrust"))
        if n % 7_000 == 6_999:
            print(n, flush=True)
open_store(sys.argv[1]).add(statements())
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_store_killed_in_mid_import_opens_and_holds_whole_batches(tmp_path, seed):
    path = tmp_path / "grn.db"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.Random(seed).random() / 2)
        process.send_signal(signal.SIGKILL)
    with open_store(path) as store:
        kept = sum(1 for _ in store.evidence())
        assert kept > 0
        assert kept % BATCH == 0
        genes = Gene("HGNC:4170", "GATA1", "human"), Gene("HGNC:4827", "HBB", "human")
        again = (Evidence(*genes, Effect.UNKNOWN, "d", str(n), Provenance("trrust")) for n in range(kept + 5))
        assert store.add(again) == 5


def test_a_store_of_a_newer_version_is_refused_untouched(say, tmp_path):
    path = tmp_path / "grn.db"
    with open_store(path) as store:
        store.add([full(say)])
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match="schema version 99"):
        open_store(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_untouched(tmp_path):
    path = tmp_path / "photos.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE photo (id)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match="another program"):
        open_store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"regulator\ttarget\n" * 100, b"\x00" * 5000, b"SQLite format 3\x00"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "edges.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"edges\.tsv"):
        open_store(path)
    assert path.read_bytes() == content


def test_a_damaged_store_is_an_input_error(say, tmp_path):
    path = tmp_path / "grn.db"
    with open_store(path) as store:
        store.add(say("GATA1", "HBB", quote=str(n)) for n in range(2000))
    data = bytearray(path.read_bytes())
    truncated = tmp_path / "truncated.db"
    truncated.write_bytes(data[: len(data) // 2 + 100])
    with pytest.raises(InputError, match="truncated"):
        open_store(truncated)
    data[4096 * 3 : 4096 * 40] = os.urandom(4096 * 37)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"grn\.db"), open_store(path) as store:
        store.grn()


def test_graph_urls_of_servers_are_answered_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"keep the graph in a file"):
        open_store("neo4j://localhost")
    with pytest.raises(InputError, match="a folder"):
        open_store(tmp_path)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from(["", "d", "PMID:2"])), max_size=12))
def test_the_store_and_the_graph_agree_whatever_the_order(tmp_path_factory, items):
    genes = Gene("HGNC:4170", "GATA1", "human"), Gene("HGNC:4827", "HBB", "human")
    statements = [
        Evidence(*genes, Effect.UNKNOWN, "d", str(n), Provenance("trrust"), retracted=retracted, paper=paper)
        for n, retracted, paper in items
    ]
    with open_store(tmp_path_factory.mktemp("store") / "grn.db") as store:
        for said in reversed(statements):
            store.add([said])
        assert tuple(store.evidence()) == GRN.from_evidence(statements).evidence


def trrust(path: Path) -> list[Evidence]:
    """TRRUST's rows, one statement a PMID; genes whose names do not resolve are left out."""
    signs = {"Activation": Effect.ACTIVATION, "Repression": Effect.REPRESSION, "Unknown": Effect.UNKNOWN}
    found = []
    for line in path.read_text().splitlines()[1:]:
        tf, target, sign, pmids = line.split("\t")
        genes = resolve(tf, "human").gene, resolve(target, "human").gene
        if genes[0] and genes[1]:
            for pmid in pmids.split(";"):
                row = Provenance("trrust")
                paper = f"PMID:{pmid}"
                found.append(
                    Evidence(genes[0], genes[1], signs[sign], "trrust", line, row, SourceKind.DATABASE, paper=paper)
                )
    return found


def test_trrust_imports_the_same_in_any_order_and_any_number_of_times(shared_data, tmp_path):
    statements = trrust(shared_data / "kb" / "trrust_v2_human.tsv")
    assert len(statements) > 9_000
    shuffled = statements.copy()
    random.Random(1).shuffle(shuffled)
    with open_store(tmp_path / "a.db") as one, open_store(tmp_path / "b.db") as other:
        new = one.add(statements)
        assert one.add(shuffled) == 0
        assert other.add(shuffled) == new
        assert list(one.evidence()) == list(other.evidence())
        assert one.stats() == other.stats()


def test_a_reading_is_noted_once_its_statements_are_kept(say, tmp_path):
    def broken():
        yield say("GATA1", "HBB")
        raise OSError("stopped")

    with open_store(tmp_path / "grn.db") as store:
        assert not store.has_read("a")
        with pytest.raises(OSError, match="stopped"):
            store.add(broken(), reading="a")
        assert not store.has_read("a")
        assert store.add([say("GATA1", "HBB")], reading="a") == 1
        assert store.add([], reading="b") == 0
    with open_store(tmp_path / "grn.db") as store:
        assert store.has_read("a")
        assert store.has_read("b")
        assert not store.has_read("c")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_graph_that_may_not_be_written_can_be_asked(say, tmp_path):
    folder = tmp_path / "shared"
    with open_store(folder / "grn.db") as store:
        store.add([say("GATA1", "HBB")])
    (folder / "grn.db").chmod(0o444)
    folder.chmod(0o555)
    try:
        with open_store(folder / "grn.db") as store:
            assert len(store.grn()) == 1
            with pytest.raises(InputError, match="readonly"):
                store.add([say("SPI1", "HBB")])
        assert [path.name for path in folder.iterdir()] == ["grn.db"]
    finally:
        folder.chmod(0o755)


def test_the_problems_of_a_store_are_told_without_making_one(say, tmp_path):
    assert store_problems(tmp_path / "grn.db") == ()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.db").write_text("hello")
    assert [problem.found for problem in store_problems(tmp_path / "text.db")] == ["a file of another kind"]
    assert len(store_problems("neo4j://localhost")) == 1
