"""What every graph store promises, on each of them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grn_extract.databases import read_database
from kg import GRN, Decision, Effect, Evidence, Gene, Provenance, SourceKind, Standing, Verdict
from prisyn_base import InputError


def full(say) -> Evidence:
    source = Provenance("chat", "some-model", "read", "ab12", 0.75, 321, 0.0042, "2024-05-01T10:00:00Z")
    text = 'SPI1 "represses" GATA1\t<b>\n\N{GREEK SMALL LETTER ALPHA} \N{DNA DOUBLE HELIX} \' $x {y: 1} --'
    flags = {"negated": True, "hypothetical": True, "retracted": True}
    said = say("SPI1", "GATA1", quote=text, start=3, end=30, paper="PMID:7", **flags)
    return replace(said, effect=Effect.REPRESSION, document="doc:9", provenance=source)


def judge(said: Evidence, verdict: Verdict, curator: str = "ada", minute: int = 0, **more) -> Decision:
    return Decision(
        curator=curator,
        verdict=verdict,
        regulator=said.regulator.curie,
        target=said.target.curie,
        effect=said.effect,
        document=said.document,
        quote=said.quote,
        time=f"2026-11-25T10:{minute:02}:00.000000Z",
        paper=said.paper,
        **more,
    )


def test_every_field_survives(say, open_graph):
    said = [
        full(say),
        say("NF-kB", "IL1B", kind=SourceKind.KNOWLEDGE),
        say("Gata1", "Hbb-b1", kind=SourceKind.DATABASE),
    ]
    with open_graph() as store:
        assert store.add(said) == 3
    with open_graph() as store:
        assert list(store.evidence()) == sorted(said, key=lambda item: item.id)
        assert store.grn().evidence == tuple(store.evidence())


def test_adding_again_changes_nothing(say, open_graph):
    statements = [full(say), say("GATA1", "HBB"), say("GATA1", "HBB")]
    with open_graph() as store:
        assert store.add(statements) == 2
        before = list(store.evidence())
        assert store.add(reversed(statements)) == 0
        assert list(store.evidence()) == before


def test_a_statement_read_again_keeps_its_row_and_learns_of_its_retraction(say, open_graph):
    with open_graph() as store:
        store.add([say("GATA1", "HBB", paper="PMID:1")])
        assert store.add([say("GATA1", "HBB", paper="PMID:1", retracted=True)]) == 0
        assert store.add([say("GATA1", "HBB", paper="PMID:1")]) == 0
        assert [item.retracted for item in store.evidence()] == [True]
        assert store.stats().retracted_only == 1


def test_evidence_is_found_by_regulator_and_target(say, open_graph):
    with open_graph() as store:
        store.add([say("GATA1", "HBB"), say("SPI1", "HBB"), say("SPI1", "CD14")])
        assert {item.regulator.symbol for item in store.evidence(target="HGNC:4827")} == {"GATA1", "SPI1"}
        assert {item.target.symbol for item in store.evidence("HGNC:11241")} == {"HBB", "CD14"}
        assert [item.target.symbol for item in store.evidence("HGNC:11241", "HGNC:1628")] == ["CD14"]
        assert list(store.evidence("HGNC:1628")) == []
        assert list(store.evidence(target="HGNC:0")) == []
        assert [gene.symbol for gene in store.genes()] == ["CD14", "GATA1", "HBB", "SPI1"]


def test_a_gene_written_in_two_ways_is_one_gene_whichever_way_came_first(say, open_graph):
    said = say("GATA1", "HBB")
    other = replace(said, regulator=replace(said.regulator, symbol="ERYF1"), document="other")
    with open_graph() as store:
        store.add([said])
        store.add([other])
        assert [gene.symbol for gene in store.genes()] == ["ERYF1", "HBB"]
        assert store.add([said, other]) == 0
        assert {item.regulator.symbol for item in store.evidence()} == {"ERYF1"}


def test_what_is_kept_stays_when_the_one_who_adds_fails(say, open_graph):
    def broken():
        yield say("GATA1", "HBB")
        raise RuntimeError("the reader broke")

    with open_graph() as store:
        store.add([say("SPI1", "CD14")])
        with pytest.raises(RuntimeError, match="broke"):
            store.add(broken(), reading="a")
        assert [item.target.symbol for item in store.evidence()] == ["CD14"]
        assert not store.has_read("a")


def test_a_batch_that_cannot_be_written_leaves_nothing_of_itself(say, open_graph):
    with open_graph() as store:
        with pytest.raises(OverflowError):
            store.add([say("SPI1", "CD14"), replace(say("SPI1", "CD14"), start=2**70)])
        assert list(store.evidence()) == []
        assert store.add([say("SPI1", "CD14")]) == 1
        assert store.stats().edges == 1


def test_a_reading_is_noted_once_its_statements_are_kept(say, open_graph):
    with open_graph() as store:
        assert not store.has_read("a")
        assert store.add([say("GATA1", "HBB")], reading="a") == 1
        assert store.add([], reading="b") == 0
        assert store.add([], reading="b") == 0
    with open_graph() as store:
        assert [store.has_read(name) for name in ("a", "b", "c")] == [True, True, False]


def test_what_changed_since_is_what_was_added_or_learned_since(say, open_graph):
    day = timedelta(days=1)
    now = datetime.now(UTC)
    with open_graph() as store:
        store.add([say("GATA1", "HBB", paper="PMID:1"), say("SPI1", "CD14")])
        assert len(list(store.changed_since((now - day).isoformat()))) == 2
        assert list(store.changed_since((now + day).date().isoformat())) == []
        second = _next_millisecond()
        store.add([say("GATA1", "HBB", paper="PMID:1", retracted=True), say("SPI1", "CD14"), say("SPI1", "HBB")])
        changed = list(store.changed_since(second))
        assert {(item.regulator.symbol, item.retracted) for item in changed} == {("GATA1", True), ("SPI1", False)}
        with pytest.raises(InputError, match="ISO 8601"):
            list(store.changed_since("last week"))


def _next_millisecond() -> str:
    """A time behind everything that was added so far."""
    start = datetime.now(UTC)
    while datetime.now(UTC) - start < timedelta(milliseconds=2):
        pass
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def test_decisions_are_appended_kept_and_found_by_claim(say, open_graph):
    one, other = say("GATA1", "HBB"), say("SPI1", "CD14")
    first, second = judge(one, Verdict.REJECT, minute=2), judge(one, Verdict.ACCEPT, curator="bob", minute=1)
    third = judge(other, Verdict.UNSURE, comment="which \N{GREEK SMALL LETTER ALPHA}?")
    with open_graph() as store:
        assert store.decide([first, third, first]) == 2
        assert store.decide([second, first]) == 1
    with open_graph() as store:
        assert list(store.decisions()) == [third, second, first]
        assert list(store.decisions(one.claim)) == [second, first]
        assert list(store.decisions("no claim")) == []


def test_a_verdict_outlives_the_reader_and_is_seen_in_the_network(say, open_graph):
    said = say("GATA1", "HBB", paper="PMID:1")
    with open_graph() as store:
        store.decide([judge(said, Verdict.REJECT)])
        store.add([said])
        store.add([replace(said, provenance=Provenance("embedded"), start=4, end=9)])
        edge = store.grn().edge("GATA1", "HBB")
        assert edge.curation.standing is Standing.REJECTED
        assert edge.belief == 0.0


def test_closing_twice_is_harmless(open_graph):
    store = open_graph()
    store.close()
    store.close()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from(["", "d", "PMID:2"])), max_size=12))
def test_the_store_and_the_graph_agree_whatever_the_order(open_graph, items):
    genes = Gene("HGNC:4170", "GATA1", "human"), Gene("HGNC:4827", "HBB", "human")
    statements = [
        Evidence(*genes, Effect.UNKNOWN, str(items), str(n), Provenance("trrust"), retracted=retracted, paper=paper)
        for n, retracted, paper in items
    ]
    with open_graph() as store:
        for said in reversed(statements):
            store.add([said])
        kept = tuple(item for item in store.evidence() if item.document == str(items))
        assert kept == GRN.from_evidence(statements).evidence


def test_trrust_is_the_same_in_any_order_and_any_number_of_times(shared_data, open_graph):
    path = shared_data / "kb" / "trrust_v2_human.tsv"
    statements = list(read_database("trrust", path).evidence)
    assert len(statements) > 9_000
    shuffled = statements.copy()
    random.Random(1).shuffle(shuffled)
    with open_graph() as store:
        assert store.add(shuffled[:5_000]) + store.add(statements) == len({item.id for item in statements})
        assert store.add(shuffled[5_000:]) == 0
        assert tuple(store.evidence()) == GRN.from_evidence(statements).evidence
