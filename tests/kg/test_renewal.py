"""A network brought up to date is the one that would have been read anew, and the old one is left alone."""

from __future__ import annotations

from collections.abc import Callable

from kg import GRN, Effect, Evidence, Verdict
from kg.decisions import decide
from kg.renewal import renewed

Say = Callable[..., Evidence]


def test_a_renewed_network_equals_one_made_of_everything(say: Say) -> None:
    first = [say("GATA1", "HBB", paper=f"PMID:{n}") for n in range(3)] + [say("SPI1", "LYZ", paper="PMID:9")]
    more = [
        say("GATA1", "HBB", paper="PMID:4", effect=Effect.REPRESSION),
        say("GATA1", "KLF1", paper="PMID:5"),
        say("KLF1", "GATA1", paper="PMID:6"),
        first[0],
    ]
    decisions = [decide(first[3], Verdict.REJECT, curator="Ada", comment="no")]
    old = GRN.from_evidence(first)
    before = old.edges()
    new, whole = renewed(old, more, decisions), GRN.from_evidence([*first, *more], decisions)
    assert new.edges() == whole.edges()
    assert (new.genes, new.evidence, new.stats()) == (whole.genes, whole.evidence, whole.stats())
    assert [edge.target.symbol for edge in new.targets("GATA1")] == ["HBB", "KLF1"]
    assert old.edges() == before == GRN.from_evidence(first).edges()


def test_a_decision_taken_back_leaves_the_network_as_it_was(say: Say) -> None:
    said = [say("GATA1", "HBB", paper="PMID:1"), say("SPI1", "LYZ", paper="PMID:9")]
    plain = GRN.from_evidence(said)
    judged = renewed(plain, (), [decide(said[0], Verdict.REJECT, curator="Ada", comment="no")])
    assert judged.edge("GATA1", "HBB").belief < plain.edge("GATA1", "HBB").belief
    assert renewed(judged, (), ()).edges() == plain.edges()


def test_what_did_not_change_is_shared(say: Say) -> None:
    old = GRN.from_evidence([say("GATA1", "HBB", paper="PMID:1"), say("SPI1", "LYZ", paper="PMID:9")])
    edges = {edge.target.symbol: edge for edge in old.edges()}
    new = renewed(old, [say("SPI1", "LYZ", paper="PMID:10")], ())
    assert new.edge("GATA1", "HBB") is edges["HBB"]
    assert new.edge("SPI1", "LYZ") is not edges["LYZ"]
