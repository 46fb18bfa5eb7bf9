from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import (
    GRN,
    Curation,
    Decision,
    Effect,
    ErrorKind,
    Evidence,
    Judgement,
    SourceKind,
    Standing,
    Verdict,
    edge_beliefs,
    edge_curation,
    judgements,
    reliability,
)
from kg.belief import KNOWLEDGE_AT_MOST
from kg.decisions import decide, withdraw
from kg.reliability import CURATED

ACCEPT, REJECT, UNSURE = Verdict.ACCEPT, Verdict.REJECT, Verdict.UNSURE
TRRUST, HUMAN = reliability("trrust").probability, reliability(CURATED).probability


@pytest.fixture
def judge() -> Callable[..., Decision]:
    """`judge(statement, ACCEPT, "ada")`: decisions one second apart."""
    seconds = iter(range(60))

    def decision(
        statement: Evidence, verdict: Verdict, curator: str = "ada", error: ErrorKind | None = None
    ) -> Decision:
        time = f"2026-01-01T00:00:{next(seconds):02}.000000Z"
        return decide(statement, verdict, curator=curator, error=error, time=time)

    return decision


def beliefs(evidence: list[Evidence], decisions: list[Decision]):
    return edge_beliefs(evidence, judgements(decisions))


# What is judged.


def test_the_same_statement_read_again_by_another_reader_at_another_place_keeps_its_verdict(say, judge):
    first = say("GATA1", "HBB", document="PMID:1", paper="PMID:1", start=10, end=30)
    again = replace(first, provenance=replace(first.provenance, reader="embedded", score=0.7), start=400, end=420)
    spaced = replace(first, quote=" GATA1  regulates\nHBB. ")
    decision = judge(first, REJECT)
    assert first.id != again.id
    assert {first.claim, again.claim, spaced.claim} == {decision.claim}
    assert beliefs([again, spaced], [decision]).regulation == 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"quote": "GATA1 may regulate HBB."},
        {"effect": Effect.REPRESSION},
        {"negated": True},
        {"hypothetical": True},
        {"paper": "PMID:2"},
    ],
)
def test_other_words_another_sign_or_another_paper_are_another_claim(say, judge, change):
    first = say("GATA1", "HBB", document="PMID:1", paper="PMID:1")
    decision = judge(first, REJECT)
    assert replace(first, **change).claim != decision.claim


def test_a_letter_that_another_copy_of_the_abstract_writes_in_another_form_is_the_same(say):
    one = say("GATA1", "HBB", quote="GATA1 induces HBB 5 \u00b5m away; \ufb01vefold")
    other = say("GATA1", "HBB", quote="GATA1 induces HBB 5 \u03bcm away; fivefold")
    assert one.claim == other.claim


# What stands.


def test_who_decides_again_has_changed_their_mind_and_nothing_is_lost(say, judge):
    item = say("GATA1", "HBB")
    decisions = [judge(item, ACCEPT), judge(item, REJECT)]
    assert judgements(decisions)[item.claim] == Judgement(rejected_by=("ada",), errors=(ErrorKind.OTHER,))


def test_undo_brings_back_what_stood_before(say, judge):
    item = say("GATA1", "HBB")
    first, second = judge(item, ACCEPT), judge(item, REJECT)
    back = withdraw(second, time="2026-01-01T00:01:00.000000Z")
    assert judgements([first, second, back])[item.claim].accepted_by == ("ada",)
    both = [first, second, back, withdraw(first, time="2026-01-01T00:01:01.000000Z")]
    assert judgements(both) == {}


def test_nobody_takes_back_what_another_decided(say, judge):
    item = say("GATA1", "HBB")
    decision = judge(item, ACCEPT, "ada")
    foreign = replace(withdraw(decision, time="2026-01-01T00:01:00.000000Z"), curator="bob")
    assert judgements([decision, foreign])[item.claim].accepted_by == ("ada",)


@given(st.permutations(range(6)))
def test_the_order_in_which_decisions_are_merged_does_not_matter(order):
    fields = {"regulator": "HGNC:1", "target": "HGNC:2", "effect": Effect.ACTIVATION, "document": "d", "quote": "q"}
    decisions = [
        Decision(
            curator=f"c{n % 3}",
            verdict=(ACCEPT, REJECT, UNSURE)[n % 2],
            time=f"2026-01-01T00:00:0{n}.000000Z",
            **fields,
        )
        for n in range(6)
    ]
    assert judgements(decisions[n] for n in order) == judgements(decisions)


def test_people_who_differ_are_shown_to_differ_whatever_the_majority(say, judge):
    item = say("GATA1", "HBB")
    judged = judgements([judge(item, ACCEPT, "ada"), judge(item, REJECT, "bob"), judge(item, ACCEPT, "cem")])
    assert judged[item.claim].standing is Standing.DISPUTED
    assert judged[item.claim].accepted_by == ("ada", "cem")
    assert edge_curation([item], judged) == Curation(disputed=1)


