from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import GRN, Effect, Evidence, Gene, GeneKind, Provenance, SourceKind
from kg.curation import Curation, Decision, ErrorKind, Standing, Verdict


@pytest.fixture
def small(say) -> GRN:
    return GRN.from_evidence(
        [
            say("GATA1", "HBB", paper="PMID:1"),
            say("GATA1", "HBB", paper="PMID:2"),
            say("SPI1", "HBB", paper="PMID:3", effect=Effect.REPRESSION),
            say("SPI1", "CD14", paper="PMID:4", negated=True),
            say("NF-kB", "IL6", paper="PMID:5"),
            say("Gata1", "Klf1", paper="PMID:6", retracted=True),
        ]
    )


def test_edges_are_views_over_all_their_evidence(small):
    edge = small.edge("GATA1", "HBB")
    assert edge.papers == ("PMID:1", "PMID:2")
    assert edge.effect is Effect.ACTIVATION
    assert len(small) == len(small.edges()) == 5


def test_regulators_come_most_believed_first(small):
    assert [edge.regulator.symbol for edge in small.regulators("HBB")] == ["GATA1", "SPI1"]
    assert [edge.target.symbol for edge in small.targets("SPI1")] == ["HBB", "CD14"]
    assert small.regulators("HGNC:4827") == small.regulators(small.edge("GATA1", "HBB").target)


def test_a_gene_that_is_not_there_is_answered_with_near_misses(small):
    with pytest.raises(KeyError, match=r"did you mean .*GATA1"):
        small.targets("GATTA1")
    with pytest.raises(KeyError, match="no edge from HBB to GATA1"):
        small.edge("HBB", "GATA1")


def test_a_gene_is_found_by_any_of_its_names(small):
    assert small.targets("PU.1") == small.targets("SPI1") == small.targets("HGNC:11241")
    assert small.find("NF-kB").curie == "FPLX:NFkappaB"


def test_a_mouse_gene_is_not_answered_with_its_human_ortholog_but_told_of_it(small):
    with pytest.raises(KeyError, match=r"Spi1 .*mouse.* is not in the graph, but SPI1 \(HGNC:11241, human\) is"):
        small.targets("Spi1")


def test_the_statement_shown_first_is_a_plain_sentence(say):
    edge = GRN.from_evidence(
        [
            say("GATA1", "HBB", quote="not", negated=True),
            say("GATA1", "HBB", quote="perhaps", hypothetical=True),
            say("GATA1", "HBB", quote="row", kind=SourceKind.DATABASE),
            say("GATA1", "HBB", quote="plain"),
        ]
    ).edge("GATA1", "HBB")
    assert edge.best.quote == "plain"


def test_a_notebook_shows_that_a_statement_is_denied(say):
    html = GRN.from_evidence([say("GATA1", "HBB", quote="GATA1 does not act on HBB.", negated=True)])._repr_html_()
    assert "GATA1 does not act on HBB. [negated]" in html


def test_retracted_and_negated_edges_stay_visible_with_no_belief(small):
    stats = small.stats()
    assert stats.retracted_only == 1
    assert stats.negated == 1
    assert small.edge("Gata1", "Klf1").belief == 0.0
    assert len(small.edge("Gata1", "Klf1").evidence) == 1
    assert {edge.belief for edge in small.edges()} - {edge.belief for edge in small.edges(0.01)} == {0.0}


def test_restriction_to_a_cohort_says_why_each_edge_was_cut(small):
    restriction = small.restrict({"GATA1", "HBB", "SPI1", "IL6"})
    assert [(e.regulator.symbol, e.target.symbol) for e in restriction.grn.edges()] == [
        ("GATA1", "HBB"),
        ("SPI1", "HBB"),
    ]
    reasons = {(cut.edge.regulator.symbol, cut.edge.target.symbol): cut.reason for cut in restriction.cut}
    assert "family" in reasons["NFkappaB", "IL6"]
    assert "CD14 is not among" in reasons["SPI1", "CD14"]
    assert "mouse gene" in reasons["Gata1", "Klf1"]
    assert len(restriction.grn) + len(restriction.cut) == len(small)


def test_restriction_finds_genes_by_their_previous_symbols_and_names_them_as_the_cohort_does(say):
    grn = GRN.from_evidence([say("SPI1", "FYB1"), say("SPI1", "HBB")])
    restricted = grn.restrict({"SPI1", "FYB", "RP11-390E23.6"}).grn
    assert [(edge.regulator.symbol, edge.target.symbol) for edge in restricted.edges()] == [("SPI1", "FYB")]
    assert restricted.evidence[0].id in {item.id for item in grn.evidence}


