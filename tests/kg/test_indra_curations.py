from __future__ import annotations

import pytest

from kg import GRN, Effect, Evidence, Gene, GeneKind, Provenance, Verdict
from kg.curation import ErrorKind
from kg.decisions import decide, withdraw
from kg.indra_curations import indra_curations

GATA1, HBB = Gene("HGNC:4170", "GATA1", "human"), Gene("HGNC:4827", "HBB", "human")
MOUSE = Gene("MGI:95661", "Gata1", "mouse")
FAMILY = Gene("FPLX:NFkappaB", "NFkappaB", "human", GeneKind.FAMILY)


def statement(regulator: Gene, target: Gene, effect: Effect, quote: str = "GATA1 activates HBB.") -> Evidence:
    return Evidence(regulator, target, effect, "PMID:1", quote, Provenance("embedded"), paper="PMID:1")


@pytest.mark.parametrize(
    ("item", "pa_hash"),
    [
        (statement(GATA1, HBB, Effect.ACTIVATION), 31003155819642912),
        (statement(MOUSE, HBB, Effect.REPRESSION), -11988222338720899),
        (statement(FAMILY, GATA1, Effect.ACTIVATION), 18111255024249704),
    ],
    ids=["human", "mouse, by name", "family"],
)
def test_indra_knows_the_statement_by_the_hash_it_gives_it(item, pa_hash):
    """The numbers are those of INDRA 1.24: `IncreaseAmount(Agent(...), Agent(...)).get_hash()` and the like."""
    (found,) = indra_curations(GRN.from_evidence([item], [decide(item, Verdict.ACCEPT, curator="ada")]))
    assert found["pa_hash"] == pa_hash
    assert found["tag"] == "correct"


def test_indra_knows_the_evidence_by_the_hash_it_gives_it():
    """INDRA 1.24: `Evidence("embedded", "PMID:1", pmid="1", text="GATA1 activates HBB.").get_source_hash()`."""
    item = statement(GATA1, HBB, Effect.ACTIVATION)
    (found,) = indra_curations(GRN.from_evidence([item], [decide(item, Verdict.ACCEPT, curator="ada")]))
    assert found["source_hash"] == 6416276131735793164


def test_every_error_kind_has_a_tag_of_indra_and_says_ours():
    item = statement(GATA1, HBB, Effect.ACTIVATION)
    tags = {}
    for error in ErrorKind:
        made = decide(item, Verdict.REJECT, curator="ada", error=error, comment="so it is")
        (found,) = indra_curations(GRN.from_evidence([item], [made]))
        tags[found["tag"]] = found["text"]
    assert len(tags) == len(ErrorKind)
    assert tags["wrong_relation"] == "direction: so it is"
    assert tags["other"] == "so it is"


def test_what_indra_has_no_word_for_is_left_out():
    unknown, known = statement(GATA1, HBB, Effect.UNKNOWN), statement(GATA1, HBB, Effect.ACTIVATION)
    taken = decide(known, Verdict.ACCEPT, curator="ada")
    decisions = [decide(unknown, Verdict.ACCEPT, curator="ada"), decide(known, Verdict.UNSURE, curator="bob")]
    grn = GRN.from_evidence([unknown, known], [*decisions, taken, withdraw(taken)])
    assert list(indra_curations(grn)) == []