def test_an_edge_is_rejected_only_when_all_that_speaks_for_it_is(say, judge):
    one, other = (say("GATA1", "HBB", paper=f"PMID:{n}") for n in (1, 2))
    rejected = [judge(one, REJECT)]
    assert edge_curation([one, other], judgements(rejected)).standing is Standing.UNJUDGED
    assert edge_curation([one, other], judgements([*rejected, judge(other, REJECT)])).standing is Standing.REJECTED
    assert edge_curation([one, other], judgements([*rejected, judge(other, UNSURE)])).standing is Standing.UNSURE
    assert edge_curation([one, other], judgements([*rejected, judge(other, ACCEPT)])).standing is Standing.ACCEPTED


def test_one_statement_read_by_two_readers_is_one_claim_of_the_edge(say, judge):
    item = say("GATA1", "HBB")
    again = replace(item, provenance=replace(item.provenance, reader="embedded"))
    assert edge_curation([item, again], judgements([judge(item, ACCEPT)])) == Curation(accepted=1)


# What it does to belief.


def test_an_accepted_statement_is_believed_as_one_that_a_person_checked(say, judge):
    item = say("GATA1", "HBB", reader="cooccurrence")
    assert beliefs([item], [judge(item, ACCEPT)]).activation == pytest.approx(HUMAN)
    assert HUMAN > TRRUST


def test_a_rejected_statement_raises_nothing_and_other_papers_still_do(say, judge):
    wrong, right = (say("GATA1", "HBB", paper=f"PMID:{n}") for n in (1, 2))
    found = beliefs([wrong, right], [judge(wrong, REJECT, error=ErrorKind.NO_RELATION)])
    assert found.regulation == pytest.approx(TRRUST)
    assert found.witnesses == 1


def test_a_statement_whose_sign_alone_is_wrong_still_says_that_there_is_regulation(say, judge):
    item = say("GATA1", "HBB")
    found = beliefs([item], [judge(item, REJECT, error=ErrorKind.POLARITY)])
    assert found.regulation == pytest.approx(HUMAN)
    assert found.activation == found.repression == 0.0
    two = [judge(item, REJECT, "ada", ErrorKind.POLARITY), judge(item, REJECT, "bob", ErrorKind.NO_RELATION)]
    assert beliefs([item], two).regulation == 0.0


def test_two_people_who_disagree_leave_the_readers_own_figure_and_a_third_decides(say, judge):
    item = say("GATA1", "HBB")
    two = [judge(item, ACCEPT, "ada"), judge(item, REJECT, "bob")]
    assert beliefs([item], two).regulation == pytest.approx(TRRUST)
    assert beliefs([item], [*two, judge(item, ACCEPT, "cem")]).regulation == pytest.approx(HUMAN)


def test_unsure_changes_nothing(say, judge):
    item = say("GATA1", "HBB")
    assert beliefs([item], [judge(item, UNSURE)]) == beliefs([item], [])


def test_acceptance_does_not_lift_a_denial_a_retraction_a_guess_or_a_recall(say, judge):
    denied, withdrawn = say("GATA1", "HBB", negated=True), say("GATA1", "HBB", retracted=True)
    guess = say("GATA1", "HBB", hypothetical=True)
    recalled = say("GATA1", "HBB", kind=SourceKind.KNOWLEDGE)
    assert beliefs([denied], [judge(denied, ACCEPT)]).regulation == 0.0
    assert beliefs([withdrawn], [judge(withdrawn, ACCEPT)]).regulation == 0.0
    assert beliefs([guess], [judge(guess, ACCEPT)]).regulation == pytest.approx(HUMAN / 2)
    assert beliefs([recalled], [judge(recalled, ACCEPT)]).regulation == pytest.approx(KNOWLEDGE_AT_MOST)


def test_the_graph_shows_what_was_decided(say, judge):
    right, wrong = say("GATA1", "HBB", paper="PMID:1"), say("SPI1", "IL1B", paper="PMID:2")
    grn = GRN.from_evidence([right, wrong], [judge(right, ACCEPT), judge(wrong, REJECT)])
    assert grn.edge("GATA1", "HBB").curation.standing is Standing.ACCEPTED
    assert grn.edge("SPI1", "IL1B").curation.standing is Standing.REJECTED
    assert grn.edge("SPI1", "IL1B").belief == 0.0


# What is said of the papers behind an edge.


def test_support_of_every_kind_is_told_apart(say):
    evidence = [
        say("GATA1", "HBB", paper="PMID:1"),
        say("GATA1", "HBB", paper="PMID:1", hypothetical=True),
        say("GATA1", "HBB", paper="PMID:2", hypothetical=True, effect=Effect.REPRESSION),
        say("GATA1", "HBB", paper="PMID:3", negated=True),
        say("GATA1", "HBB", paper="PMID:4", retracted=True),
    ]
    support = GRN.from_evidence(evidence).edge("GATA1", "HBB").support
    assert support.words == "1 asserted, 1 supposed, 1 denied, 1 retracted; signs conflict (1 up, 1 down)"
    assert support.conflicting
    assert not support.retracted_only


def test_an_edge_that_only_retracted_papers_speak_for_is_shown_as_that(say):
    edge = GRN.from_evidence([say("GATA1", "HBB", retracted=True)]).edge("GATA1", "HBB")
    assert edge.support.retracted_only
    assert edge.belief == 0.0