def test_the_same_statement_twice_is_kept_once_and_learns_of_its_retraction(say):
    said = say("GATA1", "HBB", paper="PMID:1")
    grn = GRN.from_evidence([said])
    assert grn.add([said]) == 0
    assert grn.edge("GATA1", "HBB").belief > 0
    assert grn.add([say("GATA1", "HBB", paper="PMID:1", retracted=True)]) == 0
    assert grn.edge("GATA1", "HBB").belief == 0.0
    assert len(grn.evidence) == 1


def test_self_regulation_is_an_edge(say):
    assert len(GRN.from_evidence([say("GATA1", "GATA1")]).edges()) == 1


def test_hostile_text_is_escaped_in_a_notebook(say):
    html = GRN.from_evidence(
        [say("GATA1", "HBB", quote="<script>alert('x')</script><img src=x onerror=y>")]
    )._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_an_empty_graph_has_no_edges_and_a_repr():
    assert repr(GRN()) == "GRN(0 genes, 0 edges, 0 evidence)"
    assert GRN().stats().evidence == 0
    assert "<table>" in GRN()._repr_html_()


GENES = [Gene(f"HGNC:{n}", f"G{n}", "human") for n in range(4)] + [Gene("FPLX:F", "F", "any", GeneKind.FAMILY)]
STATEMENT = st.builds(
    Evidence,
    st.sampled_from(GENES),
    st.sampled_from(GENES),
    st.sampled_from(Effect),
    st.sampled_from(["d1", "d2"]),
    st.sampled_from(["q1", "q2"]),
    st.builds(Provenance, st.sampled_from(["trrust", "embedded"]), tokens=st.integers(0, 2)),
    paper=st.sampled_from(["", "d1", "PMID:2"]),
    negated=st.booleans(),
    retracted=st.booleans(),
)


@given(st.lists(STATEMENT, max_size=15), st.integers(0, 100))
def test_two_corpora_merge_into_one_graph_whatever_their_order(statements, seed):
    shuffled = statements * 2
    random.Random(seed).shuffle(shuffled)
    one, other = GRN.from_evidence(statements), GRN.from_evidence(shuffled)
    assert one.evidence == other.evidence
    assert one.edges() == other.edges()
    assert one.stats() == other.stats()


def judged(
    item: Evidence, verdict: Verdict, curator: str = "ada", time: str = "2026-11-25T10:00:00.000000Z"
) -> Decision:
    return Decision(
        curator=curator,
        verdict=verdict,
        regulator=item.regulator.curie,
        target=item.target.curie,
        effect=item.effect,
        document=item.document,
        quote=item.quote,
        time=time,
        paper=item.paper,
        error=ErrorKind.NO_RELATION if verdict is Verdict.REJECT else None,
    )


def test_an_edge_carries_what_curators_say_of_it(say):
    one, other = say("GATA1", "HBB", paper="PMID:1"), say("GATA1", "HBB", paper="PMID:2")
    decisions = [judged(one, Verdict.ACCEPT), judged(other, Verdict.ACCEPT), judged(other, Verdict.REJECT, "bo")]
    grn = GRN.from_evidence([one, other, say("SPI1", "HBB")], decisions)
    assert grn.edge("GATA1", "HBB").curation == Curation(accepted=1, disputed=1)
    assert grn.edge("SPI1", "HBB").curation == Curation(unjudged=1)


def test_a_part_of_a_network_keeps_the_decisions(say):
    said = say("GATA1", "HBB")
    grn = GRN.from_evidence([said, say("SPI1", "CD14")], [judged(said, Verdict.REJECT)])
    for part in (grn.of(grn.regulators("HBB")), grn.restrict({"GATA1", "HBB"}).grn):
        assert [edge.curation.standing for edge in part.edges()] == [Standing.REJECTED]


def test_the_graph_of_networkx_holds_every_statement(small):
    graph = small.networkx
    assert graph.number_of_edges("HGNC:4170", "HGNC:4827") == 2
    assert {item.id for _, _, item in graph.edges(data="evidence")} == {item.id for item in small.evidence}
    assert {gene for _, gene in graph.nodes(data="gene")} == set(small.genes)
