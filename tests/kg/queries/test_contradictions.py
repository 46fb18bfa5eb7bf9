from __future__ import annotations

import csv

import pytest

from kg import GRN
from kg.curation import Decision, ErrorKind, Verdict
from kg.queries import Dispute, EdgeFilter, contradictions
from tests.kg.queries.drawing import arrow


def test_both_sides_are_shown_with_their_papers(draw):
    grn = draw("A>C")
    grn.add([arrow("A>B", paper="PMID:1"), arrow("A>B", paper="PMID:2"), arrow("A|B", paper="PMID:3")])
    (found,) = contradictions(grn)
    assert found.dispute is Dispute.SIGN
    assert found.papers == (("PMID:1", "PMID:2"), ("PMID:3",))
    assert found.balance == pytest.approx(1 / 3)


def test_a_denial_contradicts_what_is_asserted_and_nothing_contradicts_a_lone_denial():
    denial = arrow("A>B", paper="PMID:2", negated=True)
    assert contradictions(GRN.from_evidence([denial])) == ()
    (found,) = contradictions(GRN.from_evidence([arrow("A>B", paper="PMID:1"), denial]))
    assert found.dispute is Dispute.EXISTENCE
    assert found.papers == (("PMID:1",), ("PMID:2",))


def test_a_retracted_paper_and_a_rejected_statement_take_no_side():
    up, down = arrow("A>B", paper="PMID:1"), arrow("A|B", paper="PMID:2")
    assert len(contradictions(GRN.from_evidence([up, down]))) == 1
    assert contradictions(GRN.from_evidence([up, arrow("A|B", paper="PMID:2", retracted=True)])) == ()
    for error in (ErrorKind.NO_RELATION, ErrorKind.POLARITY):
        rejection = Decision(
            curator="ada",
            verdict=Verdict.REJECT,
            regulator="X:A",
            target="X:B",
            effect=down.effect,
            document=down.document,
            quote=down.quote,
            time="2026-11-25T10:00:00.000000Z",
            paper="PMID:2",
            error=error,
        )
        assert contradictions(GRN.from_evidence([up, down], [rejection])) == ()


def test_the_most_open_dispute_comes_first():
    grn = GRN.from_evidence(
        [
            arrow(f"{one}{sign}B", paper=f"PMID:{n}")
            for one, signs in (("A", ">>>|"), ("C", ">|"), ("D", ">>||"))
            for n, sign in enumerate(signs)
        ]
    )
    assert [found.edge.regulator.symbol for found in contradictions(grn)] == ["D", "C", "A"]
    assert contradictions(grn, disputes=[Dispute.EXISTENCE]) == ()
    assert contradictions(grn, where=EdgeFilter(min_belief=1)) == ()


def test_trrust_contradicts_itself_where_its_rows_do(trrust: GRN, shared_data):
    with (shared_data / "kb" / "trrust_v2_human.tsv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    signs: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row["interaction"] != "Unknown":
            signs.setdefault((row["TF"], row["gene_symbol"]), set()).add(row["interaction"])
    disputed = {pair for pair, said in signs.items() if len(said) == 2}
    assert (len(signs), len(disputed)) == (4_859, 207)
    found = contradictions(trrust)
    assert {(one.edge.regulator.symbol, one.edge.target.symbol) for one in found} == disputed
