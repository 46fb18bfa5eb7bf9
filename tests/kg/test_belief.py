from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import Beliefs, Effect, Evidence, Gene, Provenance, SourceKind, edge_beliefs, edge_effect, reliability
from kg.belief import KNOWLEDGE_AT_MOST
from kg.reliability import OWN_TABLE, RELIABILITY_FILE, Reliability, write_reliability
from prisyn_base import InputError

TRRUST = reliability("trrust").probability


def test_one_witness_is_believed_as_much_as_its_reader(say):
    beliefs = edge_beliefs([say("GATA1", "HBB", paper="PMID:1")])
    assert beliefs.regulation == pytest.approx(TRRUST)
    assert beliefs.activation == pytest.approx(TRRUST)
    assert beliefs.repression == 0.0
    assert beliefs.witnesses == 1


def test_a_paper_repeating_itself_is_one_witness(say):
    once = edge_beliefs([say("GATA1", "HBB", paper="PMID:1")])
    thrice = edge_beliefs([say("GATA1", "HBB", paper="PMID:1", quote=str(n)) for n in range(3)])
    assert thrice == once


def test_a_second_paper_raises_belief(say):
    beliefs = edge_beliefs([say("GATA1", "HBB", paper=f"PMID:{n}") for n in (1, 2)])
    assert beliefs.regulation == pytest.approx(1 - (1 - TRRUST) ** 2)
    assert beliefs.witnesses == 2


def test_a_database_row_citing_a_paper_already_read_is_the_same_witness(say):
    read = say("GATA1", "HBB", reader="embedded", document="PMID:1", paper="PMID:1")
    row = say("GATA1", "HBB", reader="trrust", document="trrust", kind=SourceKind.DATABASE, paper="PMID:1")
    assert edge_beliefs([read, row]) == edge_beliefs([row])


def test_negated_and_retracted_statements_raise_nothing(say):
    negated = say("GATA1", "HBB", paper="PMID:1", negated=True)
    retracted = say("GATA1", "HBB", paper="PMID:2", retracted=True)
    assert edge_beliefs([negated, retracted]) == Beliefs(0.0, 0.0, 0.0, 0)


def test_a_paper_known_as_retracted_to_one_reader_is_retracted_for_all(say):
    row = say("GATA1", "HBB", paper="PMID:2", document="trrust")
    read = say("GATA1", "HBB", paper="PMID:2", retracted=True)
    assert edge_beliefs([row, read]).regulation == 0.0


def test_a_hypothesis_counts_half(say):
    assert edge_beliefs([say("GATA1", "HBB", hypothetical=True)]).regulation == pytest.approx(TRRUST / 2)


def test_recall_without_text_is_weak_however_often_asked(say):
    recalled = [
        say("GATA1", "HBB", kind=SourceKind.KNOWLEDGE, document=f"ask {n}", quote=str(n), paper="") for n in range(50)
    ]
    assert edge_beliefs(recalled).regulation == pytest.approx(KNOWLEDGE_AT_MOST)


def test_conflicting_signs_are_both_kept_and_the_effect_is_unknown(say):
    up = say("GATA1", "HBB", paper="PMID:1")
    down = say("GATA1", "HBB", paper="PMID:2", effect=Effect.REPRESSION)
    beliefs = edge_beliefs([up, down])
    assert beliefs.activation == beliefs.repression == pytest.approx(TRRUST)
    assert beliefs.regulation > beliefs.activation
    assert edge_effect(beliefs) is Effect.UNKNOWN


def test_a_statement_of_unknown_sign_raises_neither_sign(say):
    beliefs = edge_beliefs([say("GATA1", "HBB", effect=Effect.UNKNOWN)])
    assert beliefs.regulation == pytest.approx(TRRUST)
    assert beliefs.activation == beliefs.repression == 0.0
    assert edge_effect(beliefs) is Effect.UNKNOWN


@pytest.mark.parametrize(("papers_up", "effect"), [(1, Effect.UNKNOWN), (2, Effect.UNKNOWN), (3, Effect.ACTIVATION)])
def test_a_sign_needs_to_be_clearly_ahead(say, papers_up, effect):
    up = [say("GATA1", "HBB", paper=f"PMID:{n}") for n in range(papers_up)]
    down = say("GATA1", "HBB", paper="PMID:99", effect=Effect.REPRESSION)
    assert edge_effect(edge_beliefs([*up, down])) is effect


