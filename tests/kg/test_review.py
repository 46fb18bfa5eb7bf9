from __future__ import annotations

from dataclasses import replace
from math import log2

import pytest

from kg import GRN, Verdict, reliability
from kg.decisions import decide
from kg.reliability import CURATED
from kg.review import review_queue

TRRUST, HUMAN = reliability("trrust").probability, reliability(CURATED).probability


def names(items):
    return [f"{item.statement.regulator.symbol}>{item.statement.target.symbol}" for item in items]


def test_the_change_to_be_expected_is_worked_out_for_both_answers(say):
    (item,) = review_queue(GRN.from_evidence([say("GATA1", "HBB")]), curator="ada")
    assert item.change == pytest.approx(TRRUST * (HUMAN - TRRUST) + (1 - TRRUST) * TRRUST)
    assert item.reach == log2(2)


def test_what_is_open_comes_before_what_other_papers_settle(say):
    alone = say("SPI1", "HBB", paper="PMID:9")
    many = [say("GATA1", "HBB", paper=f"PMID:{n}") for n in range(4)]
    assert names(review_queue(GRN.from_evidence([*many, alone]), curator="ada")) == ["SPI1>HBB"] + ["GATA1>HBB"] * 4


def test_an_edge_into_a_regulator_comes_before_one_into_a_gene_that_regulates_nothing(say):
    into_factor, onward = say("SPI1", "GATA1"), [say("GATA1", target) for target in ("HBB", "KLF1", "IL1B")]
    first = review_queue(GRN.from_evidence([*onward, into_factor]), curator="ada")[0]
    assert names([first]) == ["SPI1>GATA1"]
    assert first.reach == log2(5)


def test_denials_and_retracted_statements_come_last_for_no_answer_changes_a_belief(say):
    evidence = [say("GATA1", "HBB", negated=True), say("SPI1", "HBB", retracted=True), say("KLF1", "HBB")]
    items = review_queue(GRN.from_evidence(evidence), curator="ada")
    assert names(items)[0] == "KLF1>HBB"
    assert [item.score for item in items[1:]] == [0.0, 0.0]


def test_one_claim_read_by_two_readers_waits_once_by_its_surest_reading(say):
    read = say("GATA1", "HBB", reader="cooccurrence")
    again = replace(read, provenance=replace(read.provenance, reader="trrust"))
    (item,) = review_queue(GRN.from_evidence([read, again]), curator="ada")
    assert item.statement == again
    assert item.readers == ("cooccurrence", "trrust")


def test_a_curator_is_not_asked_twice_nor_for_what_another_settled_unless_for_a_second_opinion(say):
    evidence = [say("GATA1", "HBB"), say("SPI1", "HBB"), say("KLF1", "HBB")]
    decisions = [
        decide(evidence[0], Verdict.ACCEPT, curator="ada"),
        decide(evidence[1], Verdict.UNSURE, curator="ada"),
    ]
    grn = GRN.from_evidence(evidence, decisions)
    assert names(review_queue(grn, curator="ada")) == ["KLF1>HBB"]
    assert sorted(names(review_queue(grn, curator="bob"))) == ["KLF1>HBB", "SPI1>HBB"]
    assert names(review_queue(grn, curator="ada", second_opinion=True)) == []
    assert names(review_queue(grn, curator="bob", second_opinion=True)) == ["GATA1>HBB"]


def test_a_second_opinion_is_not_led_by_the_first(say):
    item = say("GATA1", "HBB")
    before = review_queue(GRN.from_evidence([item]), curator="bob")[0]
    for verdict in (Verdict.ACCEPT, Verdict.REJECT):
        grn = GRN.from_evidence([item], [decide(item, verdict, curator="ada")])
        second = review_queue(grn, curator="bob", second_opinion=True)[0]
        assert (second.beliefs, second.score) == (before.beliefs, before.score)


def test_the_order_does_not_depend_on_the_order_of_the_evidence(say):
    evidence = [say(factor, "HBB", paper=f"PMID:{n}") for n in range(3) for factor in ("GATA1", "SPI1", "KLF1")]
    one = review_queue(GRN.from_evidence(evidence), curator="ada")
    other = review_queue(GRN.from_evidence(evidence[::-1]), curator="ada")
    assert [item.statement.claim for item in one] == [item.statement.claim for item in other]


def test_a_draw_is_random_repeatable_and_asks_for_the_same_claims(say):
    grn = GRN.from_evidence([say("GATA1", "HBB", paper=f"PMID:{n}") for n in range(30)])
    keys = [[item.statement.claim for item in review_queue(grn, curator="ada", draw=seed)] for seed in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]
    assert sorted(keys[0]) == sorted(keys[2])


def test_only_edges_that_are_asked_for_wait(say):
    grn = GRN.from_evidence([say("GATA1", "HBB"), say("SPI1", "IL1B")])
    items = review_queue(grn, curator="ada", keeps=lambda edge: edge.target.symbol == "HBB")
    assert names(items) == ["GATA1>HBB"]
