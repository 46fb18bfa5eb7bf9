"""What a graph in a file promises beyond the contract: versions, other programs, full disks, damage."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from kg import Effect, SourceKind, open_store, store_problems
from kg.stores.embedded import EmbeddedStore
from prisyn_base import InputError

VERSION_1 = Path(__file__).with_name("stores_v1.db")
"""Eight statements and two readings, written by the code that made version 1."""


def schema(path: Path) -> set[tuple[str, str]]:
    with sqlite3.connect(path) as database:
        found = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    database.close()
    return {(name, " ".join(sql.split())) for name, sql in found}


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    return shutil.copy(VERSION_1, tmp_path / "old.db")


def test_a_closed_store_is_one_plain_file(say, tmp_path):
    with open_store(tmp_path / "grn.db") as store:
        store.add([say("GATA1", "HBB")])
    assert [path.name for path in tmp_path.iterdir()] == ["grn.db"]


def test_a_file_of_version_1_keeps_every_statement_and_reading(version_1):
    with open_store(version_1) as store:
        kept = {item.quote: item for item in store.evidence()}
        assert len(kept) == 8
        denied = kept["SPI1 did not change HBB in any of our lines."]
        assert (denied.negated, denied.regulator.symbol, denied.start, denied.end) == (True, "SPI1", 5, 49)
        assert denied.provenance.prompt_hash == "ab12"
        assert (denied.provenance.score, denied.provenance.tokens, denied.provenance.cost) == (0.75, 321, 0.0042)
        withdrawn = kept["SPI1 turned CD14 on, as a paper since withdrawn has it."]
        assert (withdrawn.retracted, withdrawn.paper) == (True, "PMID:2")
        lowered = kept['NF-kB lowered CD14\tin our "monocytes".']
        assert (lowered.effect, lowered.regulator.curie) == (Effect.REPRESSION, "FPLX:NFkappaB")
        assert kept["GATA1\tHBB\tActivation\t3"].kind is SourceKind.DATABASE
        assert {gene.species for gene in store.genes()} == {"human", "mouse"}
        assert store.has_read("note:1 by chat")
        assert store.add(kept.values()) == 0


def test_what_version_1_kept_is_not_told_as_a_change(version_1, say):
    with open_store(version_1) as store:
        assert list(store.changed_since("1971-01-01")) == []
        said = say("GATA1", "CD14")
        store.add([said])
        assert list(store.changed_since("1971-01-01")) == [said]


def test_a_migrated_file_has_the_tables_of_a_new_one(version_1, tmp_path):
    open_store(version_1).close()
    open_store(tmp_path / "new.db").close()
    assert schema(version_1) == schema(tmp_path / "new.db")


def test_a_file_of_version_1_that_never_noted_a_reading_is_migrated(version_1):
    with sqlite3.connect(version_1) as database:
        database.execute("DROP TABLE reading")
    database.close()
    with open_store(version_1) as store:
        assert not store.has_read("note:1 by chat")
        assert len(list(store.evidence())) == 8


def test_a_migration_that_fails_leaves_version_1(version_1):
    with sqlite3.connect(version_1) as database:
        database.execute("INSERT INTO reading VALUES (NULL)")
    database.close()
    with pytest.raises(InputError, match="NOT NULL"):
        open_store(version_1)
    with sqlite3.connect(version_1) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM evidence").fetchone() == (8,)
    database.close()


def test_a_store_of_a_newer_version_is_refused_untouched(say, tmp_path):
    path = tmp_path / "grn.db"
    with open_store(path) as store:
        store.add([say("GATA1", "HBB")])
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


def test_two_programs_may_use_a_graph_in_turn(say, tmp_path):
    path = tmp_path / "grn.db"
    with open_store(path) as one, open_store(path) as other:
        one.add([say("GATA1", "HBB")])
        assert [item.regulator.symbol for item in other.evidence(target="HGNC:4827")] == ["GATA1"]
        other.add([say("SPI1", "CD14", reader="embedded")])
        assert one.add([say("SPI1", "CD14", reader="embedded"), say("GATA1", "CD14")]) == 1
        assert {gene.symbol for gene in other.genes()} == {"GATA1", "HBB", "SPI1", "CD14"}


def test_a_graph_that_another_program_is_writing_is_told(say, tmp_path):
    path = tmp_path / "grn.db"
    open_store(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with EmbeddedStore(path, wait=0.1) as store:
        with pytest.raises(InputError, match=r"another program has been writing for more than 0\.1 s"):
            store.add([say("GATA1", "HBB")])
        holder.execute("ROLLBACK")
        assert store.add([say("GATA1", "HBB")]) == 1
    holder.close()


def test_a_graph_that_another_program_keeps_to_itself_is_told(tmp_path):
    path = tmp_path / "grn.db"
    open_store(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(InputError, match="another program"):
        EmbeddedStore(path, wait=0.1)
    holder.close()


def test_a_full_disk_leaves_whole_batches_and_the_import_goes_on_when_there_is_room(say, tmp_path):
    statements = [say("GATA1", "HBB", quote=f"{n} " * 50) for n in range(400)]
    with EmbeddedStore(tmp_path / "grn.db", batch=50) as store:
        store._file.db.execute("PRAGMA max_page_count = 20")
        with pytest.raises(InputError, match=r"no room to write .* make room"):
            store.add(statements)
        kept = len(list(store.evidence()))
        assert 0 < kept < 400
        assert kept % 50 == 0
        store._file.db.execute("PRAGMA max_page_count = 3000")
        assert store.add(statements) == 400 - kept


def test_decisions_cannot_be_changed_behind_our_back(say, tmp_path):
    path = tmp_path / "grn.db"
    open_store(path).close()
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO decision VALUES ('1', 'claim', 'HGNC:1', 'HGNC:2', 'now', '{}')")
        for statement in ("UPDATE decision SET claim = 'other'", "DELETE FROM decision"):
            with pytest.raises(sqlite3.IntegrityError, match="appended"):
                database.execute(statement)
    database.close()


def test_other_urls_are_answered_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"keep the graph in a file"):
        open_store("postgres://localhost")
    with pytest.raises(InputError, match="a folder"):
        open_store(tmp_path)


@pytest.mark.parametrize("version", [1, 2])
def test_a_graph_that_may_not_be_written_can_be_asked(say, version_1, monkeypatch, version):
    if version > 1:
        open_store(version_1).close()
    before = version_1.read_bytes()
    # Tests may run as root, who may write everything.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with open_store(version_1) as store:
        assert len(store.grn().edge("GATA1", "HBB").evidence) == 3
        with pytest.raises(InputError, match="readonly"):
            store.add([replace(say("SPI1", "HBB"), document="new")])
    assert version_1.read_bytes() == before
    assert [path.name for path in version_1.parent.iterdir()] == ["old.db"]


def test_the_problems_of_a_store_are_told_without_making_one(tmp_path):
    assert store_problems(tmp_path / "grn.db") == ()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.db").write_text("hello")
    assert [problem.found for problem in store_problems(tmp_path / "text.db")] == ["a file of another kind"]