def test_an_unknown_reader_gets_the_stated_default():
    assert reliability("never heard of it") == reliability("*")
    assert reliability("*").source


def test_every_reliability_says_how_it_was_obtained():
    readers = json.loads(RELIABILITY_FILE.read_text())["readers"]
    assert all(
        entry["source"] and (entry["n"] > 0 or entry["source"].startswith("prior")) for entry in readers.values()
    )


def test_a_measured_reliability_replaces_the_prior(tmp_path):
    path = tmp_path / "reliability.json"
    measured = Reliability(0.5, "precision on held-out sentences", data="some.tsv", n=400)
    write_reliability("embedded", measured, into=path)
    table = json.loads(path.read_text())["readers"]
    assert table["embedded"]["probability"] == 0.5
    assert table["trrust"]["probability"] == TRRUST
    write_reliability("trrust", measured, path=path)
    assert json.loads(path.read_text())["readers"]["trrust"]["n"] == 400
    with pytest.raises(InputError, match="a number in"):
        write_reliability("embedded", Reliability(1.5, "wrong"), path=path)


def test_a_curve_gives_the_probability_at_a_score_and_is_flat_beyond_its_ends():
    measured = Reliability(0.4, "held-out sentences", curve=((0.5, 0.1), (0.7, 0.3), (0.9, 0.8)))
    assert [measured.of(score) for score in (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)] == pytest.approx(
        [0.1, 0.1, 0.2, 0.3, 0.55, 0.8, 0.8]
    )
    assert measured.of(None) == 0.4


def test_a_lab_may_name_a_table_of_its_own(say, tmp_path, monkeypatch):
    path = tmp_path / "own.json"
    write_reliability("trrust", Reliability(0.5, "our curators", n=60), into=path)
    monkeypatch.setenv(OWN_TABLE, str(path))
    assert edge_beliefs([say("GATA1", "HBB")]).regulation == pytest.approx(0.5)
    monkeypatch.delenv(OWN_TABLE)
    assert edge_beliefs([say("GATA1", "HBB")]).regulation == pytest.approx(TRRUST)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"probability": 2, "source": "x"}, "not in"),
        ({"probability": 0.5, "source": ""}, "does not say how"),
        ({"probability": 0.5, "source": "x", "curve": [[0.9, 0.1], [0.5, 0.2]]}, "do not ascend"),
        ({"probability": 0.5, "source": "x", "odds": 3}, "unexpected keyword"),
        ([], "is no record"),
    ],
)
def test_a_table_that_is_none_is_refused_with_every_reason(tmp_path, monkeypatch, entry, complaint):
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"schema": 1, "readers": {"*": entry, "trrust": {"probability": 0.5}}}))
    monkeypatch.setenv(OWN_TABLE, str(path))
    with pytest.raises(InputError, match=complaint) as error:
        reliability("trrust")
    assert len(error.value.problems) == 3, "the entry, the source that trrust lacks, and that curated is missing"


GENES = Gene("HGNC:4170", "GATA1", "human"), Gene("HGNC:4827", "HBB", "human")
STATEMENTS = st.lists(
    st.builds(
        Evidence,
        st.just(GENES[0]),
        st.just(GENES[1]),
        st.sampled_from(Effect),
        st.sampled_from(["d1", "d2"]),
        st.text(max_size=3),
        st.builds(Provenance, st.sampled_from(["trrust", "embedded", "x"])),
        kind=st.sampled_from(SourceKind),
        paper=st.sampled_from(["", "PMID:1", "PMID:2", "PMID:3"]),
        negated=st.booleans(),
        hypothetical=st.booleans(),
        retracted=st.booleans(),
    ),
    max_size=12,
)


@given(STATEMENTS, st.integers(0, 100))
def test_belief_does_not_depend_on_order_and_stays_a_probability(statements, seed):
    shuffled = statements.copy()
    random.Random(seed).shuffle(shuffled)
    beliefs = edge_beliefs(statements)
    assert edge_beliefs(shuffled) == beliefs
    assert 0.0 <= max(beliefs.activation, beliefs.repression) <= beliefs.regulation <= 1.0


@given(STATEMENTS, STATEMENTS)
def test_more_unretracted_evidence_never_lowers_belief(statements, more):
    more = [item for item in more if not item.retracted]
    assert edge_beliefs(statements + more).regulation >= edge_beliefs(statements).regulation - 1e-12
